//! The interface of every engine.

use std::fmt::Debug;

use crate::direction::Direction;
use crate::finding::{Finding, Findings};

/// Number of the present engine: the one that folds texts fully and looks through views. A bundle says by which engine its words are
/// looked for, and the version in verdicts tells engines apart. A change of what the same rules find in the same text needs a new
/// number here; what is added, such as a new view, needs none.
pub const ENGINE: u16 = 3;

/// An engine that judges texts. Equal texts get equal findings, in every process.
pub trait Engine: Debug + Send + Sync {
    /// Version of the rules that it judges by; part of every verdict.
    fn dictionary(&self) -> &str;

    /// Judges one text.
    fn judge(&self, direction: Direction, text: &str) -> Finding;

    /// Whether characters are hit depends on no more than so many characters before and behind them, at least 1; expressions
    /// and what has no longest length are found as far as they lie within it.
    fn reach(&self) -> usize;

    /// Judges texts that belong together, such as all texts of one message. What is in one of them is found; a word of which one
    /// text has the beginning and another the end is not.
    fn judge_all(&self, direction: Direction, texts: &[&str]) -> Findings {
        texts.iter().map(|text| self.judge(direction, text)).collect()
    }

    /// Judges texts that follow one another, such as consecutive messages of one person. Besides what is in each of them, a word is
    /// found that begins in one and ends in a later one; each text's finding then has its own piece of the word.
    fn judge_joined(&self, direction: Direction, texts: &[&str]) -> Findings {
        let mut findings: Vec<Finding> = texts.iter().map(|text| self.judge(direction, text)).collect();
        if texts.len() > 1 {
            let joined = texts.concat();
            let mut start = 0;
            let whole = self.judge(direction, &joined);
            for (text, finding) in texts.iter().zip(&mut findings) {
                let part = start..start + text.len();
                finding.add_across(&whole, &part);
                start = part.end;
            }
        }
        findings.into_iter().collect()
    }
}
