//! `exactly-once`: what a record costs in the fold and the call driver, beside the least that writes the same records,
//! beside the same driver at least once, and beside Kafka Streams.

mod call;
pub(super) mod contestant;
mod entrants;
mod fold;
mod latency;
mod raw;
mod results;
mod run;
pub(super) mod shape;
mod spec;
mod streams;
mod tell;

use super::table::Table;
use anyhow::{Context, Result};
use dev::rig::net::Net;
use dev::stack::Borrowed;
use entrants::{ENTRANTS, Entrant, TIMED};
use results::Results;
use run::Run;
use std::env;

const RECORDS: u64 = 1_000_000;
/// Words of the names of those who are to contend; all without it.
const ONLY: &str = "HUIYIN_BENCH_ONLY";
/// Another number of records, for a quick look.
const FEWER: &str = "HUIYIN_BENCH_RECORDS";

/// Measures everything, `rounds` times.
///
/// # Errors
/// When the stack, a contestant or Maven does not do what it must.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let (stack, net) = (Borrowed::up()?, Net::new()?);
    let streams = streams::Streams::build(stack.plan())?;
    let home = crate::home::new(&stack, &net)?;
    let records = env::var(FEWER).ok().map_or(Ok(RECORDS), |text| text.parse()).context(FEWER)?;
    let run = Run::new(&stack, &home, &streams, records)?;
    let mut results = Results { records, ..Results::default() };
    let only = env::var(ONLY).ok();
    let is_wanted = |entrant: &Entrant| only.as_deref().is_none_or(|only| entrant.name.contains(only));
    for round in 0..rounds {
        for entrant in ENTRANTS.iter().filter(|entrant| is_wanted(entrant)) {
            results.rate(entrant, run.rate(round, entrant)?);
        }
        for entrant in TIMED.iter().map(|&at| &ENTRANTS[at]).filter(|entrant| is_wanted(entrant)) {
            results.latency(entrant, run.latency(round, entrant)?);
        }
        results.bare(run.bare_latency(round)?);
    }
    run.clear()?;
    Ok(tell::table(&results))
}
