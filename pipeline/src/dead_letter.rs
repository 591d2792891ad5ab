//! Records that no step could use: their original bytes, and where and why they stopped.

use std::sync::Arc;

use crate::{Header, Outgoing, Record};

/// Header: topic that the record was read from.
pub const TOPIC_HEADER: &str = "dead-letter-topic";
/// Header: partition that the record was read from.
pub const PARTITION_HEADER: &str = "dead-letter-partition";
/// Header: offset of the record there.
pub const OFFSET_HEADER: &str = "dead-letter-offset";
/// Header: append time of the record there, in milliseconds since the epoch.
pub const TIMESTAMP_HEADER: &str = "dead-letter-timestamp";
/// Header: the step that gave it up.
pub const STEP_HEADER: &str = "dead-letter-step";
/// Header: why, a closed label.
pub const REASON_HEADER: &str = "dead-letter-reason";
/// Header: how often the step had begun to process it.
pub const ATTEMPTS_HEADER: &str = "dead-letter-attempts";

/// Header of a requeued record: `partition:offset` of its dead letter. The same header is on the mark that is written to the topic of
/// dead letters when a record is requeued.
pub const REQUEUED_HEADER: &str = "dead-letter-requeued";

const PREFIX: &str = "dead-letter-";

/// Why a record is given up, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp<'a> {
    /// The step.
    pub step: &'a str,
    /// A closed label.
    pub reason: &'a str,
    /// How often processing began, this time included.
    pub attempts: u32,
}

/// The dead letter of `record`: key, value and headers as they were, provenance in further headers. It goes to the
/// partition number that the record came from.
pub fn dead_letter(topic: &Arc<str>, record: &Record, given_up: GivenUp<'_>) -> Outgoing {
    let mut headers = record.headers.to_vec();
    let provenance = [
        (TOPIC_HEADER, record.topic.to_string()),
        (PARTITION_HEADER, record.partition.to_string()),
        (OFFSET_HEADER, record.offset.to_string()),
        (TIMESTAMP_HEADER, record.timestamp.to_string()),
        (STEP_HEADER, given_up.step.to_owned()),
        (REASON_HEADER, given_up.reason.to_owned()),
        (ATTEMPTS_HEADER, given_up.attempts.to_string()),
    ];
    headers.extend(provenance.into_iter().map(|(name, value)| (name.into(), value.into_bytes())));
    Outgoing {
        topic: Arc::clone(topic),
        partition: record.partition,
        key: record.key.clone(),
        headers,
        value: record.value.clone(),
    }
}

/// Two records that requeue a dead letter, to be written in one transaction: the original record, with its key, value and headers and one
/// header that names the letter; and the mark beside the letter. `None` when the letter does not say where it came from.
pub fn requeued(letter: &Record) -> Option<[Outgoing; 2]> {
    let text = |name| std::str::from_utf8(letter.header(name)?).ok();
    let from = format!("{}:{}", letter.partition, letter.offset).into_bytes();
    let header: Header = (REQUEUED_HEADER.into(), from);
    let original = letter.headers.to_vec().into_iter().filter(|(name, _)| !name.starts_with(PREFIX));
    let again = Outgoing {
        topic: text(TOPIC_HEADER)?.into(),
        partition: text(PARTITION_HEADER)?.parse().ok()?,
        key: letter.key.clone(),
        headers: original.chain([header.clone()]).collect(),
        value: letter.value.clone(),
    };
    let mark = Outgoing {
        topic: Arc::clone(&letter.topic),
        partition: letter.partition,
        key: None,
        headers: vec![header],
        value: None,
    };
    Some([again, mark])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requeued_record_has_the_original_bytes_and_names_its_letter_once_however_often_it_dies() {
        let record = Record {
            topic: "events".into(),
            partition: 3,
            offset: 77,
            timestamp: 5,
            key: Some(b"key".to_vec()),
            headers: [("kind", "message")].into_iter().collect(),
            value: Some(vec![0xff, 0x00]),
        };
        let read = |written: Outgoing, offset| Record {
            topic: written.topic,
            partition: written.partition,
            offset,
            timestamp: 6,
            key: written.key,
            headers: written.headers.into_iter().collect(),
            value: written.value,
        };
        let given_up = GivenUp { step: "decide", reason: "undecodable", attempts: 1 };
        let mut again = record.clone();
        for offset in [12, 13] {
            let letter = read(dead_letter(&"dead-letters".into(), &again, given_up), offset);
            let [requeued, mark] = requeued(&letter).unwrap();
            assert_eq!((&*requeued.topic, requeued.partition), ("events", 3));
            assert_eq!((&requeued.key, &requeued.value), (&record.key, &record.value));
            let from: Header = ("dead-letter-requeued".into(), format!("3:{offset}").into_bytes());
            assert_eq!(requeued.headers, [("kind".into(), b"message".to_vec()), from.clone()]);
            assert_eq!((&*mark.topic, mark.partition, mark.headers), ("dead-letters", 3, vec![from]));
            again = read(requeued, 80 + offset);
        }
        assert_eq!(requeued(&record), None, "a record that is no dead letter goes nowhere");
    }

    #[test]
    fn a_dead_letter_has_the_original_bytes_and_says_where_they_came_from() {
        let record = Record {
            topic: "events".into(),
            partition: 3,
            offset: 77,
            timestamp: 1_700_000_000_123,
            key: Some(b"key".to_vec()),
            headers: [("kind", "message")].into_iter().collect(),
            value: Some(vec![0xff, 0x00]),
        };
        let given_up = GivenUp { step: "decide", reason: "undecodable", attempts: 2 };
        let letter = dead_letter(&"dead-letters".into(), &record, given_up);
        assert_eq!((&*letter.topic, letter.partition), ("dead-letters", 3));
        assert_eq!((letter.key, letter.value), (record.key, record.value));
        let expected = [
            ("kind", "message"),
            ("dead-letter-topic", "events"),
            ("dead-letter-partition", "3"),
            ("dead-letter-offset", "77"),
            ("dead-letter-timestamp", "1700000000123"),
            ("dead-letter-step", "decide"),
            ("dead-letter-reason", "undecodable"),
            ("dead-letter-attempts", "2"),
        ];
        assert_eq!(letter.headers, expected.map(|(n, v)| (n.into(), v.as_bytes().to_vec())).to_vec());
    }
}
