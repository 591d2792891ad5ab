//! Win rate and cost by a property of turns.

use std::collections::BTreeMap;

use serde::Serialize;

use super::case::Case;
use super::figure::{self, Figure};
use super::metric::Metric;
use crate::results::TurnResult;
use crate::statistics::Seed;

/// Turns that have a property in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The property.
    pub name: String,
    /// Turns that are compared.
    pub turns: u64,
    /// Its win rate; absent where nothing was judged.
    pub win_rate: Option<Figure>,
    /// Its cost, by currency.
    pub cost: Vec<Figure>,
}

/// The groups of a property, by name; turns without it are in none.
pub fn by<'a>(cases: &[Case<'a>], seed: Seed, of: impl Fn(&'a TurnResult) -> Option<&'a str>) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<Case<'a>>> = BTreeMap::new();
    for case in cases {
        if let Some(name) = of(case.turn) {
            groups.entry(name).or_default().push(*case);
        }
    }
    let group = |(name, cases): (&str, Vec<Case<'_>>)| Group {
        name: name.to_owned(),
        turns: cases.len() as u64,
        win_rate: figure::of(Metric::WinRate, &cases, seed.of_part(name)).pop(),
        cost: figure::of(Metric::Cost, &cases, seed.of_part(name)),
    };
    groups.into_iter().map(group).collect()
}
