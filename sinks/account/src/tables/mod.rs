//! The tables. Each is a folder with its definition, its row, which records give rows, and tests, and a line in [`TABLES`]; retention,
//! migrations, checks, inserts, the query `counts` and the documentation go through that list.

mod audit;
mod bodies;
mod feedback;
mod ledger;
mod messages;
mod model_calls;
mod raw_usage;
pub(crate) mod replay_results;
mod replies;
mod requests;
mod safety_events;
mod table;

use pipeline::Refused;
use schemas::line::Line;

pub use table::Row;
pub(crate) use table::{AT, Counts, Definition, Listed, Migration, Table};

use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::rollups::ROLLUPS;
use crate::source::{Source, Version};

/// Every table. Commit metadata names a table by its place here: a new one goes to the end.
pub(crate) const TABLES: &[&dyn Listed] = &[
    &messages::Messages,
    &model_calls::ModelCalls,
    &replies::Replies,
    &safety_events::SafetyEvents,
    &requests::Requests,
    &feedback::Feedback,
    &ledger::Ledger,
    &raw_usage::RawUsage,
    &audit::Audit,
    &bodies::Bodies,
];

/// Tables that no record of the log gives rows: commands store what they found. They are made and kept as the others are, and cannot be made anew.
pub(crate) const OF_COMMANDS: &[&Definition] = &[&replay_results::DEFINITION];

/// Version of this code, as far as it decides what a row holds and which tables a record gives rows. 2: an amount of any size is in
/// `cost`. 3: a call has the time to its first token and what
/// it wrote to a cache. 4: it has the number of its key. 5: what the filter found has rows, and so has the review of an answer. 6: rows
/// say who, by which rule and how long each step took; requests, feedback, money, usage as told, acts of operators and texts have tables.
pub(crate) const BUILDER: u8 = 6;
/// The oldest version that can still be built: ranges that it opened may be pending.
pub(crate) const OLDEST_BUILDER: u8 = 1;

/// The builder that first wrote what this version added to tables that were there before.
pub(crate) const WHOLE: u8 = 6;

/// How every table is defined, in the order of [`TABLES`].
pub(crate) fn definitions() -> impl Iterator<Item = &'static Definition> {
    TABLES.iter().map(|table| table.definition())
}

/// Every table that the database has: those of facts, those of commands, and the rollups.
pub(crate) fn stored() -> impl Iterator<Item = &'static Definition> {
    definitions().chain(OF_COMMANDS.iter().copied()).chain(ROLLUPS.iter().map(|rollup| &rollup.definition))
}

/// Builds the rows of a record, each with the index of its table.
pub(crate) fn rows(
    unread: Unread<'_>,
    version: Version,
    names: &Pseudonyms,
) -> Result<Vec<(usize, Row)>, Refused> {
    // Even of a record of which no table has rows: nothing of a replay goes by unseen.
    Line::Real
        .admit(|name| unread.record.header(name))
        .map_err(|foreign| Refused::DeadLetter { reason: foreign.label() })?;
    let mut takers = TABLES.iter().enumerate().filter(|(_, table)| table.takes(unread, version)).peekable();
    let mut rows = Vec::new();
    if takers.peek().is_none() {
        return Ok(rows);
    }
    let source = Source::of(unread.record, version.builder);
    let decoded = unread.read()?;
    let fact = decoded.fact(names)?;
    for (index, table) in takers {
        let give = &mut |row| rows.push((index, row));
        if table.keeps_text() {
            table.rows(&Fact::Event(&unread.whole()?), source, names, give)?;
        } else {
            table.rows(&fact, source, names, give)?;
        }
    }
    Ok(rows)
}

#[cfg(test)]
pub(crate) mod tests;
