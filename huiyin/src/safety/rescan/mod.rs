//! `huiyin safety rescan`: what the log has, judged by another filter. It tells what would now be stopped and was not, and takes back what the
//! bot said of it.

mod candidate;
mod judge;
mod read;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use schemas::ids::AppKey;
use schemas::retract::AnswerReference;

use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::timestamp::{Timestamp, told};
use crate::{Said, retract};
use judge::{Filter, Texts};
use report::{Ordered, Report};

/// Which part of the log, by which filter, and what is done about it.
#[derive(Args)]
pub(crate) struct Rescan {
    /// Appended to the log at this time or later: 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    from: Timestamp,
    /// Appended before this time; now by default
    #[arg(long)]
    to: Option<Timestamp>,
    /// Judge with this dictionary besides what the configuration has: FILE, or NAME=FILE. It takes the place of a dictionary of that name, which is
    /// the file's without an ending if none is given; a new one blocks, for every app
    #[arg(long, conflicts_with = "candidate")]
    dictionary: Option<String>,
    /// Judge by this configuration file's filter instead
    #[arg(long)]
    candidate: Option<PathBuf>,
    /// Only these apps, org#app, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = |text: &str| AppKey::new(text))]
    apps: Vec<AppKey>,
    /// Also tell the texts, masked. That you asked stands in the log, and in the table audit
    #[arg(long)]
    show_text: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Take back what the bot said of it. Without --yes it only tells what it would do
    #[arg(long)]
    retract: bool,
    /// Do it
    #[arg(long, requires = "retract")]
    yes: bool,
    /// Who asks for it; it stands in the log
    #[arg(long, required_if_eq("yes", "true"))]
    by: Option<String>,
    /// Why; it stands in the log
    #[arg(long, required_if_eq("yes", "true"))]
    why: Option<String>,
}

/// A stretch of the log, by append time in milliseconds since the epoch; its end does not belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    from: i64,
    to: i64,
}

impl Rescan {
    /// Does it.
    ///
    /// # Errors
    /// When the candidate cannot be used, the brokers do not answer, or what must be written down cannot be.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Said> {
        let Timestamp(to) = self.to.unwrap_or(Timestamp(crate::check::now()));
        let range = Range { from: self.from.0, to };
        if range.from >= range.to {
            bail!("rescan: --from is not before --to");
        }
        let engines = match (&self.dictionary, &self.candidate) {
            (Some(dictionary), _) => candidate::with_dictionary(&config, dictionary)?,
            (None, Some(path)) => candidate::of_file(path)?,
            (None, None) => candidate::of(&config)?,
        };
        let texts = if self.show_text { Texts::Masked } else { Texts::None };
        let filter = Filter { engines, apps: self.apps.iter().cloned().collect::<BTreeSet<_>>(), texts };
        crate::asking(config, move |config| self.rescanned(config, &filter, range)).await
    }

    fn rescanned(&self, config: &Config, filter: &Filter, range: Range) -> anyhow::Result<Said> {
        if self.show_text {
            self.write_down(config, range)?;
        }
        let found = read::read(config, filter, range)?;
        let answers: Vec<&AnswerReference> =
            found.stopped.iter().filter_map(|stopped| stopped.answer.as_ref()).collect();
        let ordered = match (self.retract, self.yes, &self.by, &self.why) {
            (true, true, Some(by), Some(why)) => {
                retract::take_back(config, &answers, by, why)?;
                Ordered::Yes
            }
            (true, ..) => Ordered::WouldBe,
            (false, ..) => Ordered::NotAsked,
        };
        let report = Report { found: &found, range, ordered };
        Ok(if self.json { report.json()? } else { report.text() }.into())
    }

    /// Before a text is shown, so that none is shown which nobody knows of.
    fn write_down(&self, config: &Config, range: Range) -> anyhow::Result<()> {
        let who = Who { by: self.by.clone(), why: self.why.clone() };
        let details =
            BTreeMap::from([("from".to_owned(), told(range.from)), ("to".to_owned(), told(range.to))]);
        let done = Done { kind: "text_shown", app: None, subject: "safety rescan".to_owned(), details };
        act::write(config, &who, done).context("write down that texts are asked for")
    }
}
