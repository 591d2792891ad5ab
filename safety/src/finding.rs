//! What an engine says of a text, and of several texts together.

use std::collections::BTreeSet;
use std::ops::Range;

use common::Action;

/// What an engine says of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The strictest action of the rules that were hit; [`Action::Pass`] when none was.
    pub action: Action,
    /// Ids of the rules that were hit, each once, sorted.
    pub rules: Vec<String>,
    /// Bytes that were hit, in order, not overlapping.
    pub spans: Vec<Range<usize>>,
}

impl Finding {
    /// The text that was judged, each character that was hit replaced by an asterisk.
    pub fn masked(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        for span in &self.spans {
            let (Some(before), Some(hit)) = (text.get(at..span.start), text.get(span.clone())) else {
                continue;
            };
            masked.push_str(before);
            masked.extend(hit.chars().map(|_| '*'));
            at = span.end;
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        masked
    }
}

/// What an engine says of texts that belong together, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The strictest action of all texts; [`Action::Pass`] when there is none.
    pub fn action(&self) -> Action {
        self.0.iter().map(|finding| finding.action).max().unwrap_or(Action::Pass)
    }

    /// Ids of the rules that any of the texts hit, each once, sorted.
    pub fn rules(&self) -> Vec<String> {
        let rules: BTreeSet<&String> = self.0.iter().flat_map(|finding| &finding.rules).collect();
        rules.into_iter().cloned().collect()
    }

    /// What it says of the first text.
    pub fn first(&self) -> Option<&Finding> {
        self.0.first()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self(findings.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(action: Action, rules: &[&str], spans: Vec<Range<usize>>) -> Finding {
        Finding { action, rules: rules.iter().map(|rule| (*rule).to_owned()).collect(), spans }
    }

    #[test]
    fn masking_keeps_what_was_not_hit_and_the_number_of_characters() {
        let found = finding(Action::Mask, &["r"], vec![3..9, 15..18]);
        assert_eq!(found.masked("去赌博吧, a赌b"), "去**吧, a*b");
        assert_eq!(finding(Action::Pass, &[], vec![]).masked("ab"), "ab");
    }

    #[test]
    fn several_texts_have_the_strictest_action_and_the_rules_of_all() {
        let first = finding(Action::Mask, &["b", "c"], vec![0..1, 2..3]);
        let texts =
            [first.clone(), finding(Action::Hold, &["a", "b"], vec![]), finding(Action::Pass, &[], vec![])];
        let found: Findings = texts.into_iter().collect();
        assert_eq!(found.action(), Action::Hold);
        assert_eq!(found.rules(), ["a", "b", "c"]);
        assert_eq!(found.first(), Some(&first));
    }

    #[test]
    fn no_text_passes() {
        let none = Findings::default();
        assert_eq!((none.action(), none.rules(), none.first()), (Action::Pass, vec![], None));
    }
}
