//! Ratios of sums over conversations: means, shares, relative changes.
//!
//! Conversations are drawn again with replacement, and the distance of each draw from the sample is taken in the draw's own standard
//! error (bootstrap-t; B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 12). Costs are skewed, so plain
//! percentiles would miss on one side.

use super::Seed;
use super::estimate::{Estimate, Spread};

/// Draws of a bootstrap: the ends of a 95 % interval are then the 50th from either side.
pub const DRAWS: usize = 1_999;
/// Fewer conversations say nothing about how conversations differ.
pub const LEAST_CONVERSATIONS: usize = 5;

/// What one conversation adds to both sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// To the sum above the line.
    pub above: f64,
    /// To the sum below the line.
    pub below: f64,
}

/// Sums that say how far a ratio may be off.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    above: f64,
    below: f64,
    above_squared: f64,
    product: f64,
    below_squared: f64,
}

impl Sums {
    fn add(&mut self, part: Part) {
        self.count += 1.0;
        self.above += part.above;
        self.below += part.below;
        self.above_squared += part.above * part.above;
        self.product += part.above * part.below;
        self.below_squared += part.below * part.below;
    }

    fn ratio(&self) -> f64 {
        self.above / self.below
    }

    /// By linearisation (W. G. Cochran, "Sampling Techniques", 1977, chapter 6): of what each part is above the ratio times its share.
    fn error(&self) -> f64 {
        let ratio = self.ratio();
        let squares = self.above_squared - 2.0 * ratio * self.product + ratio * ratio * self.below_squared;
        (squares.max(0.0) * self.count / (self.count - 1.0)).sqrt() / self.below.abs()
    }
}

/// The ratio of both sums; `None` for too few conversations, or nothing below the line.
pub fn estimate(parts: &[Part], seed: Seed) -> Option<Estimate> {
    let mut sums = Sums::default();
    parts.iter().for_each(|part| sums.add(*part));
    if parts.len() < LEAST_CONVERSATIONS || sums.below <= 0.0 {
        return None;
    }
    let (point, error) = (sums.ratio(), left_out(parts, sums));
    // Parts that are all alike differ by what cannot be counted only.
    let error = if error <= point.abs() * 1e-12 { 0.0 } else { error };
    let draws = if error > 0.0 { draws(parts, point, seed) } else { vec![0.0] };
    Some(Estimate { point, error, conversations: parts.len(), spread: Spread::Studentised(draws) })
}

/// The standard error by leaving each conversation out in turn (the jackknife): one that weighs much pulls the ratio to itself, which hides how far
/// off it lies. The draws' own errors do without, or the correction would cancel out.
fn left_out(parts: &[Part], sums: Sums) -> f64 {
    let off = |part: &Part| {
        let rest = 1.0 - part.below / sums.below;
        if rest > 0.0 { (part.above - sums.ratio() * part.below) / rest } else { 0.0 }
    };
    let squares: f64 = parts.iter().map(|part| off(part).powi(2)).sum();
    (squares * (sums.count - 1.0) / sums.count).sqrt() / sums.below
}

fn draws(parts: &[Part], point: f64, seed: Seed) -> Vec<f64> {
    let mut source = seed.source();
    let count = parts.len() as u64;
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let mut sums = Sums::default();
            for _ in 0..parts.len() {
                if let Some(part) = parts.get(source.below(count) as usize) {
                    sums.add(*part);
                }
            }
            (sums.ratio() - point) / sums.error()
        })
        // A draw of one conversation again and again has no error.
        .filter(|distance| distance.is_finite())
        .collect();
    draws.sort_by(f64::total_cmp);
    draws
}
