//! Whether the judge says what people say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::results::{Preference, TurnResult};
use crate::statistics::Seed;
use crate::statistics::ratio::{self, Part};

/// Draws for the interval of kappa.
const DRAWS: usize = 1_999;

/// What a person says of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Word {
    /// The turn.
    pub turn: String,
    /// Which answer is better.
    pub better: Preference,
}

/// Why a sample cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadSample {
    /// A line that says nothing.
    #[error("line {line}: {what}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

impl BadSample {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Line { .. } => "line",
        }
    }
}

/// How far the judge agrees with people. Chance alone agrees too, which kappa takes off: 0 is chance, 1 always.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Turns of which both said something.
    pub turns: usize,
    /// Turns of the sample of which the judge said nothing, or which the replay has not.
    pub missing: usize,
    /// Share of turns of which both said the same.
    pub raw: f64,
    /// Its interval, conversations being what is drawn; absent for too few.
    pub raw_interval: Option<(f64, f64)>,
    /// Cohen's kappa (J. Cohen, Educational and Psychological Measurement 20, 1960); absent where one of them always says the same.
    pub kappa: Option<f64>,
    /// Its interval.
    pub kappa_interval: Option<(f64, f64)>,
}

/// Reads a sample: JSON lines `{"turn", "better"}`, or CSV with a head that names the columns `turn` and `better`. `better` is `baseline`, `tie` or
/// `candidate`.
pub fn read(text: &str) -> Result<Vec<Word>, BadSample> {
    let lines = || (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let is_json = lines().next().is_some_and(|(_, line)| line.trim_start().starts_with('{'));
    let bad = |line: usize, what: String| BadSample::Line { line, what };
    if is_json {
        return lines()
            .map(|(number, line)| serde_json::from_str(line).map_err(|error| bad(number, error.to_string())))
            .collect();
    }
    let mut lines = lines();
    let Some((_, head)) = lines.next() else { return Ok(Vec::new()) };
    let names: Vec<&str> = cells(head.trim_start_matches('\u{feff}'));
    let column = |name: &str| {
        names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| bad(1, format!("there is no column {name:?}")))
    };
    let (turn, better) = (column("turn")?, column("better")?);
    lines
        .map(|(number, line)| {
            let cells = cells(line);
            let cell = |column: usize| cells.get(column).copied().unwrap_or_default();
            let better = serde_json::from_value(cell(better).into()).map_err(|_| {
                bad(number, format!("{:?} is none of baseline, tie, candidate", cell(better)))
            })?;
            Ok(Word { turn: cell(turn).to_owned(), better })
        })
        .collect()
}

/// Cells without commas in them, which ids and our three words have not.
fn cells(line: &str) -> Vec<&str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"')).collect()
}

/// Compares the judge's words with a person's.
pub fn agreement(turns: &[TurnResult], sample: &[Word], seed: Seed) -> Option<Agreement> {
    let judged: BTreeMap<&str, (&str, Preference)> = turns
        .iter()
        .filter_map(|turn| {
            Some((turn.turn.as_str(), (turn.conversation.as_str(), turn.judged.as_ref()?.better())))
        })
        .collect();
    let mut conversations: BTreeMap<&str, Vec<(Preference, Preference)>> = BTreeMap::new();
    for word in sample {
        if let Some((conversation, better)) = judged.get(word.turn.as_str()) {
            conversations.entry(conversation).or_default().push((*better, word.better));
        }
    }
    let pairs: Vec<Vec<(Preference, Preference)>> = conversations.into_values().collect();
    let turns: usize = pairs.iter().map(Vec::len).sum();
    let table = Table::of(pairs.iter());
    let parts: Vec<Part> = pairs
        .iter()
        .map(|pairs| Part {
            above: pairs.iter().filter(|(one, other)| one == other).count() as f64,
            below: pairs.len() as f64,
        })
        .collect();
    let raw_interval = ratio::estimate(&parts, seed).map(|estimate| estimate.interval());
    (turns > 0).then(|| Agreement {
        turns,
        missing: sample.len() - turns,
        raw: table.raw(),
        raw_interval: raw_interval.map(|(low, high)| (low.max(0.0), high.min(1.0))),
        kappa: table.kappa(),
        kappa_interval: kappa_interval(&pairs, seed),
    })
}

/// Percentiles of kappa in draws of conversations.
fn kappa_interval(pairs: &[Vec<(Preference, Preference)>], seed: Seed) -> Option<(f64, f64)> {
    if pairs.len() < ratio::LEAST_CONVERSATIONS {
        return None;
    }
    let mut source = seed.of_part("kappa").source();
    let draw = |_| {
        let drawn = (0..pairs.len()).filter_map(|_| pairs.get(source.below(pairs.len() as u64) as usize));
        Table::of(drawn).kappa()
    };
    let mut draws: Vec<f64> = (0..DRAWS).filter_map(draw).collect();
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws.get(((draws.len() as f64 - 1.0) * share).round() as usize).copied();
    Some((at(0.025)?, at(0.975)?))
}

/// How often each pair of words was said.
#[derive(Default)]
struct Table([[f64; 3]; 3]);

impl Table {
    fn of<'a>(conversations: impl Iterator<Item = &'a Vec<(Preference, Preference)>>) -> Self {
        let mut table = Self::default();
        for (one, other) in conversations.flatten() {
            table.0[*one as usize][*other as usize] += 1.0;
        }
        table
    }

    fn all(&self) -> f64 {
        self.0.iter().flatten().sum()
    }

    fn raw(&self) -> f64 {
        (0..3).map(|word| self.0[word][word]).sum::<f64>() / self.all()
    }

    fn kappa(&self) -> Option<f64> {
        let all = self.all();
        let row = |word: usize| self.0[word].iter().sum::<f64>() / all;
        let column = |word: usize| self.0.iter().map(|row| row[word]).sum::<f64>() / all;
        let chance: f64 = (0..3).map(|word| row(word) * column(word)).sum();
        (all > 0.0 && chance < 1.0).then(|| (self.raw() - chance) / (1.0 - chance))
    }
}
