//! Rows = records: each record of the time has as many rows in each table as the newest builder makes of it, and the rollups hold what the
//! facts hold.

use std::collections::BTreeMap;

use account::{AccountSink, Range, Store, queries};
use pipeline::batch::Sink;

use super::Found;
use super::books::Books;
use crate::config::Config;

/// Compares tables and log.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn compare(config: &Config, store: &Store, books: &Books) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let sink = AccountSink::new(&config.account()?, &config.topics)?;
    for (index, table) in sink.tables().iter().enumerate() {
        let step = format!("records = rows of {table}");
        let (mut records, mut rows) = (0, 0);
        for span in &books.spans {
            let topic = config.topics.of(span.topic);
            let range = Range { topic: &topic, partition: span.partition, first: span.first, end: span.end };
            let stored: BTreeMap<i64, u64> = if span.first < span.end {
                let stored = store.rows_of_records(table, range).await?;
                stored.into_iter().map(|of| (of.offset, of.rows)).collect()
            } else {
                BTreeMap::new()
            };
            let of_table =
                || span.rows.iter().filter(|((of, _), _)| *of == index).map(|((_, at), rows)| (*at, *rows));
            records += of_table().map(|(_, rows)| rows).sum::<u64>();
            rows += stored.values().sum::<u64>();
            let place = |offset: i64| format!("{topic}/{}@{offset}", span.partition);
            for (offset, expected) in of_table() {
                let there = stored.get(&offset).copied().unwrap_or_default();
                if there != expected {
                    found.gap(&step, place(offset), format!("{there} rows for {expected}"));
                }
            }
            let expected: BTreeMap<i64, u64> = of_table().collect();
            for (offset, there) in stored.iter().filter(|(offset, _)| !expected.contains_key(offset)) {
                found.gap(&step, place(*offset), format!("{there} rows of a record that gives none"));
            }
        }
        if records > 0 || rows > 0 {
            found.line(&step, records, rows);
        }
    }
    Ok(found)
}

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Compares rollups and facts over the whole days of the time.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn rollups(store: &Store, (from, to): (i64, i64)) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let days = (from.div_euclid(DAY) * DAY, (to + DAY - 1).div_euclid(DAY) * DAY);
    let told = crate::timestamp::told;
    let given = BTreeMap::from([("from".to_owned(), told(days.0)), ("to".to_owned(), told(days.1))]);
    let table = queries::run(store, "drift", &given).await?;
    let text = |row: usize, column: &str| {
        table.get(row, column).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let mut same = 0;
    for row in 0..table.rows.len() {
        let (facts, rolled_up) = (text(row, "facts"), text(row, "rolled_up"));
        if facts == rolled_up {
            same += 1;
        } else {
            let id = format!("{}.{}", text(row, "table"), text(row, "measure"));
            found.gap("facts = rollups", id, format!("{facts} in facts, {rolled_up} in the rollup"));
        }
    }
    found.line(
        "facts = rollups, in whole days",
        format!("{} sums", table.rows.len()),
        format!("{same} sums"),
    );
    Ok(found)
}
