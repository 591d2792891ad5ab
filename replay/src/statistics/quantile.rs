//! Relative change of a quantile between both sides.
//!
//! Conversations are drawn again with replacement, which gives the standard error of the ratio's logarithm. Percentiles of the draws would be too
//! wide, since a quantile jumps from one turn to the next.

use super::Seed;
use super::estimate::{Estimate, Spread};
use super::ratio::{DRAWS, LEAST_CONVERSATIONS};

/// One value of one side with its conversation.
#[derive(Debug, Clone, Copy)]
struct Value {
    value: f64,
    conversation: usize,
}

/// The values of one side, the highest first.
struct Side(Vec<Value>);

impl Side {
    fn new(values: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut values: Vec<Value> =
            values.map(|(conversation, value)| Value { value, conversation }).collect();
        values.sort_by(|one, other| other.value.total_cmp(&one.value));
        Self(values)
    }

    /// The lowest value that at least this share of the turns do not exceed, each conversation drawn so many times.
    fn quantile(&self, share: f64, times: &[u32], turns: f64) -> f64 {
        let above = turns * (1.0 - share);
        let mut passed = 0.0;
        for Value { value, conversation } in &self.0 {
            passed += f64::from(times.get(*conversation).copied().unwrap_or_default());
            if passed > above + 1e-9 {
                return *value;
            }
        }
        f64::NAN
    }
}

/// Both sides' quantiles and what is known of the relative change from the baseline's to the candidate's.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The baseline's.
    pub baseline: f64,
    /// The candidate's.
    pub candidate: f64,
    /// The relative change; absent for too few conversations.
    pub estimate: Option<Estimate>,
}

/// The change of a quantile. Each conversation has a pair of baseline and candidate for each turn.
pub fn change(conversations: &[Vec<(f64, f64)>], share: f64, seed: Seed) -> Option<Change> {
    let numbered = || conversations.iter().enumerate();
    let side = |of: fn(&(f64, f64)) -> f64| {
        Side::new(numbered().flat_map(move |(index, pairs)| pairs.iter().map(move |pair| (index, of(pair)))))
    };
    let (baseline, candidate) = (side(|pair| pair.0), side(|pair| pair.1));
    let turns = baseline.0.len() as f64;
    let both = |times: &[u32], turns: f64| {
        (baseline.quantile(share, times, turns), candidate.quantile(share, times, turns))
    };
    let (before, after) = both(&vec![1; conversations.len()], turns);
    if turns == 0.0 || before <= 0.0 {
        return None;
    }
    if conversations.len() < LEAST_CONVERSATIONS {
        return Some(Change { baseline: before, candidate: after, estimate: None });
    }
    let mut source = seed.source();
    let draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let mut times = vec![0; conversations.len()];
            let mut drawn = 0.0;
            for _ in 0..conversations.len() {
                let index = source.below(conversations.len() as u64) as usize;
                if let (Some(times), Some(pairs)) = (times.get_mut(index), conversations.get(index)) {
                    *times += 1;
                    drawn += pairs.len() as f64;
                }
            }
            let (before, after) = both(&times, drawn);
            (after / before).ln()
        })
        .filter(|change| change.is_finite())
        .collect();
    let error = deviation(&draws);
    let estimate = Estimate {
        point: after / before - 1.0,
        error: after / before * error,
        conversations: conversations.len(),
        spread: Spread::Logarithm { error },
    };
    Some(Change { baseline: before, candidate: after, estimate: Some(estimate) })
}

fn deviation(draws: &[f64]) -> f64 {
    let count = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / count;
    (draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
}
