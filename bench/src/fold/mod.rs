//! The pure fold on one core: what a message and an answer cost, with and without routes and sessions, beside decoding the same events;
//! what a conversation takes in memory, and how large the largest one that is stored becomes.

mod bound;
pub(super) mod memory;
mod scene;

use super::table::{Goal, Samples, Table, short};
use anyhow::{Context, Result};
use memory::Form;
use scene::{Shape, Talk};
use schemas::event::Event;
use schemas::wire;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Conversations of one measurement.
const TALKS: u64 = 500;
/// Exchanges of each before it is measured, and while it is.
const BEFORE: u32 = 6;
const EXCHANGES: u32 = 8;
/// Few and many conversations in memory.
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// Most time that 200 rules may add to a message, in microseconds.
const MOST_ADDED: f64 = 20.0;
/// How much larger a conversation may be among many than among few.
const FLAT: f64 = 1.25;

/// Microseconds of one event.
#[derive(Default)]
struct Figures {
    message: Vec<f64>,
    answer: Vec<f64>,
    /// The floor: reading a message and an answer.
    decoded: [Vec<f64>; 2],
}

/// Measures.
///
/// # Errors
/// When the rules cannot be used, or a process that measures memory fails.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let rules = Shape::ALL.iter().map(|shape| shape.build()).collect::<Result<Vec<_>>>()?;
    let mut figures = Shape::ALL.map(|_| Figures::default());
    for _ in 0..rounds {
        for (figures, rules) in figures.iter_mut().zip(&rules) {
            fold_all(rules, figures)?;
        }
    }
    let mut bytes = Vec::new();
    for form in Form::ALL {
        let of = |conversations| (0..rounds.min(3)).map(move |_| memory::bytes(form, conversations));
        let few = of(FEW).collect::<Result<Vec<_>>>()?;
        bytes.push((form, Samples::new(few), Samples::new([memory::bytes(form, MANY)?])));
    }
    Ok(table(&figures, &bytes, bound::largest()?))
}

/// Folds messages and answers of many conversations in turn.
fn fold_all(rules: &decide::Rules, figures: &mut Figures) -> Result<()> {
    let mut talks = (0..TALKS).map(Talk::new).collect::<Result<Vec<_>>>()?;
    for talk in &mut talks {
        (0..BEFORE).try_for_each(|_| talk.exchange(rules))?;
    }
    let (mut message, mut answer) = (Duration::ZERO, Duration::ZERO);
    let mut decoded = [Duration::ZERO; 2];
    for _ in 0..EXCHANGES {
        for talk in &mut talks {
            let event = talk.message()?;
            decoded[0] += decode(&event)?;
            let began = Instant::now();
            let request = talk.fold(rules, event);
            message += began.elapsed();
            let event = talk.answer(&request.context("a message was not asked")?);
            decoded[1] += decode(&event)?;
            let began = Instant::now();
            black_box(talk.fold(rules, event));
            answer += began.elapsed();
        }
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(EXCHANGES) / TALKS as f64;
    figures.message.push(each(message));
    figures.answer.push(each(answer));
    for (figures, time) in figures.decoded.iter_mut().zip(decoded) {
        figures.push(each(time));
    }
    Ok(())
}

/// How long it takes to read an event as it stands in the log.
fn decode(event: &Event) -> Result<Duration> {
    let encoded = wire::encode(event, "/huiyin/bench")?;
    let header = |name: &str| encoded.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
    let began = Instant::now();
    black_box(wire::decode::<Event>(header, Some(&encoded.value))?);
    Ok(began.elapsed())
}

fn table(figures: &[Figures; 3], bytes: &[(Form, Samples, Samples)], largest: usize) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let median = |values: &[f64]| samples(values).median();
    let per_second = |message: f64, answer: f64| short(2e6 / (message + answer));
    let mut rows = Vec::new();
    for (shape, of) in Shape::ALL.iter().zip(figures) {
        let mix = per_second(median(&of.message), median(&of.answer));
        rows.push(vec![
            shape.name().to_owned(),
            samples(&of.message).text(),
            samples(&of.answer).text(),
            mix,
        ]);
    }
    let [plain, routed, _] = figures;
    let floor = &plain.decoded;
    rows.push(vec![
        "reading the same events (floor)".to_owned(),
        samples(&floor[0]).text(),
        samples(&floor[1]).text(),
        per_second(median(&floor[0]), median(&floor[1])),
    ]);
    for (form, few, many) in bytes {
        let name = format!("bytes of a conversation, {}: {FEW} | {MANY} of them", form.name());
        rows.push(vec![name, few.text(), many.text(), short(many.median() / few.median())]);
    }
    let growth = bytes.iter().map(|(_, few, many)| many.median() / few.median()).fold(f64::NAN, f64::max);
    let added = median(&routed.message) - median(&plain.message);
    Table {
        conditions: format!(
            "{TALKS} conversations in turn on one core, each with {BEFORE} exchanges behind it, then {EXCHANGES} more: a message of 60 characters, whose \
             prompt tells of all that was said, and its answer. Of the rules only the last one holds. The ordinary mix is a message for each answer. Memory \
             is what a process of its own has resident more, keys included, with three exchanges in each conversation; {FEW} of them are held a hundred \
             times, each time in a map of their own, since of so few alone the allocator's own steps would be told. The largest conversation is what is \
             stored at most of one in which people write as much as they can."
        ),
        columns: [
            "",
            "µs of a message, or few",
            "µs of an answer, or many",
            "events/s of the mix, or growth",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
        goals: vec![
            Goal::at_most("µs that 200 rules add to a message", added, MOST_ADDED),
            Goal::at_most("growth of a conversation from 1,000 to 1,000,000 of them", growth, FLAT),
            Goal::at_most("bytes of the largest conversation that is stored", largest as f64, 32_768.0),
        ],
    }
}
