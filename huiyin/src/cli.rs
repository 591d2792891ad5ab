//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cases::Test;
use crate::dataset::Dataset;
use crate::dead_letters::DeadLetters;
use crate::explain::Explain;
use crate::export::Export;
use crate::models::Models;
use crate::offsets::Offsets;
use crate::query::Query;
use crate::rebuild::Rebuild;
use crate::reconcile::Reconcile;
use crate::recost::Recost;
use crate::replay::Replay;
use crate::retract::Retract;
use crate::role::{Role, Roles};
use crate::safety::Safety;
use crate::setup::Setup;
use crate::tier::OfUser;
use crate::why::Why;

/// Conversations on Easemob IM, answered by large language models.
#[derive(Parser)]
#[command(name = "huiyin", version)]
pub(crate) struct Cli {
    /// The configuration file.
    #[arg(long, default_value = "huiyin.toml", global = true)]
    pub(crate) config: PathBuf,
    /// Overrides deployment.instance.
    #[arg(long, global = true)]
    pub(crate) instance: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Any,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Any {
    #[command(flatten)]
    Setup(Setup),
    /// Judge texts by dictionaries, and look at dictionary files
    Safety {
        /// What to do
        #[command(subcommand)]
        command: Safety,
    },
    /// What the line makes of a message, and why
    Explain(Box<Explain>),
    /// Play conversations against the rules and compare what comes of them with what a file expects
    Test(Test),
    /// Decide and answer a range of the log once more, and tell what came of it
    Replay {
        /// What to do
        #[command(subcommand)]
        command: Replay,
    },
    /// Turns out of production, to be replayed or given to other tools
    Dataset {
        /// What to do
        #[command(subcommand)]
        command: Dataset,
    },
    #[command(flatten)]
    Command(Command),
}

/// What to do with a configuration.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run roles of the line until SIGTERM
    Run {
        /// Roles, separated by commas; shadow has to be named
        #[arg(long, default_value_t = all())]
        roles: String,
        /// Apply the file's bundle first, for one-node use
        #[arg(long)]
        apply: bool,
        /// When ending, hand the partitions to the others at once: this instance does not come back
        #[arg(long)]
        leave: bool,
    },
    /// The deployment's topics
    Topics {
        /// What to do with them
        #[command(subcommand)]
        command: Topics,
    },
    /// The deployment's bundle
    Config {
        /// What to do with it
        #[command(subcommand)]
        command: Bundle,
    },
    /// Make or update the tables in ClickHouse
    Migrate {
        /// Print the SQL instead
        #[arg(long)]
        print: bool,
    },
    /// Make tables anew: facts from the log, rollups from facts; account must not run. Without --execute it only tells what it would do
    Rebuild(Rebuild),
    /// Run a named query; without a name, list them with their parameters
    Query(Box<Query>),
    /// The whole story of one message: verdict, route, attempts, cost, sends
    Why(Box<Why>),
    /// Compare what was accepted, decided, answered, sent and stored, and what providers bill. The exit code is 0 when all of it agrees, 1
    /// when there are gaps, 2 when not all of it could be compared
    Reconcile(Box<Reconcile>),
    /// Price calls of a time again by other prices, each by its day, and tell the differences by model. Without --execute it only tells what
    /// it would do
    Recost(Box<Recost>),
    /// Results for other people's books
    Export {
        /// What to export
        #[command(subcommand)]
        command: Export,
    },
    /// Where the roles stand in their topics
    Offsets {
        /// What to do with them
        #[command(subcommand)]
        command: Offsets,
    },
    /// Records that no step could use
    DeadLetters {
        /// What to do with them
        #[command(subcommand)]
        command: DeadLetters,
    },
    /// Take what the bot said back. Without --yes it only tells what it would do
    Retract(Box<Retract>),
    /// Targets with what is known of their models, what they cost and how they are
    Models {
        /// What to do with them; without it, list them
        #[command(subcommand)]
        command: Option<Models>,
        /// Print JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Which tier a user of an app has by this file, and what says so
    Tier(OfUser),
    /// Fold the events again from the first offset and compare every decision byte by byte
    Refold {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration; with --online also the cluster and the tables
    Check {
        /// Ask Kafka and ClickHouse too
        #[arg(long)]
        online: bool,
    },
}

/// What to do with topics.
#[derive(Subcommand)]
pub(crate) enum Topics {
    /// Create the topics of a new deployment
    Create {
        /// Print them instead
        #[arg(long)]
        print: bool,
        /// Create missing ones of an old deployment under a new incarnation
        #[arg(long)]
        renew: bool,
    },
}

/// What to do with the bundle.
#[derive(Subcommand)]
pub(crate) enum Bundle {
    /// Store the file's bundle and switch every partition to it
    Apply,
}

fn all() -> String {
    Role::LINE.map(Role::label).join(",")
}

/// Reads the roles' names.
pub(crate) fn roles(names: &str) -> anyhow::Result<Roles> {
    names.parse().map_err(|what| anyhow::anyhow!("read --roles: {what}"))
}
