//! `huiyin dead-letters show`.

use anyhow::Context;

use super::dead_letter::{DeadLetter, Place, Source, one, read};
use super::ruling::ruling;
use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::timestamp::{Timestamp, told};

/// Describes one dead letter: provenance, key and headers.
///
/// # Errors
/// When it is not there, or the brokers do not answer.
pub(super) fn without_body(config: &Config, place: Place) -> anyhow::Result<String> {
    let letter = one(config, place)?;
    let value = match &letter.record.value {
        None => NO_VALUE.to_owned(),
        Some(value) => format!(
            "value: {} bytes, not shown: it may hold what people wrote. --body prints it\n",
            value.len()
        ),
    };
    Ok(described(config, place, &letter)? + &value)
}

/// The same with its value. Who asks for it is written down first, so that no text is shown of which nobody knows.
///
/// # Errors
/// When it is not there, the brokers do not answer, or it cannot be written down.
pub(super) fn with_body(config: &Config, place: Place, who: &Who) -> anyhow::Result<String> {
    let letter = one(config, place)?;
    let value = match letter.record.value.as_deref() {
        None => NO_VALUE.to_owned(),
        Some(value) => {
            let details = [("source".to_owned(), letter.source.to_string())].into();
            let done =
                Done { kind: "text_shown", app: None, subject: format!("dead letter {place}"), details };
            act::write(config, who, done).context("write down that the text is asked for")?;
            format!("value, {} bytes:\n{}\n", value.len(), String::from_utf8_lossy(value))
        }
    };
    Ok(described(config, place, &letter)? + &value)
}

const NO_VALUE: &str = "value: none\n";

fn described(config: &Config, place: Place, letter: &DeadLetter) -> anyhow::Result<String> {
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
    text.push_str(&format!("requeue: {}\n", ruling(letter, &config.topics)));
    Ok(text)
}
