//! What a judgement found, without a word of any text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::{Action, Verdict};

/// Most findings that a record lists; the others are counted.
pub const MOST_FINDINGS: usize = 32;
/// Most places that one finding lists; the others are counted.
pub const MOST_SPANS: usize = 8;

/// Which way the judged texts go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a person, to the model or to other people.
    #[default]
    Input,
    /// From the model, to people.
    Output,
}

impl Direction {
    /// Its name in metrics and rows.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    fn is_input(&self) -> bool {
        *self == Self::Input
    }
}

/// What one judgement found: of one rule, in one text, through the same views, one finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// Which way the texts go.
    #[serde(default, skip_serializing_if = "Direction::is_input")]
    pub direction: Direction,
    /// Version of the dictionary that judged; absent where it is that of the verdict that they stand in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<String>,
    /// The findings: those that have an effect first, the strictest of them first, then by their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Finding>,
    /// How many more there were than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_off: u32,
}

/// A rule hit a text, at one or more places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// Its category; absent when it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// How bad it is, as the rule says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub severity: u8,
    /// What the rule does because of it; a rule in shadow would do it.
    pub action: Action,
    /// Views through which it was seen; absent when the word stood there as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// Which of the judged texts, from 0 in the order in which they were judged: what was said comes first, then the other texts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub text: u16,
    /// The first places: code points of the text, start and end.
    pub spans: Vec<(u32, u32)>,
    /// How many more places there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u32,
    /// Counted only: it had no effect.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shadow: bool,
}

impl Finding {
    /// How many places were hit, those that are not listed too.
    pub fn places(&self) -> u32 {
        u32::try_from(self.spans.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }

    /// Whether two findings differ by nothing but where they stand.
    fn is_like(&self, other: &Self) -> bool {
        let of = |f: &Self| (f.severity, f.action, f.shadow);
        self.rule == other.rule && self.views == other.views && of(self) == of(other)
    }
}

impl Findings {
    /// How many of a verdict's findings are listed: as many as it has rows.
    pub fn listed(verdict: Option<&Verdict>) -> usize {
        verdict.and_then(|verdict| verdict.findings.as_ref()).map_or(0, |findings| findings.list.len())
    }

    /// Drops what a text repeats of the texts before it: a text that is another one with something left out.
    pub fn drop_repeats(&mut self, text: u16) {
        let before: Vec<Finding> = self.list.iter().filter(|f| f.text < text).cloned().collect();
        self.list.retain(|f| f.text != text || !before.iter().any(|earlier| earlier.is_like(f)));
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str, text: u16) -> Finding {
        Finding {
            rule: rule.into(),
            category: String::new(),
            severity: 0,
            action: Action::Block,
            views: Vec::new(),
            text,
            spans: vec![(1, 3)],
            more: 0,
            shadow: false,
        }
    }

    #[test]
    fn a_finding_is_small_and_what_it_does_not_say_is_absent() {
        let found = Findings { list: vec![finding("r", 0)], ..Findings::default() };
        let text = r#"{"list":[{"rule":"r","action":"block","spans":[[1,3]]}]}"#;
        assert_eq!(serde_json::to_string(&found).unwrap(), text);
        assert_eq!(serde_json::from_str::<Findings>(text).unwrap(), found);
        assert_eq!(serde_json::to_string(&Findings::default()).unwrap(), "{}");
    }

    #[test]
    fn what_a_text_repeats_of_an_earlier_one_is_dropped_and_nothing_else() {
        let shadow = Finding { shadow: true, ..finding("a", 2) };
        let list = vec![finding("a", 0), finding("a", 1), finding("a", 2), finding("b", 2), shadow.clone()];
        let mut found = Findings { list, ..Findings::default() };
        found.drop_repeats(2);
        assert_eq!(found.list, [finding("a", 0), finding("a", 1), finding("b", 2), shadow]);
    }

    #[test]
    fn places_that_are_not_listed_count() {
        assert_eq!(Finding { more: 4, ..finding("a", 0) }.places(), 5);
    }
}
