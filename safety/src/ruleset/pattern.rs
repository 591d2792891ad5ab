//! Regular expressions: linear in the text, bounded in size.

use regex::{Regex, RegexBuilder};

use crate::rule::Reason;
use crate::view::Views;

use super::candidates::Candidate;
use super::words::Side;

/// Most bytes of one compiled expression.
const SIZE: usize = 1 << 20;
/// Most bytes of the automaton that a search builds as it goes; beyond it the search takes another way, as linear.
const SEARCH_SIZE: usize = 2 << 20;
/// Deepest nesting.
const NESTING: u32 = 50;

/// The regular expression of a rule.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    rule: u32,
}

impl Pattern {
    /// Compiles an expression.
    pub(crate) fn new(expression: &str, rule: u32) -> Result<Self, Reason> {
        let regex = RegexBuilder::new(expression)
            .case_insensitive(true)
            .size_limit(SIZE)
            .dfa_size_limit(SEARCH_SIZE)
            .nest_limit(NESTING)
            .build()
            .map_err(|error| Reason::Regex(error.to_string()))?;
        if regex.is_match("") {
            return Err(Reason::MatchesNothing);
        }
        Ok(Self { regex, rule })
    }

    /// Whether it matches somewhere in a folded text.
    pub(crate) fn is_in(&self, folded: &str) -> bool {
        self.regex.is_match(folded)
    }
}

/// Adds all matches in a folded text. The buffers hold the text as a string and, once something matches, the place of the character at each
/// of its bytes.
pub(super) fn find(
    patterns: &[Pattern],
    chars: &[char],
    (string, places): (&mut String, &mut Vec<u32>),
    candidates: &mut Vec<Candidate>,
) {
    string.clear();
    string.extend(chars);
    places.clear();
    for pattern in patterns {
        for hit in pattern.regex.find_iter(string).filter(|hit| !hit.is_empty()) {
            if places.is_empty() {
                fill(places, chars);
            }
            let place = |byte: usize| places.get(byte).copied().unwrap_or_default();
            candidates.push(Candidate {
                rule: pattern.rule,
                start: place(hit.start()),
                end: place(hit.end()),
                views: Views::NONE,
                word: None,
                side: Side::First,
            });
        }
    }
}

/// The place of the character at each byte of a text, and the one behind it.
fn fill(places: &mut Vec<u32>, chars: &[char]) {
    for (c, place) in chars.iter().zip(0_u32..) {
        places.resize(places.len() + c.len_utf8(), place);
    }
    places.push(chars.len() as u32);
}
