//! `huiyin dead-letters list`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dead_letter::{DeadLetter, Found, Source, read};
use super::filter::Filter;
use crate::config::Config;
use crate::table;
use crate::timestamp::told;

/// Counts the dead letters that the filter chooses and describes the newest `last` of them.
pub(super) fn list(config: &Config, filter: &Filter, last: usize, json: bool) -> anyhow::Result<String> {
    let prefix = config.topics.prefix();
    let found = read(config, filter.since, |letter| {
        // Only its size is told.
        letter.record.value = None;
        filter.passes(letter, prefix)
    })?;
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for letter in &found.letters {
        *counts.entry((&letter.step, &letter.reason)).or_default() += 1;
    }
    let newest = &found.letters[found.letters.len().saturating_sub(last)..];
    if json {
        let counts: Vec<Value> = counts
            .iter()
            .map(|((step, reason), count)| json!({ "step": step, "reason": reason, "count": count }))
            .collect();
        let letters: Vec<Value> = newest.iter().map(|letter| value(letter, &found)).collect();
        let listed = json!({ "letters": letters, "counts": counts, "foreign": found.foreign });
        return Ok(serde_json::to_string(&listed)? + "\n");
    }
    let rows: Vec<[String; 8]> = newest.iter().map(|letter| row(letter, &found)).collect();
    let header = ["GIVEN UP", "PLACE", "STEP", "REASON", "READ FROM", "KIND", "BYTES", "REQUEUED"];
    let mut text = if rows.is_empty() { String::new() } else { table::aligned(header, &rows) };
    for ((step, reason), count) in &counts {
        text.push_str(&format!("{count} by {step} for {reason}\n"));
    }
    text.push_str(&format!("{} dead letters, {} described\n", found.letters.len(), newest.len()));
    if found.foreign > 0 {
        text.push_str(&format!("{} records in the topic are no dead letters\n", found.foreign));
    }
    Ok(text)
}

fn value(letter: &DeadLetter, found: &Found) -> Value {
    let Source { topic, partition, offset, timestamp } = &letter.source;
    let requeued = found.requeued.get(&letter.place);
    json!({
        "place": letter.place.to_string(),
        "given_up_at": told(letter.record.timestamp),
        "step": letter.step,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "source": { "topic": topic, "partition": partition, "offset": offset, "at": told(*timestamp) },
        "kind": letter.kind(),
        "bytes": letter.bytes,
        "requeued": requeued.map(|r| json!({ "times": r.times, "last_at": told(r.last) })),
        "was_letter": letter.earlier(),
    })
}

fn row(letter: &DeadLetter, found: &Found) -> [String; 8] {
    let requeued = found.requeued.get(&letter.place);
    [
        told(letter.record.timestamp),
        letter.place.to_string(),
        letter.step.clone(),
        letter.reason.clone(),
        letter.source.to_string(),
        letter.kind(),
        letter.bytes.to_string(),
        requeued.map_or_else(|| "-".to_owned(), |r| format!("{} x, last {}", r.times, told(r.last))),
    ]
}
