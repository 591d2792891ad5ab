//! The filter engine: what is in a text, and what is to be done about it. Pure, no I/O.
//!
//! Texts go in, findings come out: [`Engine`] is the interface, and ingest, the guard and the reviewer know nothing else of what
//! stands behind it. [`WordList`] is the engine: a list of words, matched without regard to ASCII case. [`is_blank`] says which
//! texts say nothing.

mod blank;
mod engine;
mod finding;
mod fold;
pub mod injection;
pub mod leak;
pub mod stream;
pub mod tables;
mod words;

#[cfg(test)]
mod fuzz;

pub use blank::is_blank;
pub use common::Action;
pub use engine::Engine;
pub use finding::{Finding, Findings};
pub use fold::{Folded, fold_char};
pub use words::{BadRule, WordList, WordRule};
