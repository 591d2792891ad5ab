//! Shares of turns in which something is so, and how such a share differs between both sides.
//!
//! Rare things make a bootstrap say too much: what the sample has not, no draw has. So both are taken from formulas for small counts, in
//! which the conversations' own spread says how many independent turns they are worth.

use super::estimate::{Estimate, Spread};
use super::ratio::LEAST_CONVERSATIONS;

/// What one conversation has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    /// Turns in which it is so; for a difference, those of the candidate less those of the baseline.
    pub hits: f64,
    /// Turns.
    pub turns: f64,
}

struct Spreads {
    turns: f64,
    point: f64,
    /// Squares of what each conversation has above its share, added up and corrected for their number.
    squares: f64,
}

fn spreads(counts: &[Count]) -> Option<Spreads> {
    let turns: f64 = counts.iter().map(|count| count.turns).sum();
    if counts.len() < LEAST_CONVERSATIONS || turns <= 0.0 {
        return None;
    }
    let point = counts.iter().map(|count| count.hits).sum::<f64>() / turns;
    let squares: f64 = counts.iter().map(|count| (count.hits - point * count.turns).powi(2)).sum();
    let conversations = counts.len() as f64;
    Some(Spreads { turns, point, squares: squares * conversations / (conversations - 1.0) })
}

/// A share, with Wilson's score interval among as many independent turns as the conversations are worth: E. L. Korn, B. I. Graubard,
/// "Confidence intervals for proportions with small expected number of positive counts", Survey Methodology 24 (1998), 193-201. Where all
/// turns are alike each conversation counts as one turn.
pub fn share(counts: &[Count]) -> Option<Estimate> {
    let Spreads { turns, point, squares } = spreads(counts)?;
    let conversations = counts.len();
    let worth = point * (1.0 - point) / (squares / (turns * turns));
    // What is no number: nothing differs.
    let worth = if worth.is_nan() { conversations as f64 } else { worth.clamp(1.0, turns) };
    let error = (squares.sqrt() / turns).max((point * (1.0 - point) / turns).sqrt());
    Some(Estimate { point, error, conversations, spread: Spread::Score { turns: worth } })
}

/// A difference of shares of the same turns, with half a turn added to each way in which a turn can be: A. Agresti, Y. Min, "Simple improved
/// confidence intervals for comparing matched proportions", Statistics in Medicine 24 (2005), 729-740, here with the spread of
/// conversations. With fewer than some ten turns that changed it is cautious.
pub fn difference(counts: &[Count]) -> Option<Estimate> {
    let Spreads { turns, point, squares } = spreads(counts)?;
    let (more, centre) = (turns + 2.0, point * turns / (turns + 2.0));
    let error = (squares + 1.0).sqrt() / more;
    Some(Estimate { point, error, conversations: counts.len(), spread: Spread::Student { centre } })
}
