//! `huiyin dead-letters`: shows records that a step gave up, and writes them again on demand.

mod dead_letter;
mod filter;
mod list;
mod requeue;
mod ruling;
mod show;

use clap::Subcommand;

use crate::Said;
use crate::act::Who;
use crate::config::Config;
use dead_letter::Place;
use filter::Filter;
use requeue::Requeue;

/// What to do with dead letters.
#[derive(Subcommand)]
pub(crate) enum DeadLetters {
    /// List them, newest last, with their counts by step and reason
    List {
        /// Which ones
        #[command(flatten)]
        filter: Filter,
        /// Describe at most so many, the newest; all are counted
        #[arg(long, default_value_t = 100)]
        last: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one: where it comes from, its key and headers
    Show {
        /// Where it is, partition:offset
        place: Place,
        /// Print its value too: it may hold what people wrote. That you asked stands in the log, and in the table audit
        #[arg(long)]
        body: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Write records to where they were read from again, behind everything there. Without --execute it only tells what it would do
    Requeue(Requeue),
}

/// Does what was asked.
pub(crate) fn run(config: &Config, command: &DeadLetters) -> anyhow::Result<Said> {
    match command {
        DeadLetters::List { filter, last, json } => list::list(config, filter, *last, *json).map(Said::from),
        DeadLetters::Show { place, body: true, who } => show::with_body(config, *place, who).map(Said::from),
        DeadLetters::Show { place, body: false, .. } => show::without_body(config, *place).map(Said::from),
        DeadLetters::Requeue(ask) => requeue::requeue(config, ask),
    }
}
