//! `huiyin models`: the targets of the file, what is known of their models, what they cost, and how they are.

mod health;
mod listing;
mod ping;
mod price;

use clap::Subcommand;

use crate::config::Config;

/// What to do with targets.
#[derive(Subcommand)]
pub(crate) enum Models {
    /// Ask each target for one token, and say what is to be mended
    Ping {
        /// Only this target
        name: Option<String>,
    },
}

/// What was found, and whether all of it is as it must be.
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) ok: bool,
}

/// Lists the targets, or asks them.
pub(crate) async fn run(config: &Config, command: Option<&Models>, json: bool) -> anyhow::Result<Found> {
    match command {
        None => listing::list(config, json).await,
        Some(Models::Ping { name }) => ping::run(config, name.as_deref(), json).await,
    }
}

#[cfg(test)]
mod tests;
