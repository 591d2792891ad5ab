//! `huiyin dead-letters requeue`: each record goes in one transaction with the mark that says so.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use pipeline::kafka::{Instance, Outcome, TransactionalProducer};
use pipeline::requeued;

use super::Requeue;
use super::letter::{Letter, Letters, one, read};
use super::ruling::{Ruling, ruling};
use crate::Said;
use crate::config::Config;
use crate::moment::{Moment, told};

/// Who writes: a second operator at the same time takes the first one's place.
const WRITER: &str = "requeue";

/// Plans and tells; with `execute` also writes.
pub(super) fn requeue(config: &Config, ask: &Requeue) -> anyhow::Result<Said> {
    // Before the marks are read: from here on nobody else can write any.
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
            letter.place,
            letter.origin(),
            letter.step,
            letter.reason
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
            text.push_str(&format!("done: {} records were written again\n", going.len()));
        }
        None => text.push_str("nothing was written: --execute does it\n"),
    }
    Ok(Said { text, ok: going.len() == all })
}

/// The letters that are meant, in the order in which they were read from their topics, with the marks of all.
fn chosen(config: &Config, ask: &Requeue) -> anyhow::Result<Letters> {
    let prefix = config.topics.prefix();
    let mut found = if ask.place.is_empty() {
        read(config, ask.filter.since, |letter| ask.filter.passes(letter, prefix))?
    } else {
        let named: Vec<Letter> =
            ask.place.iter().map(|place| one(config, *place)).collect::<anyhow::Result<_>>()?;
        let oldest = named.iter().map(|letter| letter.record.timestamp).min().unwrap_or_default();
        let letters = named.into_iter().filter(|letter| ask.filter.passes(letter, prefix)).collect();
        Letters { letters, ..read(config, Some(Moment(oldest)), |_| false)? }
    };
    found.letters.sort_by(|a, b| a.source.cmp(&b.source));
    found.letters.dedup_by(|a, b| a.place == b.place);
    Ok(found)
}

/// Whether a letter goes, and why.
fn judge(config: &Config, ask: &Requeue, letter: &Letter, all: &Letters) -> (bool, String) {
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

/// Writes one after the other, at most `rate` in a second.
fn write(producer: &mut TransactionalProducer, going: &[&Letter], rate: u32) -> anyhow::Result<()> {
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
