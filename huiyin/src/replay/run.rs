//! `huiyin replay run`: decides and answers a range of the log once more.

mod ask;
mod candidate;
mod judged;
mod models;
mod set;
mod told;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ::replay::launch::{Begun, Launch, Ran, begin, conclude, snapshot};
use ::replay::live::budget::Budget;
use ::replay::live::{Models, NoModels, Unasked};
use ::replay::range::{Manifest, Name, Outputs, Sample};
use ::replay::results::{self, End, Stop};
use ::replay::run::Progress;
use ::replay::shadow::{self, Names};
use ::replay::world::Line;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use conversation::{Bundles, States};
use pipeline::kafka::{Publisher, PublisherLimits};
use schemas::ids::AppKey;
use tokio::runtime::Handle;

use super::{claim, progress};
use crate::config::Config;
use crate::{Ended, Said, line, topics};
use candidate::Candidate;
use judged::Judging;
use set::Set;

/// What waits to be acknowledged by the topics of a replay, in records and KiB.
const WAITING: PublisherLimits = PublisherLimits { records: 200_000, kibibytes: 262_144 };

/// Decides and answers a range of the log once more, by another configuration or other models, and writes what comes of it to topics of its own.
///
/// Nothing of it reaches anybody: it has no access to Easemob, and no step of the line acts on its records. Without --candidate production's own
/// bundles hold, so that every decision must come out as it was. The same name with the same arguments goes on where the last run ended, and pays for no
/// answer twice.
#[derive(Debug, Clone, Args)]
pub(crate) struct Run {
    /// Its name: 1 to 64 of a-z, 0-9 and -
    #[arg(long)]
    name: Name,
    /// Begin of the range: when its first record was appended, as 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long, required_unless_present = "dataset")]
    from: Option<String>,
    /// End of the range, likewise
    #[arg(long, required_unless_present = "dataset")]
    to: Option<String>,
    /// Only the turns of this data set, which `dataset cut` wrote; it has a range of its own. Models are asked for these turns alone
    #[arg(long)]
    dataset: Option<PathBuf>,
    /// Only conversations of these apps, org#app, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = |text: &str| AppKey::new(text))]
    apps: Vec<AppKey>,
    /// Only this share of the conversations, such as 5%; equal names take equal ones
    #[arg(long)]
    sample: Option<Sampled>,
    /// The configuration file to try; its apps, targets, prices and filter count, and for models that are asked its section [call]
    #[arg(long)]
    candidate: Option<PathBuf>,
    /// Where answers come from
    #[arg(long, value_enum)]
    models: From,
    /// From this turn of each conversation on, counted from 0, models are asked; before it the recorded answers stand
    #[arg(long)]
    fork_at: Option<u32>,
    /// Fold so much of the log before the range first, such as 2h, so that conversations do not begin cold
    #[arg(long, conflicts_with = "state")]
    warm_up: Option<String>,
    /// Start from the snapshot in this folder, which `replay snapshot` wrote
    #[arg(long)]
    state: Option<PathBuf>,
    /// The most that models may cost, such as 50CNY or 50CNY,10USD, or none for as much as it takes; replay.budget by default
    #[arg(long)]
    budget: Option<Budget>,
    /// Most calls that run at a time; replay.at_once by default
    #[arg(long)]
    concurrency: Option<NonZeroUsize>,
    /// Calls that start within a second, such as 5/s; replay.calls_per_second by default
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// What is written: all that the line would write and the results, or the results alone, which is faster
    #[arg(long, value_enum, default_value_t = Write::All)]
    outputs: Write,
    /// Partitions that are folded at a time; as many as the machine has cores by default
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    judging: Judging,
}

/// A share as it was written, once it is known to be one.
#[derive(Debug, Clone)]
struct Sampled(String);

impl std::str::FromStr for Sampled {
    type Err = ::replay::range::BadSample;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Sample>().map(|_| Self(text.to_owned()))
    }
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// From the log alone
    Recorded,
    /// From the log where the candidate asks the same of the same model, else from models
    RecordedThenLive,
    /// From models
    Live,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Write {
    /// All that the line would write, in topics of the replay, and the results
    All,
    /// The results alone
    Results,
}

impl std::convert::From<Write> for Outputs {
    fn from(write: Write) -> Self {
        match write {
            Write::All => Self::All,
            Write::Results => Self::Results,
        }
    }
}

impl std::convert::From<From> for results::Models {
    fn from(from: From) -> Self {
        match from {
            From::Recorded => Self::Recorded,
            From::RecordedThenLive => Self::RecordedThenLive,
            From::Live => Self::Live,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>();
    let fits = |rate: &f64| rate.is_finite() && *rate > 0.0;
    number.ok().filter(fits).ok_or_else(|| format!("{text:?} is no rate such as 5/s"))
}

impl Run {
    /// Runs it. Blocks.
    pub(super) fn run(&self, config: &Config, runtime: &Handle) -> anyhow::Result<Said> {
        let candidate =
            self.candidate.as_deref().map(|path| Candidate::read(path, self.models)).transpose()?;
        let set = self.dataset.as_deref().map(|path| Set::read(path, config)).transpose()?;
        let names = Names::new(&config.topics, self.name.clone());
        let incarnation = topics::incarnation(config)?;
        // What a model was paid for is kept at once.
        let publisher = match self.models {
            From::Recorded => Publisher::bulk(&config.kafka, WAITING),
            From::RecordedThenLive | From::Live => Publisher::new(&config.kafka, WAITING),
        };
        let publisher = Arc::new(publisher.context("connect")?);
        let settings = shadow::Settings { partitions: config.partitions, replication: config.replication };
        let arguments = self.arguments(config, candidate.as_ref(), set.as_ref())?;
        let resolve = || self.manifest(config, arguments.clone(), incarnation.clone());
        // What cannot be asked for is found before a topic is made for it.
        Self::times(&arguments)?;
        self.judging.check(config)?;
        let asking = models::Wanted { run: self, config, candidate: candidate.as_ref() }.asking()?;
        let _claim = claim::take(config, &self.name)?;
        let begun = begin(&config.kafka, &names, settings, &publisher, resolve)?;
        self.refuse_others(&begun, &arguments, &incarnation)?;
        let work = Work {
            run: self,
            config,
            candidate: candidate.as_ref(),
            set: set.as_ref(),
            names: &names,
            publisher: &publisher,
        };
        match &asking {
            Some(asking) => {
                let bundle = candidate.as_ref().map_or(&config.bundle, |candidate| &candidate.config.bundle);
                models::book(config, bundle, &names, asking)?;
                let stop = models::stop_on_signal(asking, runtime);
                let done = work.done(&begun, asking.as_ref(), runtime);
                stop.abort();
                done
            }
            None => work.done(&begun, &NoModels, runtime),
        }
    }

    /// Another replay has the name, or other code or topics would go on with it.
    fn refuse_others(
        &self,
        begun: &Begun,
        arguments: &::replay::range::Arguments,
        incarnation: &str,
    ) -> anyhow::Result<()> {
        let Begun::Before(manifest) = begun else { return Ok(()) };
        let name = &self.name;
        let asked = manifest.arguments.differences(arguments);
        if !asked.is_empty() {
            bail!(
                "replay {name} was begun with other arguments: {}. Give it another name, or remove it with `huiyin replay rm {name}`",
                asked.join("; ")
            );
        }
        let code = manifest.differs_from(env!("CARGO_PKG_VERSION"), incarnation);
        if !code.is_empty() {
            bail!("replay {name} cannot be gone on with: {}", code.join("; "));
        }
        Ok(())
    }
}

/// A replay that is ready to run.
struct Work<'a> {
    run: &'a Run,
    config: &'a Config,
    candidate: Option<&'a Candidate>,
    set: Option<&'a Set>,
    names: &'a Names,
    publisher: &'a Arc<Publisher>,
}

impl Work<'_> {
    fn done<M: Models>(&self, begun: &Begun, models: &M, runtime: &Handle) -> anyhow::Result<Said> {
        let manifest = begun.manifest();
        let bundles = stored_bundles(self.config);
        let fallback = bundles.current().context("read the applied bundle")?.map(|ready| ready.hash.clone());
        let bundles = match self.candidate {
            Some(candidate) => {
                bundles.knowing(candidate.hash.clone(), candidate.bundle.clone(), candidate.contents.clone())
            }
            None => bundles,
        };
        let replayed =
            Line::new(line::deployment(self.config), line::settings(self.config), Arc::new(bundles))
                .writing(manifest.arguments.outputs);
        let total: i64 = manifest.spans.iter().map(|span| span.end - span.lead).sum();
        let (progress, is_over) = (Progress::of(total), AtomicBool::new(false));
        let launch = Launch {
            manifest,
            line: &replayed,
            candidate: self.candidate.map(|candidate| candidate.hash.clone()),
            fallback,
            chosen: self.set.map(|set| &set.chosen),
            names: self.names,
            publisher: self.publisher,
            models,
            progress: &progress,
            threads: self.run.threads.map_or_else(cores, NonZeroUsize::get),
            is_resumed: matches!(begun, Begun::Before(_)),
            states: &|span| match &self.run.state {
                Some(folder) => snapshot::restore(folder, &replayed, span),
                None => Ok(States::default()),
            },
        };
        let began = Instant::now();
        let ran = std::thread::scope(|scope| {
            scope.spawn(|| progress::show(&progress, &is_over));
            let ran = launch.run(runtime);
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            ran
        })?;
        self.end(manifest, &ran, began.elapsed(), runtime)
    }

    fn end(&self, manifest: &Manifest, ran: &Ran, took: Duration, runtime: &Handle) -> anyhow::Result<Said> {
        let stopped = ran.stopped.map(|unasked| match unasked {
            Unasked::Budget | Unasked::Unpriced => Stop::Budget,
            Unasked::Stopped => Stop::Asked,
            Unasked::Unserved => Stop::Unserved,
        });
        let end = End { turns: ran.tally.joined.turns + ran.tally.left, stopped };
        let run = format!("{}", crate::check::now());
        conclude(self.names, self.publisher, &run, &end)?;
        let mut text = told::told(manifest, ran, took);
        let is_whole = ran.stopped.is_none();
        let mut is_judged = true;
        if is_whole {
            let judged = self.run.judging.run(self.config, &self.run.name, runtime);
            text.push_str(&judged.text);
            is_judged = matches!(judged.ended, Ended::Well);
        }
        text.push_str(&super::show::stored(self.config, self.names, runtime));
        let is_equal = ran.tally.different == ran.tally.cold_different;
        Ok(Said { text, ended: Ended::well_if(is_equal && is_whole && is_judged) })
    }
}

/// The bundles that the deployment has stored.
pub(super) fn stored_bundles(config: &Config) -> Bundles {
    Bundles::new(config.kafka.clone(), &config.topics, config.bundle.hash_keys().clone())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
