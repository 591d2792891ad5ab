//! Commands that need no configuration.

mod init;

use anyhow::Context;
use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::config::Config;
use crate::route::{self, Route};
use crate::{Said, config};

/// What to do without a configuration.
#[derive(Subcommand)]
pub(crate) enum Setup {
    /// Write a first configuration for one app, one bot and one model; asks for what is not given
    Init(Box<init::Init>),
    /// Print the JSON Schema of the configuration file, for editors
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// What the router makes of a text or a conversation
    Route {
        /// What to ask it
        #[command(subcommand)]
        command: Route,
    },
}

impl Setup {
    /// Does it; gives what goes to standard output. Little of it reads a configuration.
    pub(crate) fn run(self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        match self {
            Self::Init(init) => Ok(init.run()?.into()),
            Self::Schema => {
                let schema = serde_json::to_string_pretty(&config::schema()).context("write schema")?;
                Ok((schema + "\n").into())
            }
            Self::Completions { shell } => Ok(completions(shell)?.into()),
            Self::Route { command } => route::run(&command, config),
        }
    }
}

fn completions(shell: Shell) -> anyhow::Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "huiyin", &mut script);
    String::from_utf8(script).context("read completions")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_is_told_every_command() {
        let commands: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert!(commands.len() > 10, "{commands:?}");
        for shell in Shell::value_variants() {
            let script = completions(*shell).unwrap();
            for command in &commands {
                assert!(script.contains(command), "{shell}: {command}");
            }
        }
    }
}
