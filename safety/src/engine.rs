//! The interface of every engine.

use std::fmt::Debug;

use crate::finding::{Finding, Findings};

/// An engine that judges texts. Equal texts get equal findings, in every process.
pub trait Engine: Debug + Send + Sync {
    /// Version of the rules that it judges by; part of every verdict.
    fn dictionary(&self) -> &str;

    /// Judges one text.
    fn judge(&self, text: &str) -> Finding;

    /// Judges texts that belong together, such as all texts of one message.
    fn judge_all(&self, texts: &[&str]) -> Findings {
        texts.iter().map(|text| self.judge(text)).collect()
    }
}
