//! What the filter says of a text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use common::{Action, OnError};

use crate::findings::Findings;

/// What the filter says of a text, and on which grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// What to do.
    pub action: Action,
    /// Ids of the rules that were hit, each once, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Version of the dictionary that judged.
    pub dictionary: String,
    /// What happens where `action` cannot be carried out, as its rules say together. Absent where it cannot fail, and where they leave it to
    /// the app's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
    /// What was found, rules in shadow too. In a message's own verdict it is there even when nothing was found: what judges the message
    /// again then tells its findings as well. Verdicts of earlier versions have it not, and are folded as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Box<Findings>>,
}

impl Verdict {
    /// A verdict whose rules are sorted and each named once.
    pub fn new(action: Action, mut rules: Vec<String>, dictionary: impl Into<String>) -> Self {
        rules.sort();
        rules.dedup();
        Self { action, rules, dictionary: dictionary.into(), on_error: None, findings: None }
    }

    /// The verdict with its findings, even if there is none.
    #[must_use]
    pub fn with_findings(mut self) -> Self {
        self.findings.get_or_insert_default();
        self
    }

    /// The verdict without its findings, for a record behind the one that tells them.
    #[must_use]
    pub fn without_findings(self) -> Self {
        Self { findings: None, ..self }
    }

    /// The stricter of two; of equals, the later one's dictionary and the rules of both. The findings are the later one's: those of the
    /// earlier stand in the record that it came with.
    #[must_use]
    pub fn stricter(self, mut later: Verdict) -> Verdict {
        let mut findings = later.findings.take();
        let verdict = match self.action.cmp(&later.action) {
            std::cmp::Ordering::Greater => {
                if let Some(findings) = findings.as_mut().filter(|_| self.dictionary != later.dictionary) {
                    findings.dictionary.get_or_insert(later.dictionary);
                }
                self
            }
            std::cmp::Ordering::Less => later,
            std::cmp::Ordering::Equal => {
                let rules = self.rules.into_iter().chain(later.rules).collect();
                let on_error = OnError::of_all([self.on_error, later.on_error]);
                Verdict { on_error, ..Verdict::new(later.action, rules, later.dictionary) }
            }
        };
        Verdict { findings, ..verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_carried_out_goes_by_the_verdict_that_counts_and_by_both_where_they_are_equal() {
        let verdict = |action, on_error| Verdict { on_error, ..Verdict::new(action, vec![], "d") };
        let (open, closed) = (Some(OnError::Open), Some(OnError::Closed));
        for (earlier, later, expected) in [
            (verdict(Action::Hold, open), verdict(Action::Hold, open), open),
            (verdict(Action::Hold, open), verdict(Action::Hold, None), None),
            (verdict(Action::Hold, closed), verdict(Action::Hold, open), closed),
            (verdict(Action::Hold, open), verdict(Action::Mask, closed), open),
            (verdict(Action::Pass, None), verdict(Action::Hold, open), open),
        ] {
            assert_eq!(earlier.stricter(later).on_error, expected);
        }
        let silent = serde_json::to_string(&verdict(Action::Hold, None)).unwrap();
        assert_eq!(silent, r#"{"action":"hold","dictionary":"d"}"#);
    }

    #[test]
    fn the_stricter_verdict_wins_whichever_comes_first() {
        let pass = Verdict::new(Action::Pass, vec![], "d1");
        let block = Verdict::new(Action::Block, vec!["r2".into(), "r1".into(), "r2".into()], "d2");
        assert_eq!(pass.clone().stricter(block.clone()), block);
        assert_eq!(block.clone().stricter(pass), block);
        assert_eq!(block.rules, ["r1", "r2"]);
    }

    #[test]
    fn the_findings_are_the_later_ones_and_name_their_dictionary_where_the_verdict_names_another() {
        let earlier = Verdict::new(Action::Block, vec!["r".into()], "d1").with_findings();
        let later = |action, dictionary: &str| Verdict::new(action, vec![], dictionary).with_findings();
        let told = |later: Verdict| earlier.clone().stricter(later).findings.map(|f| f.dictionary);
        assert_eq!(told(later(Action::Mask, "d2")), Some(Some("d2".into())));
        assert_eq!(told(later(Action::Mask, "d1")), Some(None));
        assert_eq!(told(later(Action::Block, "d2")), Some(None));
        assert_eq!(told(Verdict::new(Action::Mask, vec![], "d2")), None);
        let stricter = Verdict::new(Action::Pass, vec![], "d1").stricter(later(Action::Mask, "d2"));
        assert_eq!((stricter.dictionary.as_str(), stricter.findings.is_some()), ("d2", true));
    }
}
