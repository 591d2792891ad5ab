//! `huiyin dataset cut`: rows choose the turns, the log has what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use account::Pseudonyms;
use account::datasets::{Choice, ChosenTurn, Wanted};
use anyhow::{Context, bail};
use clap::Args;
use pipeline::kafka::Reader;
use replay::dataset::{Dataset, FORMAT, Head};
use schemas::ids::AppKey;
use schemas::topic::Topic;

use super::said::Log;
use super::turn;
use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::scan::{Part, scan};
use crate::timestamp::Timestamp;

/// Earlier turns of a conversation are looked for so long before the first turn, in milliseconds.
const BEFORE: i64 = 24 * 60 * 60 * 1_000;
/// A turn ends at most so long after it was asked, in milliseconds.
const AFTER: i64 = 60 * 60 * 1_000;

/// Which turns, and where they go.
#[derive(Args)]
pub(crate) struct Cut {
    /// What turns are chosen by: random, expensive, slow, blocked, rated-low, failed, route=…, target=…, tier=…, class=… or hit=… (a rule of the filter)
    #[arg(long, value_parser = Choice::read)]
    by: Choice,
    /// Only turns of this app, org#app
    #[arg(long, value_parser = |text: &str| AppKey::new(text))]
    app: Option<AppKey>,
    /// Asked at this time or later: 2026-01-31T08:00:00Z, or 7d ago as 7d
    #[arg(long)]
    from: Timestamp,
    /// Asked before this time; now by default
    #[arg(long)]
    to: Option<Timestamp>,
    /// Turns at most
    #[arg(long, default_value_t = 100)]
    limit: u64,
    /// Seed of what is drawn by chance
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Earlier turns of its conversation that go with each turn, at most
    #[arg(long, default_value_t = 6)]
    history: usize,
    /// Who does it; it stands in the log. The name of the operating system's user by default
    #[arg(long)]
    operator: Option<String>,
    /// Why; it stands in the log
    #[arg(long)]
    why: Option<String>,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
}

/// Cuts a data set. That it was cut stands in the log.
///
/// # Errors
/// When the store or the brokers do not answer, it cannot be written down, or the file cannot be written.
pub(super) async fn run(config: Config, ask: &Cut) -> anyhow::Result<String> {
    let now = crate::check::now();
    let Timestamp(to) = ask.to.unwrap_or(Timestamp(now));
    let Timestamp(from) = ask.from;
    if from >= to {
        bail!("cut data set: --from is not before --to");
    }
    let app = ask.app.as_ref().map(ToString::to_string);
    let wanted = Wanted {
        choice: ask.by.clone(),
        app: app.clone().unwrap_or_default(),
        from,
        to,
        limit: ask.limit,
        seed: ask.seed,
    };
    let section = config.account()?;
    let chosen = account::Store::new(&section).choose_turns(&wanted).await?;
    if chosen.is_empty() {
        return Ok(format!("no turn is chosen by {}: {}\n", ask.by.told(), ask.by.meaning()));
    }
    let head = Head {
        format: FORMAT,
        by: ask.by.told(),
        app,
        from,
        to,
        limit: ask.limit,
        seed: ask.seed,
        made_at: now,
        turns: 0,
        left_out: 0,
    };
    let (who, about, history) =
        (Who { by: ask.operator.clone(), why: ask.why.clone() }, ask.app.clone(), ask.history);
    let names = section.pseudonyms()?;
    let dataset = crate::asking(config, move |config| {
        write_down(config, &who, about, &head)?;
        let log = read(config, &chosen, &names)?;
        let turns: Vec<_> = chosen.iter().filter_map(|turn| turn::of(turn, &log, history)).collect();
        let left_out = (chosen.len() - turns.len()) as u64;
        Ok(Dataset { head: Head { left_out, ..head }, turns })
    })
    .await?;
    super::write(&ask.out, &dataset.to_lines()?)?;
    let left_out = match dataset.head.left_out {
        0 => String::new(),
        some => format!(
            "; {some} are left out: the log does not have what was said any more, or it was taken back"
        ),
    };
    let (turns, conversations) = (dataset.turns.len(), dataset.conversations().len());
    Ok(format!("{turns} turns of {conversations} conversations written to {}{left_out}\n", ask.out.display()))
}

/// Before a text is read, so that none is given away which nobody knows of.
fn write_down(config: &Config, who: &Who, app: Option<AppKey>, head: &Head) -> anyhow::Result<()> {
    let details = BTreeMap::from([
        ("from".to_owned(), crate::timestamp::told(head.from)),
        ("to".to_owned(), crate::timestamp::told(head.to)),
        ("limit".to_owned(), head.limit.to_string()),
    ]);
    let done = Done { kind: "dataset_cut", app, subject: head.by.clone(), details };
    act::write(config, who, done).context("write down that texts are asked for")
}

/// What the log has of the conversations of these turns.
fn read(config: &Config, chosen: &[ChosenTurn], names: &Pseudonyms) -> anyhow::Result<Log> {
    let mut log = Log::new(names.clone(), chosen.iter().map(|turn| turn.conversation.clone()));
    let partitions: BTreeSet<i32> =
        chosen.iter().map(|turn| turn.partition).filter(|partition| *partition < config.partitions).collect();
    let times = || chosen.iter().map(|turn| turn.at);
    let (first, last) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
    for topic in [Topic::Events, Topic::Answers] {
        let reader = Reader::open(&config.kafka, &config.topics.of(topic))?;
        let mut parts = Vec::new();
        for partition in &partitions {
            let begin = reader.offset_at(*partition, first.saturating_sub(BEFORE))?;
            let end = reader.offset_at(*partition, last.saturating_add(AFTER))?;
            parts.push((*partition, Part::Span(begin, end)));
        }
        scan(config, topic, &parts, |record| log.take(topic, record))?;
    }
    Ok(log)
}
