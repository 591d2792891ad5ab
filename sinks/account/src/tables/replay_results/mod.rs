//! `replay_results`: one row per turn of a replay. No record of the log gives it rows: the command that replays stores them, and takes them away
//! with the replay. It holds figures and hashes, never what was said.

mod row;
mod store;
mod turn;

pub use store::{ReplayStoreError, ReplayStored};
pub use turn::{ReplayHead, ReplayJudged, ReplaySide, ReplayTurn};

use super::{AT, Definition, Migration};

/// Figures of replays are of use as long as somebody decides by them.
const DAYS: u16 = 400;

pub(crate) static DEFINITION: Definition = Definition {
    name: "replay_results",
    row: "one turn of a replay, with what the baseline and the candidate made of it; `huiyin replay` stores it",
    retention_days: DAYS,
    moment: AT,
    migrations: &[Migration {
        number: 33,
        name: "0033_replay_results",
        template: include_str!("0033_replay_results.sql"),
    }],
    counts: None,
};

#[cfg(test)]
mod tests;
