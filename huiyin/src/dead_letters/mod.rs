//! `huiyin dead-letters`: what no step could use, and how it is given another chance.

mod filter;
mod letter;
mod list;
mod requeue;
mod ruling;
mod show;

use std::num::NonZeroU32;

use clap::{Args, Subcommand};

use crate::Said;
use crate::config::Config;
use filter::Filter;
use letter::Place;

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
        /// Print its value too: it may hold what people wrote
        #[arg(long)]
        body: bool,
    },
    /// Write records to where they were read from again, behind everything there. Without --execute it only tells what it would do
    Requeue(Requeue),
}

/// Which records go again, and how.
#[derive(Args)]
pub(crate) struct Requeue {
    /// These, partition:offset
    #[arg(required_unless_present_any = ["since", "until", "step", "reason", "topic"])]
    place: Vec<Place>,
    /// And those of the rest, or all that it lets through where none is named
    #[command(flatten)]
    filter: Filter,
    /// Also those that were requeued before
    #[arg(long)]
    again: bool,
    /// Also those that cost: the dry run says what
    #[arg(long)]
    accept_cost: bool,
    /// Most records per second
    #[arg(long, default_value = "10")]
    rate: NonZeroU32,
    /// Do it
    #[arg(long)]
    execute: bool,
}

/// Does what was asked.
pub(crate) fn run(config: &Config, command: &DeadLetters) -> anyhow::Result<Said> {
    match command {
        DeadLetters::List { filter, last, json } => list::list(config, filter, *last, *json).map(Said::from),
        DeadLetters::Show { place, body } => show::show(config, *place, *body).map(Said::from),
        DeadLetters::Requeue(ask) => requeue::requeue(config, ask),
    }
}
