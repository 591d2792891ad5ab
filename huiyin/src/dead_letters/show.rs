//! `huiyin dead-letters show`.

use super::dead_letter::{Place, Source, one, read};
use super::ruling::ruling;
use crate::config::Config;
use crate::timestamp::{Timestamp, told};

/// Describes one dead letter: provenance, key and headers. Its value is shown only with `body`.
pub(super) fn show(config: &Config, place: Place, body: bool) -> anyhow::Result<String> {
    let letter = one(config, place)?;
    let marks = read(config, Some(Timestamp(letter.record.timestamp)), |_| false)?;
    let Source { topic, partition, offset, timestamp } = &letter.source;
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
    let key = letter.record.key.as_deref().map_or_else(|| "none".to_owned(), shown);
    let mut text = format!(
        "dead letter {place}\n\
         given up at {} by {} for {}, after {} attempts\n\
         read from {topic} partition {partition} offset {offset}, appended at {}\n\
         key {key}\n",
        told(letter.record.timestamp),
        letter.step,
        letter.reason,
        letter.attempts,
        told(*timestamp),
    );
    for (name, value) in letter.record.headers.iter().filter(|(name, _)| !name.starts_with("dead-letter-")) {
        text.push_str(&format!("header {name}: {}\n", shown(value)));
    }
    if let Some(earlier) = letter.earlier() {
        text.push_str(&format!("it was dead letter {earlier} before and was requeued\n"));
    }
    if let Some(requeued) = marks.requeued.get(&place) {
        text.push_str(&format!("requeued {} times, last at {}\n", requeued.times, told(requeued.last)));
    }
    text.push_str(&format!("requeue: {}\n", ruling(&letter, &config.topics)));
    let size = letter.record.value.as_ref().map_or(0, Vec::len);
    match letter.record.value.as_deref() {
        None => text.push_str("value: none\n"),
        Some(value) if body => {
            text.push_str(&format!("value, {size} bytes:\n{}\n", String::from_utf8_lossy(value)));
        }
        Some(_) => text.push_str(&format!(
            "value: {size} bytes, not shown: it may hold what people wrote. --body prints it\n"
        )),
    }
    Ok(text)
}
