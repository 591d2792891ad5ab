//! `huiyin dead-letters requeue`: each record is written again in one transaction with the mark that reports it.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use pipeline::kafka::{Instance, Outcome, TransactionalProducer};
use pipeline::requeued;

use super::dead_letter::{DeadLetter, Found, Place, one, read};
use super::filter::Filter;
use super::ruling::{Ruling, ruling};
use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::timestamp::{Timestamp, told};
use crate::{Ended, Said};

/// The instance name of the writer. A second operator who requeues at the same time fences the first one off.
const WRITER: &str = "requeue";

/// Which records are requeued, and how.
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
    #[command(flatten)]
    who: Who,
    /// Do it
    #[arg(long)]
    execute: bool,
}

/// Describes what would be requeued; with `execute` it also writes.
pub(super) fn requeue(config: &Config, ask: &Requeue) -> anyhow::Result<Said> {
    // The producer starts before the marks are read, since it fences other writers of marks off.
    let mut producer = if ask.execute {
        let instance = Instance::new(&config.deployment, WRITER, 0)?;
        Some(TransactionalProducer::new(&config.kafka, &instance).context("connect")?)
    } else {
        None
    };
    let chosen = chosen(config, ask)?;
    let mut text = String::new();
    let mut going = Vec::new();
    for letter in &chosen.letters {
        let (goes, why) = judge(config, ask, letter, &chosen);
        let what = if goes { "goes" } else { "stays" };
        text.push_str(&format!(
            "{} {what}: {} given up by {} for {}; {why}\n",
            letter.place, letter.source, letter.step, letter.reason
        ));
        if goes {
            going.push(letter);
        }
    }
    let all = chosen.letters.len();
    text.push_str(&format!("{} of {all} dead letters go, {} stay\n", going.len(), all - going.len()));
    if !going.is_empty() {
        text.push_str(
            "- a record goes behind all that its partition holds by now, so what came after it stays before it\n\
             - it is given up again unless what refused it has changed since\n",
        );
    }
    match &mut producer {
        Some(producer) => {
            write(producer, &going, ask.rate.get())?;
            if !going.is_empty() {
                act::write(config, &ask.who, done(&going))?;
            }
            text.push_str(&format!("done: {} records were written again\n", going.len()));
        }
        None => text.push_str("nothing was written: --execute does it\n"),
    }
    Ok(Said { text, ended: Ended::well_if(going.len() == all) })
}

/// What was done, for the log.
fn done(going: &[&DeadLetter]) -> Done {
    let places: Vec<String> = going.iter().take(20).map(|letter| letter.place.to_string()).collect();
    let details = [("records".to_owned(), going.len().to_string()), ("first".to_owned(), places.join(" "))];
    Done { kind: "requeue", app: None, subject: "dead-letters".to_owned(), details: details.into() }
}

/// The dead letters that were chosen, in the order of their sources, with the marks of all requeued ones.
fn chosen(config: &Config, ask: &Requeue) -> anyhow::Result<Found> {
    let prefix = config.topics.prefix();
    let mut found = if ask.place.is_empty() {
        read(config, ask.filter.since, |letter| ask.filter.passes(letter, prefix))?
    } else {
        let named: Vec<DeadLetter> =
            ask.place.iter().map(|place| one(config, *place)).collect::<anyhow::Result<_>>()?;
        let oldest = named.iter().map(|letter| letter.record.timestamp).min().unwrap_or_default();
        let letters = named.into_iter().filter(|letter| ask.filter.passes(letter, prefix)).collect();
        Found { letters, ..read(config, Some(Timestamp(oldest)), |_| false)? }
    };
    found.letters.sort_by(|a, b| a.source.cmp(&b.source));
    found.letters.dedup_by(|a, b| a.place == b.place);
    Ok(found)
}

/// Whether a dead letter is requeued, and why.
fn judge(config: &Config, ask: &Requeue, letter: &DeadLetter, all: &Found) -> (bool, String) {
    let ruling = ruling(letter, &config.topics);
    let allowed = match ruling {
        Ruling::Free(_) => true,
        Ruling::Costs(_) => ask.accept_cost,
        Ruling::Refused(_) => false,
    };
    match all.requeued.get(&letter.place) {
        Some(before) if !ask.again => {
            (false, format!("it was requeued at {}: --again does it once more", told(before.last)))
        }
        Some(_) | None => (allowed, ruling.to_string()),
    }
}

/// Writes one record after the other, at most `rate` per second.
fn write(producer: &mut TransactionalProducer, going: &[&DeadLetter], rate: u32) -> anyhow::Result<()> {
    let pace = Duration::from_secs(1) / rate;
    for (done, letter) in going.iter().enumerate() {
        let began = Instant::now();
        let Some(records) = requeued(&letter.record) else { continue };
        match producer.write(&records) {
            Outcome::Committed => {}
            Outcome::Aborted(why) => {
                bail!("requeue {}: {why}; {done} of {} were written before it", letter.place, going.len())
            }
            Outcome::Unknown(why) | Outcome::Fenced(why) => bail!(
                "requeue {}: {why}; {done} of {} were written before it, and it may have been: run it again, what was \
                 written is marked and stays",
                letter.place,
                going.len()
            ),
        }
        if done + 1 < going.len() {
            thread::sleep(pace.saturating_sub(began.elapsed()));
        }
    }
    Ok(())
}
