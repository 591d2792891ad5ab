//! The records of a message: only the places that its rows name are read, and where they name a time, that time.

use pipeline::Record;
use pipeline::kafka::Reader;
use schemas::answer::Answer;
use schemas::request::Request;
use schemas::topic::Topic;
use schemas::wire;
use serde_json::Value;

use super::Story;
use crate::config::Config;
use crate::scan::{Part, scan};

/// Records of a step are appended within so long of the time that the step names, in milliseconds.
const NEAR: i64 = 60_000;

/// Adds what the log has.
///
/// # Errors
/// When the brokers do not answer.
pub(super) fn read(config: &Config, story: &mut Story) -> anyhow::Result<()> {
    let messages = story.rows("messages").to_vec();
    let requests = story.rows("requests").to_vec();
    let of =
        |row: &Value, partition: &str, offset: &str| Some((int(row, partition)? as i32, int(row, offset)?));
    for row in &messages {
        if let Some(place) = of(row, "event_partition", "event_offset") {
            at(config, story, ("event", Topic::Events), place)?;
        }
        if let Some(place) = of(row, "source_partition", "source_offset") {
            at(config, story, ("decision", Topic::Decisions), place)?;
        }
    }
    for row in &requests {
        if let Some(place) = of(row, "source_partition", "source_offset") {
            at(config, story, ("outcome", Topic::Events), place)?;
        }
    }
    let Some(partition) = messages.iter().find_map(|row| int(row, "source_partition")) else { return Ok(()) };
    let partition = partition as i32;
    let times =
        |rows: &[Value]| rows.iter().filter_map(|row| time(row["at"].as_str()?)).collect::<Vec<i64>>();
    let asks = |row: &Value| row["ruling"] == "asked" || row["ruling"] == "held";
    if messages.iter().any(asks) || !requests.is_empty() {
        near::<Request>(config, story, "request", Near { partition, times: times(&messages) })?;
    }
    // A call that was called off has no answer.
    let is_done = |row: &Value| row["outcome"] == "done";
    if requests.iter().any(is_done) || !story.rows("replies").is_empty() {
        near::<Answer>(config, story, "answer", Near { partition, times: times(&requests) })?;
    }
    Ok(())
}

fn int(row: &Value, column: &str) -> Option<i64> {
    row[column].as_i64()
}

/// A moment as the store writes it, in UTC.
fn time(text: &str) -> Option<i64> {
    let at = humantime::parse_rfc3339_weak(text).ok()?;
    i64::try_from(at.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// One record at its place.
fn at(
    config: &Config,
    story: &mut Story,
    (name, topic): (&str, Topic),
    (partition, offset): (i32, i64),
) -> anyhow::Result<()> {
    let mut found = Vec::new();
    scan(config, topic, &[(partition, Part::Span(offset, offset + 1))], |record| {
        found.push(shown(record));
        Ok(())
    })?;
    put(config, story, (name, topic), &format!("{partition}@{offset}"), found);
    Ok(())
}

/// Where the records of a step are.
struct Near {
    partition: i32,
    /// They were appended near one of these, in milliseconds since the epoch.
    times: Vec<i64>,
}

/// The records of the message's turns.
fn near<R: wire::Record>(
    config: &Config,
    story: &mut Story,
    name: &str,
    Near { partition, times }: Near,
) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Ok(()) };
    let turns = story.turns.clone();
    let has_turn = |header: &[u8]| turns.iter().any(|turn| turn.as_bytes() == header);
    // A topic has records of other types as well, such as cancels.
    let has_kind = |header: &[u8]| R::KINDS.iter().any(|kind| kind.as_bytes() == header);
    let reader = Reader::open(&config.kafka, &config.topics.of(R::TOPIC))?;
    let (begin, end) =
        (reader.offset_at(partition, first - NEAR)?, reader.offset_at(partition, last + NEAR)?);
    let mut found = Vec::new();
    scan(config, R::TOPIC, &[(partition, Part::Span(begin, end))], |record| {
        if record.header(wire::TURN).is_some_and(has_turn) && record.header(wire::KIND).is_some_and(has_kind)
        {
            found.push(shown(record));
        }
        Ok(())
    })?;
    put(config, story, (name, R::TOPIC), &format!("{partition}, turn {}", turns.join(", ")), found);
    Ok(())
}

fn put(config: &Config, story: &mut Story, (name, topic): (&str, Topic), place: &str, found: Vec<Value>) {
    if found.is_empty() {
        let topic = config.topics.of(topic);
        story.gone.push(format!("{name}: {topic}/{place} is not kept any more, or was never written"));
    }
    let all = story.log.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(all) = all {
        all.extend(found);
    }
}

/// The record as JSON, with its place.
fn shown(record: &Record) -> Value {
    let mut value =
        record.value.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut value {
        fields.insert(
            "_place".to_owned(),
            format!("{}/{}@{}", record.topic, record.partition, record.offset).into(),
        );
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_store_are_utc() {
        assert_eq!(time("2025-01-01 00:00:00.523"), Some(1_735_689_600_523));
        assert_eq!(time("yesterday"), None);
    }
}
