//! How many messages the filter engine judges in a second of one core, beside an automaton and a normalisation by library.

mod ours;
mod peer;
mod scene;

use super::table::{Goal, Samples, Table, short};
use super::usage;
use anyhow::Result;
use ours::Seen;
use peer::Peer;
use scene::Scene;
use std::process::id;
use std::time::Instant;

/// Words that messages are judged by.
const WORDS: usize = 64_000;
/// Words of the dictionary that is loaded.
const MANY_WORDS: usize = 100_000;
/// Characters of all messages of one measurement, about.
const CHARACTERS: usize = 8_000_000;
/// Verdicts whose time is taken by itself.
const VERDICTS: usize = 50_000;
const SEED: u64 = 13;

/// Messages per second of one core: of short and of long messages.
#[derive(Default)]
struct Rates {
    short: Vec<f64>,
    long: Vec<f64>,
}

impl Rates {
    fn measure(&mut self, scene: &Scene, mut judge: impl FnMut(&str) -> usize) -> Result<()> {
        self.short.push(rate(&scene.short, &mut judge)?);
        self.long.push(rate(&scene.long, &mut judge)?);
        Ok(())
    }
}

/// So many engines are built at once to tell how much memory one takes: what the allocator had at hand before counts for little.
const COPIES: usize = 8;

/// Everything that was measured.
#[derive(Default)]
struct Figures {
    ours: [Rates; Seen::ALL.len()],
    peer: Rates,
    /// Seconds from the dictionary's text to an engine of [`MANY_WORDS`].
    load: Vec<f64>,
    /// The same for the peer.
    peer_load: Vec<f64>,
    /// Mebibytes that the engine and what building it left behind keep resident.
    memory: f64,
    peer_memory: f64,
    /// 50th and 99th percentile of one verdict with everything on, in microseconds.
    verdict: [Vec<f64>; 2],
}

/// The dictionary of [`WORDS`] words with the default views, as a file.
///
/// # Errors
/// When the words do not fit into one automaton.
pub(super) fn dictionary() -> Result<String> {
    Ok(ours::dictionary(&Scene::new(SEED, WORDS)?.words, Seen::ByDefault))
}

/// Measures.
///
/// # Errors
/// When a dictionary cannot be used, or the kernel does not tell what was used.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let scene = Scene::new(SEED, WORDS)?;
    let many = Scene::new(SEED, MANY_WORDS)?.words;
    let mut figures = Figures::default();
    let files = Seen::ALL.map(|seen| ours::dictionary(&scene.words, seen));
    let before = usage::resident_memory(id());
    let [_, by_default, _] = &files;
    let copies = std::array::from_fn::<_, COPIES, _>(|_| ours::engine(by_default));
    let resident = usage::resident_memory(id()).saturating_sub(before) as f64 / 1_048_576.0;
    figures.memory = resident / COPIES as f64;
    drop(copies.into_iter().collect::<Result<Vec<_>>>()?);
    let engines = [ours::engine(&files[0])?, ours::engine(&files[1])?, ours::engine(&files[2])?];
    let whole = ours::whole_engine(by_default)?;
    let mut peer = Peer::new(&scene.words)?;
    figures.peer_memory = peer.memory() as f64 / 1_048_576.0;
    let many_file = ours::dictionary(&many, Seen::ByDefault);
    for _ in 0..rounds {
        figures.peer.measure(&scene, |text| peer.hits(text))?;
        for (rates, engine) in figures.ours.iter_mut().zip(&engines) {
            rates.measure(&scene, |text| ours::hits(engine, text))?;
        }
        let [median, p99] = &mut figures.verdict;
        let times = times(&scene.short, |text| ours::hits(&whole, text));
        median.push(percentile(&times, 50));
        p99.push(percentile(&times, 99));
        figures.load.push(processor_seconds(|| ours::engine(&many_file).map(drop))?);
        figures.peer_load.push(processor_seconds(|| Peer::new(&many).map(drop))?);
    }
    Ok(table(&figures))
}

/// Messages per second of this thread's processor time.
fn rate(messages: &[String], judge: &mut impl FnMut(&str) -> usize) -> Result<f64> {
    let characters: usize = messages.iter().map(|message| message.chars().count()).sum();
    let turns = (CHARACTERS / characters.max(1)).max(1);
    // Once before, so that all of it is warm.
    let mut hits: usize = messages.iter().map(|message| judge(message)).sum();
    let seconds = processor_seconds(|| {
        for _ in 0..turns {
            hits += messages.iter().map(|message| judge(message)).sum::<usize>();
        }
        Ok(())
    })?;
    std::hint::black_box(hits);
    Ok((messages.len() * turns) as f64 / seconds)
}

fn processor_seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = usage::cpu_of_thread()?;
    work()?;
    Ok(usage::cpu_of_thread()?.saturating_sub(before).as_secs_f64())
}

/// Microseconds of each verdict, sorted.
fn times(messages: &[String], mut judge: impl FnMut(&str) -> usize) -> Vec<f64> {
    let mut times: Vec<f64> = messages
        .iter()
        .cycle()
        .take(VERDICTS)
        .map(|message| {
            let began = Instant::now();
            std::hint::black_box(judge(message));
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

fn table(figures: &Figures) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let row = |what: String, ours: &[f64], peer: &[f64]| {
        let ratio = samples(ours).median() / samples(peer).median();
        vec![what, samples(ours).text(), samples(peer).text(), short(ratio)]
    };
    let alone =
        |what: &str, ours: &[f64]| vec![what.to_owned(), samples(ours).text(), String::new(), String::new()];
    let mut rows = Vec::new();
    for (seen, rates) in Seen::ALL.iter().zip(&figures.ours) {
        let name = seen.name();
        rows.push(row(format!("messages/s, 85 characters, {name}"), &rates.short, &figures.peer.short));
        rows.push(row(format!("messages/s, 2,000 characters, {name}"), &rates.long, &figures.peer.long));
    }
    rows.push(alone("p50 of a verdict in µs, with expressions and personal data", &figures.verdict[0]));
    rows.push(alone("p99 of a verdict in µs, with expressions and personal data", &figures.verdict[1]));
    rows.push(row("CPU s to load 100,000 words".to_owned(), &figures.load, &figures.peer_load));
    rows.push(row("MiB of 64,000 words".to_owned(), &[figures.memory], &[figures.peer_memory]));
    let [_, by_default, _] = &figures.ours;
    let rate = samples(&by_default.short).median();
    Table {
        conditions: format!(
            "{WORDS} words of two to six ideographs, the same in every run, no word in an ordinary message; messages of everyday words, \
             common ideographs, punctuation, Latin, numbers and emoji, of which one in fifty has a word, every second of these with a \
             sign within. Folding is always full. Default views are separators and repeats, which every word can ask for; with all \
             eight, two ideographs of any reading are a hit, and most messages have some. The peer: `unicode-normalization`'s NFKC and lower \
             case into a kept buffer, `aho-corasick`'s contiguous automaton, overlapping hits, no views, no traditional characters. \
             Rates are messages per second of one thread's processor time. A verdict is timed by itself, by the clock, at 85 characters \
             with the default views, three expressions and personal data. Memory is what stays resident once the engine is built, \
             for the peer its automaton."
        ),
        columns: ["figure", "huiyin", "aho-corasick + NFKC", "huiyin / peer"].map(str::to_owned).to_vec(),
        rows,
        goals: vec![
            Goal::at_least("messages/s of 85 characters, default views", rate, 1.5e6),
            Goal::at_least("the same against the peer", rate / samples(&figures.peer.short).median(), 5.0),
            Goal::at_most("p99 of a verdict in µs", samples(&figures.verdict[1]).median(), 20.0),
            Goal::at_most("s to load 100,000 words", samples(&figures.load).median(), 0.5),
        ],
    }
}
