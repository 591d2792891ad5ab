//! Calls to one endpoint as they arrived, and what became of them.

use crate::recent::Recent;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// Its work was done, whatever happened to the reply.
    Accepted,
    /// Over a limit.
    Refused,
    /// Every other refusal.
    Failed,
}

impl Fate {
    /// The fate that a reply tells: that of its extensions, else by its status.
    pub(crate) fn of(reply: &Response) -> Self {
        let by_status = match reply.status() {
            StatusCode::OK => Self::Accepted,
            StatusCode::TOO_MANY_REQUESTS => Self::Refused,
            _ => Self::Failed,
        };
        reply.extensions().get().copied().unwrap_or(by_status)
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Call {
    /// Milliseconds since the epoch.
    at: u64,
    /// `null` while the call runs, and when its client has left.
    fate: Option<Fate>,
}

/// The calls of one second of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Second {
    calls: u64,
    accepted: u64,
    refused: u64,
}

/// The last calls to one endpoint, refused ones included.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    calls: Recent<Call>,
}

impl Traffic {
    /// A call arrives; the number is for its end.
    pub(crate) fn arrive(&mut self, now_ms: u64) -> u64 {
        self.calls.push(Call { at: now_ms, fate: None })
    }

    /// What became of it; the first word counts.
    pub(crate) fn end(&mut self, number: u64, fate: Fate) {
        if let Some(call) = self.calls.get_mut(number) {
            call.fate.get_or_insert(fate);
        }
    }

    /// Sums, calls by second of the clock, and the most calls within a fixed and within any second; with each call if wanted.
    pub(crate) fn told(&self, each: bool) -> Value {
        let count = |fate| self.calls.iter().filter(|(_, call)| call.fate == fate).count();
        let seconds = self.seconds();
        let rows: Vec<Value> = seconds
            .iter()
            .map(|(second, of)| {
                let mut row = json!(of);
                row["second"] = json!(second);
                row
            })
            .collect();
        let mut told = json!({
            "calls": self.calls.iter().count(),
            "accepted": count(Some(Fate::Accepted)),
            "refused": count(Some(Fate::Refused)),
            "failed": count(Some(Fate::Failed)),
            "unanswered": count(None),
            "most_in_fixed_second": seconds.values().map(|second| second.calls).max().unwrap_or_default(),
            "most_in_sliding_second": self.most_in_sliding_second(),
            "seconds": rows,
        });
        if each {
            told["each"] = json!(self.calls.rows(0, |_| true));
        }
        told
    }

    fn seconds(&self) -> BTreeMap<u64, Second> {
        let mut seconds: BTreeMap<u64, Second> = BTreeMap::new();
        for (_, call) in self.calls.iter() {
            let second = seconds.entry(call.at / 1_000).or_default();
            second.calls += 1;
            match call.fate {
                Some(Fate::Accepted) => second.accepted += 1,
                Some(Fate::Refused) => second.refused += 1,
                Some(Fate::Failed) | None => {}
            }
        }
        seconds
    }

    fn most_in_sliding_second(&self) -> usize {
        let arrivals: Vec<u64> = self.calls.iter().map(|(_, call)| call.at).collect();
        let ends = arrivals
            .iter()
            .enumerate()
            .map(|(first, at)| arrivals.partition_point(|other| *other < at + 1_000) - first);
        ends.max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Traffic};
    use serde_json::json;

    fn arrived(at: &[u64]) -> Traffic {
        let mut traffic = Traffic::default();
        for at in at {
            traffic.arrive(*at);
        }
        traffic
    }

    #[test]
    fn the_worst_second_is_told_by_the_clock_and_wherever_it_begins() {
        let told = arrived(&[500, 900, 950, 1_000, 1_050, 1_500, 1_899]).told(false);
        assert_eq!((&told["most_in_fixed_second"], &told["most_in_sliding_second"]), (&json!(4), &json!(6)));
        let told = arrived(&[0, 1_000, 2_000]).told(false);
        assert_eq!((&told["most_in_fixed_second"], &told["most_in_sliding_second"]), (&json!(1), &json!(1)));
        assert_eq!(arrived(&[]).told(false)["most_in_sliding_second"], 0);
    }

    #[test]
    fn calls_are_summed_by_their_fate_and_the_first_fate_stays() {
        let mut traffic = arrived(&[10, 20, 1_030, 1_040]);
        traffic.end(1, Fate::Accepted);
        traffic.end(1, Fate::Failed);
        traffic.end(2, Fate::Refused);
        traffic.end(3, Fate::Failed);
        let told = traffic.told(true);
        let sums = ["calls", "accepted", "refused", "failed", "unanswered"].map(|name| told[name].as_u64());
        assert_eq!(sums, [4, 1, 1, 1, 1].map(Some));
        assert_eq!(told["seconds"][0], json!({"second": 0, "calls": 2, "accepted": 1, "refused": 1}));
        assert_eq!(told["each"][3], json!({"number": 4, "at": 1_040, "fate": null}));
        assert_eq!(told["each"][1]["fate"], "refused");
        assert_eq!(told["seconds"][1], json!({"second": 1, "calls": 2, "accepted": 0, "refused": 0}));
    }
}
