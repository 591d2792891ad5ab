//! The results as a table.

use super::entrants::ENTRANTS;
use super::latency::Latency;
use super::results::Results;
use crate::table::{Goal, Samples, Table, short};

/// Rate and records per CPU second of a contestant; NaN when it was not measured.
fn medians(results: &Results, name: &str) -> (f64, f64) {
    let rates = results.rates.get(name).map(Vec::as_slice).unwrap_or_default();
    let median = |values: Vec<f64>| Samples::new(values).median();
    (median(rates.iter().map(|r| r.wall).collect()), median(rates.iter().map(|r| r.cpu).collect()))
}

pub(super) fn table(results: &Results) -> Table {
    let columns = ["contestant", "records/s", "records per CPU second", "added p50 ms", "added p99 ms"];
    let mut rows: Vec<Vec<String>> = ENTRANTS.iter().map(|entrant| row(results, entrant.name)).collect();
    let bare = |pick: fn(&Latency) -> f64| Samples::new(results.bare.iter().map(pick)).text();
    let none = String::new;
    rows.push(vec![
        "nobody: read where it was sent".to_owned(),
        none(),
        none(),
        bare(|l| l.p50),
        bare(|l| l.p99),
    ]);
    Table {
        conditions: format!(
            "{} records of 1 KB of text, 100 k keys, 8 partitions, lz4 in the input; per key a state of 1 KB in memory that every \
             record changes, one output of 1 KB per input. Rates are of the second half, processor time is the contestant's \
             process alone (the broker runs beside it). A fold writes the piece of 64 bytes that changed, once per key and \
             transaction; `whole states` and Streams write 1 KB. The raw loop gathers 10,000 records or 100 ms. Streams 4.3.0: \
             exactly_once_v2, one thread, in-memory store with changelog, `commit.interval.ms=100`; tuned: \
             `max.poll.records=10000`, `batch.size=262144`, `linger.ms=5`. Latency: open loop at 1,000 records/s, from the \
             record's intended time to its arrival at a read_committed reader, 8 s after 4 s of warming up.",
            short(results.records as f64)
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
        goals: goals(results),
    }
}

fn row(results: &Results, name: &str) -> Vec<String> {
    let rates = results.rates.get(name).map(Vec::as_slice).unwrap_or_default();
    let waits = results.latencies.get(name).map(Vec::as_slice);
    let wait = |pick: fn(&Latency) -> f64| {
        waits.map(|waits| Samples::new(waits.iter().map(pick)).text()).unwrap_or_default()
    };
    vec![
        name.to_owned(),
        Samples::new(rates.iter().map(|rate| rate.wall)).text(),
        Samples::new(rates.iter().map(|rate| rate.cpu)).text(),
        wait(|latency| latency.p50),
        wait(|latency| latency.p99),
    ]
}

fn goals(results: &Results) -> Vec<Goal> {
    let of = |name| medians(results, name);
    let (fold, call) = (of("fold driver"), of("call driver"));
    let (raw_fold, raw_call) = (of("raw loop, the fold's records"), of("raw loop, the calls' records"));
    let (defaults, tuned) = (of("Kafka Streams, defaults"), of("Kafka Streams, tuned"));
    let p50 = |name: &str| {
        let waits = results.latencies.get(name).map(Vec::as_slice).unwrap_or_default();
        Samples::new(waits.iter().map(|wait| wait.p50)).median()
    };
    vec![
        Goal::at_least("fold driver, records per CPU second against the raw loop", fold.1 / raw_fold.1, 0.8),
        Goal::at_least("call driver, records per CPU second against the raw loop", call.1 / raw_call.1, 0.8),
        Goal::at_least("fold driver, rate against Streams' defaults", fold.0 / defaults.0, 2.0),
        Goal::at_least("fold driver, rate against Streams tuned", fold.0 / tuned.0, 1.5),
        Goal::at_least("fold driver, per CPU second against Streams' defaults", fold.1 / defaults.1, 2.0),
        Goal::at_least("fold driver, per CPU second against Streams tuned", fold.1 / tuned.1, 1.5),
        Goal::at_most("fold driver, added p50 in ms at 1,000/s", p50("fold driver"), 12.0),
        Goal::at_most("call driver, added p50 in ms at 1,000/s", p50("call driver"), 12.0),
    ]
}
