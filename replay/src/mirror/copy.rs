//! Copies conversations of a log into another one, partition by partition.
//!
//! What people and operators did in a conversation is copied. What followed from it is not: outcomes of calls, clocks, switches of the configuration
//! and conditions are the shadow's own, and what operators order of production's answers does not concern it.

use std::sync::Arc;
use std::time::Duration;

use pipeline::call::{Admission, Decoded, Done, Handler, Job};
use pipeline::{Outgoing, Record, Refused};
use schemas::line::Line;
use schemas::wire::KIND;

use super::metrics;
use crate::range::Sample;

/// Kinds of `events` that are copied.
const COPIED: [&str; 9] =
    ["message", "missed", "withdrawn", "recall", "edit", "feedback", "reaction", "takeover", "finding"];

/// Longest time that a copy may take: it waits for nothing.
const LONGEST: Duration = Duration::from_secs(10);

/// Copies records.
#[derive(Debug)]
pub struct Copier {
    /// The topic that is written.
    pub to: Arc<str>,
    /// Which conversations are copied.
    pub sample: Sample,
    /// The shadow's name.
    pub name: String,
    /// The shadow's line.
    pub line: Line,
}

impl Copier {
    /// Whether a record is copied. What a replay wrote never is.
    fn takes(&self, record: &Record) -> bool {
        let kind = record.header(KIND);
        kind.is_some_and(|kind| COPIED.iter().any(|copied| copied.as_bytes() == kind))
            && Line::Real.admit(|name| record.header(name)).is_ok()
            && record.key.as_deref().is_some_and(|key| self.sample.takes(&self.name, key))
    }

    fn copy(&self, record: &Record) -> Done {
        if !self.takes(record) {
            metrics::copied("left_out");
            return Done::default();
        }
        metrics::copied("copied");
        let mut copy = Outgoing {
            topic: Arc::clone(&self.to),
            partition: record.partition,
            key: record.key.clone(),
            headers: record.headers.to_vec(),
            value: record.value.clone(),
        };
        self.line.mark(&mut copy.headers);
        Done { outputs: vec![copy] }
    }
}

impl Handler for Copier {
    /// Records of one conversation keep their order.
    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        Ok(Admission {
            lane: record.key.as_deref().unwrap_or(b"@").into(),
            shares: Vec::new(),
            hard_deadline: LONGEST,
            commit_start: false,
            name: None,
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        self.copy(&job.record)
    }

    fn overdue(&self, record: &Record, _rerun: bool) -> Done {
        self.copy(record)
    }

    fn crowded(&self, record: &Record, _rerun: bool) -> Done {
        self.copy(record)
    }

    /// With its mark a record may be larger than it may be.
    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        tracing::warn!(
            partition = record.partition,
            offset = record.offset,
            "a record is too large to be copied"
        );
        metrics::copied("oversize");
        Done::default()
    }

    fn dead(&self, _record: &Record, _reason: &'static str, _rerun: bool) -> Done {
        Done::default()
    }

    fn ownership(&self, _owned: &[i32], _all: usize) {}
}

#[cfg(test)]
mod tests {
    use schemas::event::Event;
    use schemas::wire::{REPLAY, Record as _};

    use super::*;

    fn copier(sample: &str) -> Copier {
        Copier {
            to: "shadow.x.events".into(),
            sample: sample.parse().unwrap(),
            name: "x".to_owned(),
            line: Line::of(Some("x")),
        }
    }

    fn record(kind: &str, key: Option<&str>) -> Record {
        Record {
            topic: "events".into(),
            partition: 3,
            offset: 7,
            timestamp: 1,
            key: key.map(|key| key.as_bytes().to_vec()),
            headers: [(KIND, kind.as_bytes())].into_iter().collect(),
            value: Some(b"{}".to_vec()),
        }
    }

    #[test]
    fn what_people_did_is_copied_with_the_mark_and_what_followed_is_not() {
        let copier = copier("100%");
        for kind in Event::KINDS {
            let done = copier.copy(&record(kind, Some("a#b/chat/bot/x")));
            assert_eq!(done.outputs.is_empty(), !COPIED.contains(kind), "{kind}");
            for copy in done.outputs {
                assert_eq!((&*copy.topic, copy.partition), ("shadow.x.events", 3));
                assert!(copy.headers.contains(&(REPLAY.into(), b"x".to_vec())));
            }
        }
        assert!(copier.copy(&record("message", None)).outputs.is_empty(), "a control record");
        assert!(copier.copy(&record("novel", Some("a"))).outputs.is_empty());
        let mut marked = record("message", Some("a"));
        marked.headers.push(REPLAY, b"y");
        assert!(copier.copy(&marked).outputs.is_empty(), "a shadow of a shadow");
    }

    #[test]
    fn a_conversation_is_copied_whole_or_not_at_all() {
        let copier = copier("5%");
        let copied = |kind: &str, number: usize| {
            !copier.copy(&record(kind, Some(&format!("a#b/chat/bot/{number}")))).outputs.is_empty()
        };
        let taken = (0..2_000).filter(|number| copied("message", *number)).count();
        assert!((60..140).contains(&taken), "{taken}");
        assert!((0..2_000).all(|number| copied("message", number) == copied("recall", number)));
    }
}
