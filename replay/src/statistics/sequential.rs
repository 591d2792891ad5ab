//! A mean that may be looked at after every conversation, without more mistakes than one look would make.
//!
//! Two players bet on each conversation, one that the mean is above a value, one that it is below. If the mean is that value, neither can expect to win,
//! and by Ville's inequality both together make 20 times their money with a chance of 5 % at most, however often they look. Values at
//! which somebody has made so much are excluded; the others are the interval. I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", Journal
//! of the Royal Statistical Society B 86 (2024), 1-27.
//!
//! A conversation counts with the number of its turns: what is bet on is its sum above the mean, as a share of what the largest conversation could
//! have. So the mean is that of turns, as in [`super::ratio`].

use super::LEVEL;

/// The most of its money that a player risks on one conversation.
const BOLDEST: f64 = 0.9;
/// Halvings of a range of means.
const HALVINGS: u32 = 40;

/// What one conversation had.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    /// Its mean, from 0 to 1.
    mean: f64,
    /// Its turns as a share of the largest conversation's.
    weight: f64,
    /// What is bet on it, before a player's caution.
    bet: f64,
}

/// A mean from 0 to 1, watched while conversations come in, in random order.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    largest: f64,
    seen: Vec<Seen>,
    /// Of weighted distances from the running mean, beginning with what is expected of one.
    squares: f64,
    sum: f64,
    weights: f64,
    /// The narrowest interval so far.
    low: f64,
    high: f64,
}

impl Watch {
    /// Before the first conversation. How many turns each may bring is known before anything is judged.
    pub fn new(turns: &[u64]) -> Self {
        let largest = turns.iter().copied().max().unwrap_or_default().max(1) as f64;
        let shares: f64 = turns.iter().map(|turns| (*turns as f64 / largest).powi(2)).sum();
        Self {
            largest,
            seen: Vec::new(),
            // At most a quarter, of a mean that is 0 or 1.
            squares: 0.25 * if turns.is_empty() { 1.0 } else { shares / turns.len() as f64 },
            sum: 0.0,
            weights: 0.0,
            low: 0.0,
            high: 1.0,
        }
    }

    /// A conversation has come in, with so many turns and their values from 0 to 1 added up.
    pub fn see(&mut self, sum: f64, turns: u64) {
        if turns == 0 {
            return;
        }
        let mean = (sum / turns as f64).clamp(0.0, 1.0);
        let weight = (turns as f64 / self.largest).min(1.0);
        let count = self.seen.len() as f64 + 1.0;
        // Only what was seen before this conversation may say how much is bet on it.
        let variance = self.squares / count;
        let bet = (2.0 * (2.0 / (1.0 - LEVEL)).ln() / (variance * count * (count + 1.0).ln())).sqrt();
        self.seen.push(Seen { mean, weight, bet });
        self.sum += mean * weight;
        self.weights += weight;
        let running = (0.5 + self.sum) / (1.0 + self.weights);
        self.squares += (weight * (mean - running)).powi(2);
        self.narrow();
    }

    /// The conversations that have come in.
    pub fn conversations(&self) -> usize {
        self.seen.len()
    }

    /// The mean of all turns; a half before the first.
    pub fn mean(&self) -> f64 {
        if self.weights > 0.0 { self.sum / self.weights } else { 0.5 }
    }

    /// The interval, which holds at every look at once.
    pub fn interval(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Whether the mean is known to be on one side of a value.
    pub fn excludes(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }

    /// Whether a player has made enough to exclude a value. Each has half of the money.
    fn lost(&self, value: f64, player: Player) -> bool {
        self.money(value, player) >= (2.0 / (1.0 - LEVEL)).ln()
    }

    /// The logarithm of what a player has made of 1.
    fn money(&self, value: f64, player: Player) -> f64 {
        let won = |seen: &Seen| {
            let (sign, room) = match player {
                Player::Above => (1.0, value),
                Player::Below => (-1.0, 1.0 - value),
            };
            // Weighted, the most that can be lost is the room.
            let bet = seen.bet.min(BOLDEST / room.max(f64::MIN_POSITIVE));
            (sign * bet * seen.weight * (seen.mean - value)).ln_1p()
        };
        self.seen.iter().map(won).sum()
    }

    /// What a player has made falls steadily towards their side, so that the border is found by halving.
    fn narrow(&mut self) {
        let mean = self.mean();
        if self.lost(self.low, Player::Above) {
            let (mut out, mut within) = (self.low, mean.max(self.low));
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(out, within);
                if self.lost(middle, Player::Above) { out = middle } else { within = middle }
            }
            self.low = out;
        }
        if self.lost(self.high, Player::Below) {
            let (mut out, mut within) = (self.high, mean.min(self.high));
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(out, within);
                if self.lost(middle, Player::Below) { out = middle } else { within = middle }
            }
            self.high = out;
        }
    }
}

/// Who bets that the mean is where.
#[derive(Debug, Clone, Copy)]
enum Player {
    Above,
    Below,
}
