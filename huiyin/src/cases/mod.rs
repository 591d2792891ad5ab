//! `huiyin test`: conversations played against the rules of a configuration, and compared with what a file expects.

mod expect;
mod file;
mod names;
mod play;
mod raw;
mod report;
mod targets;

use std::path::PathBuf;

use clap::Args;

use crate::config::Config;
use crate::rehearse::House;
use crate::{Ended, Said, Unusable};

use file::File;
use play::Played;

/// Plays conversations against the configuration and compares what comes of them with what is expected: no broker, no model and no secret
/// is needed. The exit code is 0 when all is as expected, 1 when something is not, 2 when a file or the configuration is wrong.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files of cases, TOML; a folder stands for all of its .toml files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Play only cases whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Test {
    /// Plays every case; `config` reads the configuration.
    pub(crate) fn run(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
        let played = self.played(config).map_err(Unusable)?;
        let ok = played.iter().all(|case| case.failures.is_empty());
        let text = if self.json { report::json(&played)? } else { report::text(&played) };
        Ok(Said { text, ended: Ended::well_if(ok) })
    }

    fn played(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Vec<Played>> {
        let files = file::all(&self.files)?;
        let files = files.iter().map(|path| File::read(path)).collect::<Result<Vec<_>, _>>()?;
        let house = House::new(&config()?)?;
        let wanted = |name: &str| self.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
        let mut played = Vec::new();
        for file in &files {
            for case in file.cases.iter().filter(|case| wanted(&case.name)) {
                played.push(play::play(&house, file, case)?);
            }
        }
        if played.is_empty() {
            anyhow::bail!("no case has {:?} in its name", self.only.as_deref().unwrap_or_default());
        }
        Ok(played)
    }
}

#[cfg(test)]
mod tests;
