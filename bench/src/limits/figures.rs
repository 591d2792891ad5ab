//! What a stream came to: counts, what the vendor saw of its limit, times and fairness.

use super::app::Counting;
use super::outcome::{Fate, Outcome};
use super::traffic::Traffic;
use crate::load::Latencies;
use std::collections::BTreeMap;
use std::time::Duration;

/// Figures of one stream. What was not measured, or is not there, is no number.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) asked: f64,
    pub(super) answered: f64,
    /// Who got the app's text in place of an answer.
    pub(super) told: f64,
    /// Answers given up.
    pub(super) lost: f64,
    /// Who had got nothing when the watch ended.
    pub(super) silent: f64,
    /// Sends beyond the first to the same message.
    pub(super) again: f64,
    /// Calls over the limit that the vendor refused.
    pub(super) refused: f64,
    /// Most calls in a second of the vendor's clock, and in any second, against the limit.
    pub(super) fixed: f64,
    pub(super) sliding: f64,
    /// Accepted answers per second against the limit, while there was more to send than the limit allows.
    pub(super) throughput: f64,
    /// From the first message to the last answer, against messages ÷ limit; infinite where one is missing.
    pub(super) last: f64,
    /// Jain's index of the answers of each conversation, when the last message came.
    pub(super) fairness: f64,
    /// Seconds from a message to its answer, infinite without one: 50 and 99 percent.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// When a stream was played and watched, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    pub(super) begun: i64,
    /// The last message was due.
    pub(super) asked_until: i64,
    pub(super) ended: i64,
}

impl Figures {
    /// Of what people got, without a limit.
    pub(super) fn of(outcomes: &[Outcome], watched: Watched) -> Self {
        let count = |fate: Fate| outcomes.iter().filter(|outcome| outcome.fate == fate).count() as f64;
        Self {
            asked: outcomes.len() as f64,
            answered: count(Fate::Answered),
            told: count(Fate::Told),
            lost: count(Fate::Lost),
            silent: count(Fate::Silent),
            again: outcomes.iter().map(|outcome| outcome.again).sum::<u64>() as f64,
            refused: f64::NAN,
            fixed: f64::NAN,
            sliding: f64::NAN,
            throughput: f64::NAN,
            last: f64::NAN,
            fairness: fairness(outcomes, watched.asked_until),
            p50: percentile(outcomes, 50.0),
            p99: percentile(outcomes, 99.0),
        }
    }

    /// With what the vendor saw of its limit per second.
    pub(super) fn against(
        mut self,
        limit: u32,
        traffic: &Traffic,
        outcomes: &[Outcome],
        watched: Watched,
    ) -> Self {
        let limit = f64::from(limit);
        self.refused = traffic.refused as f64;
        self.fixed = traffic.most_in_fixed_second as f64 / limit;
        self.sliding = traffic.most_in_sliding_second as f64 / limit;
        let answered = outcomes.iter().filter(|outcome| outcome.fate == Fate::Answered);
        let mut times: Vec<i64> = answered.filter_map(|outcome| outcome.at).collect();
        times.sort_unstable();
        self.throughput = throughput(&times, outcomes.len(), watched.ended, limit);
        self.last = f64::INFINITY;
        if let Some(last) = times.last().filter(|_| times.len() == outcomes.len()) {
            self.last = seconds(last - watched.begun) / (outcomes.len() as f64 / limit);
        }
        self
    }

    /// Most calls in a second as the vendor counts, against the limit.
    pub(super) fn worst(&self, counting: Counting) -> f64 {
        match counting {
            Counting::Fixed => self.fixed,
            Counting::Sliding => self.sliding,
        }
    }

    /// Who did not get an answer.
    pub(super) fn unanswered(&self) -> f64 {
        self.asked - self.answered
    }
}

/// So many percent of the messages waited at most this number of seconds. It is infinite when they include messages without an answer.
pub(super) fn percentile(outcomes: &[Outcome], percent: f64) -> f64 {
    let took = outcomes.iter().map(|outcome| match outcome.took_ms() {
        Some(ms) => Duration::from_millis(u64::try_from(ms).unwrap_or_default()),
        None => Duration::MAX,
    });
    let seconds = Latencies::new(took.collect()).percentile(percent) / 1e3;
    if seconds > Duration::MAX.as_secs_f64() / 2.0 { f64::INFINITY } else { seconds }
}

/// Seconds of milliseconds.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

/// Accepted sends per second against the limit, without the first second and without the last one, in which there may
/// be less to send than the limit allows; to the end of the watch where some are missing.
fn throughput(times: &[i64], asked: usize, ended: i64, limit: f64) -> f64 {
    let Some(first) = times.first() else { return 0.0 };
    let from = first + 1_000;
    let last_second = times.len().checked_sub(1 + limit as usize).and_then(|at| times.get(at));
    let until = if times.len() == asked { last_second.copied().unwrap_or(from) } else { ended };
    let within = times.iter().filter(|at| (from..until).contains(*at)).count() as f64;
    within / seconds(until - from) / limit
}

/// Jain's index of how many answers each conversation had at a moment: 1 when all had as many, 1/n when one had all.
fn fairness(outcomes: &[Outcome], at: i64) -> f64 {
    let mut answers = BTreeMap::<&str, f64>::new();
    for outcome in outcomes {
        let is_there = outcome.fate == Fate::Answered && outcome.at.is_some_and(|there| there <= at);
        *answers.entry(&outcome.conversation).or_default() += f64::from(u8::from(is_there));
    }
    let (sum, squares) = answers.values().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    sum * sum / (answers.len() as f64 * squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(conversation: &str, due: i64, at: Option<i64>) -> Outcome {
        let fate = if at.is_some() { Fate::Answered } else { Fate::Silent };
        Outcome { conversation: conversation.into(), due, fate, at, again: 0 }
    }

    /// Ten asked per second for four seconds, five sent per second.
    fn paced() -> (Vec<Outcome>, Watched) {
        let outcomes =
            (0..40).map(|n| outcome(&format!("c{}", n % 4), n * 100, Some(100 + n * 200))).collect();
        (outcomes, Watched { begun: 0, asked_until: 4_000, ended: 9_000 })
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn a_sender_at_the_limit_has_ratios_of_one() {
        let (outcomes, watched) = paced();
        let traffic = Traffic { most_in_fixed_second: 5, most_in_sliding_second: 6, ..Traffic::default() };
        let figures = Figures::of(&outcomes, watched).against(5, &traffic, &outcomes, watched);
        close(figures.throughput, 1.0);
        close(figures.last, (0.1 + 39.0 * 0.2) / 8.0);
        close(figures.worst(Counting::Fixed), 1.0);
        close(figures.worst(Counting::Sliding), 1.2);
        close(figures.fairness, 1.0);
        assert_eq!((figures.answered, figures.unanswered()), (40.0, 0.0));
        close(figures.p50, 2.0);
    }

    #[test]
    fn what_is_missing_shows_in_every_ratio() {
        let (mut outcomes, watched) = paced();
        outcomes.iter_mut().skip(10).for_each(|missing| *missing = outcome("c0", missing.due, None));
        let figures = Figures::of(&outcomes, watched).against(5, &Traffic::default(), &outcomes, watched);
        close(figures.throughput, 5.0 / 7.9 / 5.0);
        assert!(figures.last.is_infinite());
        assert_eq!((figures.answered, figures.silent), (10.0, 30.0));
        let figures = Figures::of(&outcomes[10..], watched);
        assert!(figures.p99.is_infinite() && figures.fairness.is_nan());
    }

    #[test]
    fn one_conversation_that_has_everything_is_unfair() {
        let answered = (0..8).map(|n| outcome("a", n, Some(n + 1)));
        let waiting = (0..24).map(|n| outcome(["b", "c", "d"][n % 3], 0, Some(99)));
        let outcomes: Vec<Outcome> = answered.chain(waiting).collect();
        close(fairness(&outcomes, 50), 0.25);
        close(fairness(&outcomes, 99), 1.0);
    }
}
