//! How values of both sides are spread.

use serde::Serialize;

use super::case::Case;
use crate::measure::Pair;

/// The most columns of a distribution.
const COLUMNS: usize = 24;
/// Widths of a column, times a power of ten.
const STEPS: [u64; 4] = [1, 2, 5, 10];

/// How values of both sides are spread: columns of one width, from 0 on; the last one has everything beyond as well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// Width of a column.
    pub width: u64,
    /// Turns in each column.
    pub columns: Vec<Pair<u64>>,
    /// The values that 50, 95 and 99 % of the turns do not exceed.
    pub quantiles: [Pair<u64>; 3],
}

/// Times to the whole answer in milliseconds, of turns that have them on both sides.
pub fn latency(cases: &[Case<'_>]) -> Option<Distribution> {
    let of = |case: &Case<'_>| {
        let (baseline, candidate) = (case.turn.baseline.latency_ms?, case.turn.candidate.latency_ms?);
        Some(Pair { baseline, candidate })
    };
    let pairs: Vec<Pair<u64>> = cases.iter().filter_map(of).collect();
    if pairs.is_empty() {
        return None;
    }
    let sorted = |side: fn(&Pair<u64>) -> u64| {
        let mut values: Vec<u64> = pairs.iter().map(side).collect();
        values.sort_unstable();
        values
    };
    let sides = Pair { baseline: sorted(|pair| pair.baseline), candidate: sorted(|pair| pair.candidate) };
    let quantile = |values: &Vec<u64>, share: f64| {
        let place = (values.len() as f64 * share).ceil() as usize;
        values.get(place.saturating_sub(1)).copied().unwrap_or_default()
    };
    let quantiles = [0.5, 0.95, 0.99].map(|share| Pair {
        baseline: quantile(&sides.baseline, share),
        candidate: quantile(&sides.candidate, share),
    });
    let [_, _, highest] = quantiles;
    let width = width(highest.baseline.max(highest.candidate));
    let last = (highest.baseline.max(highest.candidate) / width) as usize;
    let mut columns = vec![Pair { baseline: 0, candidate: 0 }; last + 1];
    let column = |value: u64| ((value / width) as usize).min(last);
    for pair in &pairs {
        columns[column(pair.baseline)].baseline += 1;
        columns[column(pair.candidate)].candidate += 1;
    }
    Some(Distribution { width, columns, quantiles })
}

/// The least round width with which so much fits.
fn width(highest: u64) -> u64 {
    let mut power = 1;
    loop {
        if let Some(step) = STEPS.iter().find(|step| highest / (*step * power) < COLUMNS as u64) {
            return step * power;
        }
        power *= 10;
    }
}
