//! What is known of a figure.

use super::normal;

/// How sure an interval is: 95 %.
pub const LEVEL: f64 = 0.95;
/// How surely a least effect would be seen: 80 %.
pub const POWER: f64 = 0.8;

/// What is known of a figure: where it is, and how far off it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The figure in the sample.
    pub point: f64,
    /// Its standard error, conversations being what is drawn.
    pub error: f64,
    /// Conversations that it rests upon.
    pub conversations: usize,
    /// What says how far off it may be.
    pub(super) spread: Spread,
}

/// How far off a figure may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spread {
    /// Distances of draws from the figure in their own standard errors, sorted.
    Studentised(Vec<f64>),
    /// Student's distribution around the logarithm of a relative change's ratio, with its standard error.
    Logarithm { error: f64 },
    /// Student's distribution around a centre that need not be the figure.
    Student { centre: f64 },
    /// Wilson's score interval of a share among as many independent turns as the conversations are worth.
    Score { turns: f64 },
}

/// How much it would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Needs {
    /// So many conversations.
    Conversations(u64),
    /// More than a hundred times those that are there: the figure lies too close to the limit.
    TooMany,
}

impl Estimate {
    /// The interval at [`LEVEL`].
    pub fn interval(&self) -> (f64, f64) {
        let side = (1.0 - LEVEL) / 2.0;
        (self.quantile(side), self.quantile(1.0 - side))
    }

    /// The value that the truth is below with so much confidence.
    fn quantile(&self, confidence: f64) -> f64 {
        match &self.spread {
            Spread::Studentised(draws) => self.point - self.error * at(draws, 1.0 - confidence),
            Spread::Logarithm { error } => {
                let t = normal::to_student(normal::quantile(confidence), self.freedom());
                (1.0 + self.point) * (t * error).exp() - 1.0
            }
            Spread::Student { centre } => {
                centre + self.error * normal::to_student(normal::quantile(confidence), self.freedom())
            }
            Spread::Score { turns } => {
                let z = normal::to_student(normal::quantile(confidence), self.freedom());
                let widened = 1.0 + z * z / turns;
                let middle = (self.point + z * z / (2.0 * turns)) / widened;
                let variance = self.point * (1.0 - self.point) / turns + z * z / (4.0 * turns * turns);
                (middle + z / widened * variance.sqrt()).clamp(0.0, 1.0)
            }
        }
    }

    /// How likely a sample that speaks so much for a truth above the limit is, if the truth is at the limit.
    pub fn chance_if_not_above(&self, limit: f64) -> f64 {
        if self.never_differs() { f64::from(self.point <= limit) } else { self.chance_below(limit) }
    }

    /// How likely a sample that speaks so much for a truth below the limit is, if the truth is at the limit.
    pub fn chance_if_not_below(&self, limit: f64) -> f64 {
        if self.never_differs() {
            return f64::from(self.point >= limit);
        }
        match &self.spread {
            // Ties count for both sides.
            Spread::Studentised(draws) => {
                let distance = self.distance(limit);
                share(draws.len(), draws.partition_point(|draw| *draw <= distance))
            }
            Spread::Logarithm { .. } | Spread::Student { .. } | Spread::Score { .. } => {
                1.0 - self.chance_below(limit)
            }
        }
    }

    /// How likely a sample that differs so much from the limit in either direction is, if the truth is at the limit.
    pub fn chance_if_at(&self, limit: f64) -> f64 {
        (2.0 * self.chance_if_not_above(limit).min(self.chance_if_not_below(limit))).min(1.0)
    }

    fn chance_below(&self, limit: f64) -> f64 {
        match &self.spread {
            Spread::Studentised(draws) => {
                let distance = self.distance(limit);
                share(draws.len(), draws.len() - draws.partition_point(|draw| *draw < distance))
            }
            // Nothing falls by more than everything.
            Spread::Logarithm { .. } if limit <= -1.0 => 0.0,
            Spread::Logarithm { error } => {
                let t = ((1.0 + limit) / (1.0 + self.point)).ln() / error;
                normal::below(normal::from_student(t, self.freedom()))
            }
            Spread::Student { centre } => {
                let t = (limit - centre) / self.error;
                normal::below(normal::from_student(t, self.freedom()))
            }
            Spread::Score { turns } => {
                let error = (limit * (1.0 - limit) / turns).sqrt();
                if error == 0.0 {
                    // Nothing below 0, nothing above 1.
                    return if limit <= 0.0 { f64::from(self.point <= 0.0) } else { 1.0 };
                }
                normal::below(normal::from_student((limit - self.point) / error, self.freedom()))
            }
        }
    }

    fn distance(&self, limit: f64) -> f64 {
        (self.point - limit) / self.error
    }

    /// Every conversation has the figure as it is, and so would any other.
    fn never_differs(&self) -> bool {
        self.error <= 0.0 && !matches!(self.spread, Spread::Score { .. })
    }

    fn freedom(&self) -> f64 {
        (self.conversations.max(2) - 1) as f64
    }

    /// The smallest difference that a sample of this size would show: an effect so large is seen with [`POWER`] by a test at [`LEVEL`]. The
    /// longer side of the interval counts: skewed figures rise and fall with unequal certainty.
    pub fn least_effect(&self) -> f64 {
        let (low, high) = self.interval();
        (self.point - low).max(high - self.point) + normal::quantile(POWER) * self.error
    }

    /// How far from a limit the figure must be to be told from it with [`POWER`], on the side where the limit is.
    fn reach(&self, limit: f64) -> f64 {
        if let Spread::Logarithm { error } = self.spread {
            let side = normal::to_student(normal::quantile(1.0 - (1.0 - LEVEL) / 2.0), self.freedom());
            return (side + normal::quantile(POWER)) * error;
        }
        let (low, high) = self.interval();
        let side = if limit > self.point { high - self.point } else { self.point - low };
        side + normal::quantile(POWER) * self.error
    }

    fn distance_to(&self, limit: f64) -> f64 {
        match self.spread {
            Spread::Logarithm { .. } => ((1.0 + limit).max(0.0).ln() - (1.0 + self.point).ln()).abs(),
            Spread::Studentised(_) | Spread::Student { .. } | Spread::Score { .. } => {
                (self.point - limit).abs()
            }
        }
    }

    /// Conversations that it would take to tell the figure, if it is where the sample has it, from a limit.
    pub fn needs(&self, limit: f64) -> Needs {
        let times = (self.reach(limit) / self.distance_to(limit)).powi(2);
        let needed = (times * self.conversations as f64).ceil();
        // Also what is infinite, and no number because both are 0.
        if times <= 100.0 { Needs::Conversations((needed as u64).max(2)) } else { Needs::TooMany }
    }
}

/// The value below which a share of sorted draws lies, between neighbours in proportion.
fn at(draws: &[f64], share: f64) -> f64 {
    let place = share * (draws.len() as f64 + 1.0) - 1.0;
    let place = place.clamp(0.0, draws.len().saturating_sub(1) as f64);
    let (low, rest) = (place.floor(), place.fract());
    let draw = |index: f64| draws.get(index as usize).copied();
    match (draw(low), draw(low + 1.0)) {
        (Some(one), Some(other)) if rest > 0.0 => one + (other - one) * rest,
        (Some(one), _) => one,
        (None, _) => f64::NAN,
    }
}

/// A share of draws that is never 0, since there are only so many of them.
fn share(draws: usize, count: usize) -> f64 {
    (count as f64 + 1.0) / (draws as f64 + 1.0)
}
