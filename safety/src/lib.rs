//! The filter engine: what is in a text, and what is to be done about it. Pure, no I/O.
//!
//! Texts go in, findings come out: [`Engine`] is the interface, and ingest, the guard and the reviewer know nothing else of what
//! stands behind it. [`RuleSet`] is the engine: rules, dictionaries and an allow-list, and beside them [`Detector`]s for what is no
//! word. [`is_blank`] says which texts say nothing.

mod blank;
mod detector;
mod dictionary;
mod direction;
mod engine;
mod extended;
mod finding;
mod fold;
pub mod injection;
pub mod leak;
pub mod personal;
mod rule;
mod ruleset;
pub mod stream;
pub mod tables;
mod view;
mod words;

#[cfg(test)]
mod fuzz;

pub use blank::is_blank;
pub use common::Action;
pub use detector::Detector;
pub use dictionary::{
    Dictionary, Entry, LineProblem, MOST_BYTES, MOST_WORDS, allowed_spans, tab_separated, toml,
};
pub use direction::Direction;
pub use engine::Engine;
pub use extended::Extended;
pub use finding::{Finding, Findings, Hit};
pub use fold::{Folded, fold_char};
pub use rule::{BadRule, Border, Near, OnError, Reason, Rule};
pub use ruleset::{Builder, LONGEST_WORD, RuleSet};
pub use view::{View, Views};
