//! The filter engine: what is in a text, and what is to be done about it. Pure, no I/O.
//!
//! The engine is a list of words, matched without regard to ASCII case. [`Filter`] is its interface: the guard, the reviewer and
//! ingest know nothing else of it. [`is_blank`] says for all of them which texts say nothing.

mod blank;
mod words;

pub use blank::is_blank;
pub use words::{Action, BadRule, Rule, WordList};

use std::ops::Range;

/// What the engine says of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The strictest action of the rules that were hit.
    pub action: Action,
    /// Ids of the rules that were hit, each once, sorted.
    pub rules: Vec<String>,
    /// Bytes that were hit, in order, not overlapping.
    pub spans: Vec<Range<usize>>,
}

/// An engine that judges texts: equal texts get equal findings.
pub trait Filter: Send + Sync {
    /// Version of what is looked for; part of every verdict.
    fn dictionary(&self) -> &str;

    /// Judges one text.
    fn judge(&self, text: &str) -> Finding;
}

/// Hides the bytes that were hit: each of their characters becomes an asterisk.
pub fn mask(text: &str, spans: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        let (Some(before), Some(hit)) = (text.get(at..span.start), text.get(span.clone())) else { continue };
        masked.push_str(before);
        masked.extend(hit.chars().map(|_| '*'));
        at = span.end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    masked
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_keeps_what_was_not_hit_and_the_number_of_characters() {
        assert_eq!(mask("去赌博吧, a赌b", &[3..9, 15..18]), "去**吧, a*b");
        assert_eq!(mask("ab", &[]), "ab");
    }
}
