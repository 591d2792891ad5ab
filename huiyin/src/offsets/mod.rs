//! `huiyin offsets`: where the roles stand in their topics, and how an operator sets that anew.

mod meaning;
mod place;
mod plan;
mod reset;
mod show;

use anyhow::bail;
use clap::{Args, Subcommand};
use pipeline::offsets::Driver;
use schemas::topic::Topic;

use crate::Said;
use crate::act::Who;
use crate::config::Config;
use crate::role::Role;
use reset::Target;

/// What to do with offsets.
#[derive(Subcommand)]
pub(crate) enum Offsets {
    /// Show where each role stands in each partition
    Show {
        /// Only this role
        #[arg(long)]
        role: Option<Role>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set where a role goes on, with nothing done above it; it must not run. Without --execute it only tells what it would do
    Reset(Reset),
}

/// What is to be set, and to what.
#[derive(Args)]
pub(crate) struct Reset {
    /// The role
    #[arg(long)]
    role: Role,
    /// These partitions, separated by commas
    #[arg(long, value_delimiter = ',', required_unless_present = "all", conflicts_with = "all")]
    partition: Vec<i32>,
    /// All partitions
    #[arg(long)]
    all: bool,
    /// Of the topics that the role reads only this one, without the deployment's prefix
    #[arg(long)]
    topic: Option<String>,
    /// earliest, latest, committed (the offset stays, what is said beside it is dropped), an offset, or the first
    /// record of a moment: 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    to: Target,
    #[command(flatten)]
    who: Who,
    /// Do it
    #[arg(long)]
    execute: bool,
}

/// Does what was asked.
pub(crate) fn run(config: &Config, command: &Offsets) -> anyhow::Result<Said> {
    match command {
        Offsets::Show { role, json } => show::show(config, *role, *json).map(Said::from),
        Offsets::Reset(reset) => reset::reset(config, reset).map(Said::from),
    }
}

/// A role that reads topics.
#[derive(Debug, Clone, Copy)]
struct Reads {
    role: Role,
    driver: Driver,
    topics: &'static [Topic],
}

/// What a role reads, and by which driver.
fn reads(role: Role) -> anyhow::Result<Reads> {
    let (driver, topics): (Driver, &'static [Topic]) = match role {
        Role::Ingest => bail!("ingest reads no topic"),
        Role::Decide => (Driver::Fold, &[Topic::Events]),
        Role::Call => (Driver::Call, &[Topic::Requests]),
        Role::Deliver => (Driver::Call, &[Topic::Answers]),
        Role::Account => (Driver::Batch, &account::TOPICS),
        Role::Shadow => {
            bail!("the steps of a shadow are a deployment of their own: remove its topics to begin anew")
        }
    };
    Ok(Reads { role, driver, topics })
}
