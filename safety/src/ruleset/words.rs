//! The words of all rules, by their folded text.

use common::{Action, OnError};

use crate::direction::Direction;
use crate::rule::Border;
use crate::view::{View, Views};
use crate::words::{Found, Text, border};

use super::candidates::Candidate;

/// What a hit needs to know of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleMeta {
    pub(super) id: String,
    pub(super) category: String,
    pub(super) severity: u8,
    pub(super) input: Action,
    pub(super) output: Action,
    pub(super) view_actions: Vec<(View, Action)>,
    pub(super) on_error: Option<OnError>,
    pub(super) shadow: bool,
    /// Words of the two sides must stand this near to each other.
    pub(super) within: Option<u16>,
}

impl RuleMeta {
    /// What to do with a hit through these views: the rule's action, or the mildest of those that the views have of their own.
    pub(super) fn action(&self, direction: Direction, views: Views) -> Action {
        let own = match direction {
            Direction::Input => self.input,
            Direction::Output => self.output,
        };
        let of_views =
            self.view_actions.iter().filter(|(view, _)| views.has(*view)).map(|(_, action)| *action);
        of_views.min().unwrap_or(own)
    }
}

/// Which of the two lists of a rule with `near` a word is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// The rule's words.
    First,
    /// Those that they must stand near to.
    Second,
}

/// One word of one rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) rule: u32,
    pub(super) label: u32,
    pub(super) views: Views,
    pub(super) border: Border,
    pub(super) side: Side,
}

/// The words of all rules.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Sorted by their folded texts.
    all: Vec<Word>,
    /// For each folded text where its words begin; one more at the end.
    from: Vec<u32>,
    /// Words as the rules have them.
    labels: Vec<Box<str>>,
    has_borders: bool,
}

impl Words {
    /// Words in the order of their folded texts, with the number of words of each.
    pub(super) fn new(all: Vec<Word>, from: Vec<u32>, labels: Vec<Box<str>>) -> Self {
        let has_borders = all.iter().any(|word| word.border != Border::Any);
        Self { all, from, labels, has_borders }
    }

    /// Whether the surroundings of any word count.
    pub(super) fn has_borders(&self) -> bool {
        self.has_borders
    }

    /// A word as its rule has it.
    pub(super) fn label(&self, word: u32) -> &str {
        let label = self.all.get(word as usize).and_then(|word| self.labels.get(word.label as usize));
        label.map_or("", |label| label)
    }

    /// Adds what was found for each rule that looks for it this way.
    pub(super) fn candidates(&self, text: Text<'_>, found: &[Found], candidates: &mut Vec<Candidate>) {
        for at in found {
            let from = self.from.get(at.text as usize).copied().unwrap_or_default();
            let to = self.from.get(at.text as usize + 1).copied().unwrap_or(from);
            for number in from..to {
                let Some(word) = self.all.get(number as usize).filter(|word| at.views.within(word.views))
                else {
                    continue;
                };
                if border::holds(word.border, text, at) {
                    candidates.push(Candidate {
                        rule: word.rule,
                        start: at.start,
                        end: at.end,
                        views: at.views,
                        word: Some(number),
                        side: word.side,
                    });
                }
            }
        }
    }
}
