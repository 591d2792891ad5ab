//! Copies conversations of a log into another one, partition by partition.
//!
//! What people and operators did in a conversation is copied. What followed from it is not: outcomes of calls, clocks, switches of the configuration
//! and conditions are the shadow's own, and what operators order of production's answers does not concern it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use pipeline::call::{Admission, Decoded, Done, Handler, Job};
use pipeline::{Outgoing, Record, Refused};
use schemas::wire::{KIND, REPLAY};
use sha2::{Digest, Sha256};

use super::mark::Mark;
use super::metrics;

/// Kinds of `events` that are copied.
const COPIED: [&str; 9] =
    ["message", "missed", "withdrawn", "recall", "edit", "feedback", "reaction", "takeover", "finding"];

/// Longest time that a copy may take: it waits for nothing.
const LONGEST: Duration = Duration::from_secs(10);

/// Which conversations are copied, in parts of a million. Whether one is follows from its key and the shadow's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample(u32);

const WHOLE: u32 = 1_000_000;

/// What is wrong with a sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no share above 0% and up to 100%, such as 5% or 0.5%")]
pub struct BadSample(String);

impl BadSample {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        "sample"
    }
}

impl Sample {
    /// Whether the conversation of that key is in it.
    pub fn has(self, seed: &str, key: &[u8]) -> bool {
        if self.0 >= WHOLE {
            return true;
        }
        let digest = Sha256::new().chain_update(seed).chain_update(b"\n").chain_update(key).finalize();
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        hash % u64::from(WHOLE) < u64::from(self.0)
    }
}

impl FromStr for Sample {
    type Err = BadSample;

    fn from_str(text: &str) -> Result<Self, BadSample> {
        let percent = text.trim().strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
        let parts = percent.map(|percent| percent * f64::from(WHOLE) / 100.0);
        match parts {
            Some(parts) if (1.0..=f64::from(WHOLE)).contains(&parts) => Ok(Self(parts.round() as u32)),
            _ => Err(BadSample(text.to_owned())),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) * 100.0 / f64::from(WHOLE))
    }
}

/// Copies records.
#[derive(Debug)]
pub struct Copier {
    /// The topic that is written.
    pub to: Arc<str>,
    /// Which conversations are copied.
    pub sample: Sample,
    /// The shadow's name.
    pub name: String,
}

impl Copier {
    /// Whether a record is copied. What a replay wrote never is.
    fn takes(&self, record: &Record) -> bool {
        let kind = record.header(KIND);
        kind.is_some_and(|kind| COPIED.iter().any(|copied| copied.as_bytes() == kind))
            && record.header(REPLAY).is_none()
            && record.key.as_deref().is_some_and(|key| self.sample.has(&self.name, key))
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
        Mark::new(&self.name).put(&mut copy);
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
    use schemas::wire::Record as _;

    use super::*;

    fn copier(sample: &str) -> Copier {
        Copier { to: "shadow.x.events".into(), sample: sample.parse().unwrap(), name: "x".to_owned() }
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
                assert!(copy.headers.contains(&(REPLAY.to_owned(), b"x".to_vec())));
            }
        }
        assert!(copier.copy(&record("message", None)).outputs.is_empty(), "a control record");
        assert!(copier.copy(&record("novel", Some("a"))).outputs.is_empty());
        let mut marked = record("message", Some("a"));
        marked.headers.push(REPLAY, b"y");
        assert!(copier.copy(&marked).outputs.is_empty(), "a shadow of a shadow");
    }

    #[test]
    fn a_conversation_is_in_a_sample_or_not_by_its_key_alone() {
        let sample: Sample = "5%".parse().unwrap();
        let keys: Vec<String> = (0..20_000).map(|number| format!("a#b/chat/bot/{number}")).collect();
        let taken = keys.iter().filter(|key| sample.has("x", key.as_bytes())).count();
        assert!((900..1_100).contains(&taken), "{taken}");
        for text in ["", "5", "0%", "101%", "-1%", "x%"] {
            assert!(text.parse::<Sample>().is_err(), "{text}");
        }
        assert_eq!("0.5%".parse::<Sample>().unwrap().to_string(), "0.5%");
    }
}
