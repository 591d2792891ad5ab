//! The filter engine: what is in a text, and what is to be done about it. Pure, no I/O.
//!
//! Texts go in, findings come out: [`Engine`] is the interface, and ingest, the guard and the reviewer know nothing else of what
//! stands behind it. [`RuleSet`] is the engine: rules, dictionaries and an allow-list, and beside them [`Detector`]s for what is no
//! word. [`Layers`] makes one engine of several, and [`WordList`] is the engine of the first bundles. [`is_blank`] says which texts say nothing, [`is_refusal`] which
//! answers refuse.

mod blank;
mod cues;
mod detector;
mod dictionary;
mod direction;
mod engine;
mod extended;
mod finding;
mod first;
mod fold;
pub mod injection;
mod layers;
pub mod leak;
pub mod personal;
mod refusal;
mod rule;
mod ruleset;
pub mod stream;
pub mod tables;
mod unbuilt;
mod view;
mod words;

#[cfg(test)]
mod fuzz;

pub use blank::is_blank;
pub use common::{Action, OnError};
pub use cues::{Cue, Cued, Cues};
pub use detector::Detector;
pub use dictionary::{
    Defaults, Dictionary, Entry, Form, LineProblem, MOST_BYTES, MOST_WORDS, allowed_spans, read,
    tab_separated, toml,
};
pub use direction::Direction;
pub use engine::{ENGINE, Engine};
pub use extended::Extended;
pub use finding::{Finding, Findings, Hit};
pub use first::WordList;
pub use fold::{Folded, fold_char};
pub use layers::Layers;
pub use refusal::is_refusal;
pub use rule::{BadRule, Border, Near, Reason, Rule};
pub use ruleset::{Builder, LONGEST_WORD, RuleSet, searchable};
pub use unbuilt::Unbuilt;
pub use view::{View, Views};
