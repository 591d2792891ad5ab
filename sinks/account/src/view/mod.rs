//! Records as rows need them: what no row has is skipped, and what a row copies anyway is borrowed from the record's bytes.
//!
//! Each view reads what the record of `schemas` reads and holds it to the same rules, as far as it looks; tests compare both.

mod answered;
mod decision;
mod delivery;
mod ledger;
mod text;

use serde::Deserialize;

pub(crate) use answered::{Answered, Attempt, RouteMark};
pub(crate) use decision::Decision;
pub(crate) use delivery::Delivery;
pub(crate) use ledger::LedgerEntry;
pub(crate) use text::{Id, Str};

/// What a verdict says.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Verdict<'a> {
    pub(crate) action: schemas::verdict::Action,
    #[serde(borrow, default)]
    pub(crate) rules: Vec<Str<'a>>,
    #[serde(borrow)]
    pub(crate) dictionary: Str<'a>,
    pub(crate) findings: Option<Box<schemas::findings::Findings>>,
}

/// An amount of money.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Money<'a> {
    #[serde(borrow)]
    pub(crate) currency: Str<'a>,
    #[serde(deserialize_with = "schemas::money::pico")]
    pub(crate) pico: i128,
}

#[cfg(test)]
mod tests;
