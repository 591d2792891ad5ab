//! The table and the goals.

use super::contestant::Taken;
use super::{CLOSED, GREEDY, GREEDY_FOR_LITELLM, Measured, OPEN, RATES, THINKS};
use crate::table::{Goal, Samples, short};

/// What was measured, to be told.
pub(super) struct Table<'a> {
    pub(super) measured: &'a Measured,
    /// LiteLLM's.
    pub(super) version: &'a str,
}

impl Table<'_> {
    pub(super) fn told(&self) -> crate::table::Table {
        let columns =
            ["figure", "bare call", "call step", "added by the step", "through LiteLLM", "added by LiteLLM"];
        crate::table::Table {
            conditions: self.conditions(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: self.rows(),
            goals: self.goals(),
        }
    }

    fn conditions(&self) -> String {
        format!(
            "A model that takes {} ms, and who calls it, each in a process of its own with two threads: a bare `reqwest` call of a \
             stream, read to its end; the call step without Kafka, from the record of a request to the record of its outcome, with \
             attempts, usage, cost and review; and the bare call of a whole answer through the proxy of LiteLLM {} (PyPI; one worker, \
             no database, no accounting, no retries), compared with the bare call of a whole answer. Open loops of {} s, latencies from \
             when a call was due. As fast as it goes: {GREEDY} callers at a time for {} s, {GREEDY_FOR_LITELLM} for LiteLLM. CPU is of \
             the caller's process, of the proxy's for LiteLLM. The whole role: huiyin with the role call, requests read from Kafka and \
             outcomes written to it in transactions.",
            THINKS.as_millis(),
            self.version,
            OPEN.as_secs(),
            CLOSED.as_secs(),
        )
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let Measured { bare, step, litellm, bare_whole, bare_most, step_most, litellm_most, role } =
            self.measured;
        let mut rows = Vec::new();
        for (at, rate) in RATES.into_iter().enumerate() {
            for (name, figure) in [("p50 in ms", p50 as fn(&Taken) -> f64), ("p99 in ms", p99)] {
                let through: &[Taken] = if at == 0 { litellm } else { &[] };
                rows.push(vec![
                    format!("{name} at {}/s", short(rate)),
                    text(&bare[at], figure),
                    text(&step[at], figure),
                    added(&step[at], &bare[at], figure),
                    text(through, figure),
                    added(through, bare_whole, figure),
                ]);
            }
            let through: &[Taken] = if at == 0 { litellm } else { &[] };
            rows.push(costs(
                &format!("CPU µs per call at {}/s", short(rate)),
                [&bare[at], &step[at], through],
            ));
        }
        rows.push(costs("CPU µs per call as fast as it goes", [bare_most, step_most, litellm_most]));
        let most = [bare_most, step_most, litellm_most].map(|taken| text(taken, rate));
        let [bare, step, through] = most;
        let none = String::new;
        rows.push(vec!["calls/s as fast as it goes".into(), bare, step, none(), through, none()]);
        let whole = format!("CPU µs per call of the whole role at {}/s", short(RATES[RATES.len() - 1]));
        let role = Samples::new(role.iter().copied()).text();
        rows.push(vec![whole, none(), role, none(), none(), none()]);
        rows
    }

    fn goals(&self) -> Vec<Goal> {
        let Measured { bare, step, step_most, litellm_most, role, .. } = self.measured;
        let mut goals = Vec::new();
        for (at, rate) in RATES.into_iter().enumerate().skip(1) {
            let added = median(&step[at], p50) - median(&bare[at], p50);
            goals.push(Goal::at_most(&format!("added p50 in ms at {}/s", short(rate)), added, 1.0));
        }
        let of_litellm = median(litellm_most, cost);
        let step = of_litellm / median(step_most, cost);
        goals.push(Goal::at_least("calls per CPU second of the step against LiteLLM", step, 100.0));
        let role = of_litellm / Samples::new(role.iter().copied()).median();
        goals.push(Goal::at_least("calls per CPU second of the whole role against LiteLLM", role, 100.0));
        goals
    }
}

fn p50(taken: &Taken) -> f64 {
    taken.p50
}

fn p99(taken: &Taken) -> f64 {
    taken.p99
}

fn cost(taken: &Taken) -> f64 {
    taken.cost
}

fn rate(taken: &Taken) -> f64 {
    taken.calls as f64 / taken.seconds
}

fn samples(taken: &[Taken], figure: fn(&Taken) -> f64) -> Samples {
    Samples::new(taken.iter().map(figure))
}

fn median(taken: &[Taken], figure: fn(&Taken) -> f64) -> f64 {
    samples(taken, figure).median()
}

/// Empty where nothing was to be measured.
fn text(taken: &[Taken], figure: fn(&Taken) -> f64) -> String {
    if taken.is_empty() { String::new() } else { samples(taken, figure).text() }
}

/// Difference of the medians.
fn added(with: &[Taken], without: &[Taken], figure: fn(&Taken) -> f64) -> String {
    if with.is_empty() { String::new() } else { short(median(with, figure) - median(without, figure)) }
}

fn costs(what: &str, [bare, step, through]: [&[Taken]; 3]) -> Vec<String> {
    vec![
        what.to_owned(),
        text(bare, cost),
        text(step, cost),
        added(step, bare, cost),
        text(through, cost),
        String::new(),
    ]
}
