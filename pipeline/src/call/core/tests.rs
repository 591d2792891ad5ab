mod cancels;
mod cases;
mod overload;
mod places;
mod schedules;
mod suspects;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::call::{Admission, Decoded, Progress, Share};
use crate::{Outgoing, Record};

pub(super) const INCARNATION: &str = "inc";

pub(super) fn limits() -> Limits {
    Limits {
        running: 8,
        share: 4,
        records: 100,
        bytes: 100_000,
        partition_records: 40,
        partition_bytes: 50_000,
        map_bytes: 60,
        shed_percent: Some(50),
        lane: 5,
        plan_outcomes: 6,
        plan_bytes: 10_000,
        quarantine: 3,
        patience: 1_000,
        cover: 250,
    }
}

pub(super) fn record(partition: i32, offset: i64) -> Arc<Record> {
    Arc::new(Record {
        topic: "requests".into(),
        partition,
        offset,
        timestamp: 0,
        key: None,
        headers: crate::Headers::default(),
        value: Some(vec![0; 10]),
    })
}

pub(super) fn output(partition: i32, offset: i64) -> Outgoing {
    Outgoing {
        topic: "answered".into(),
        partition,
        key: None,
        headers: Vec::new(),
        value: Some(offset.to_be_bytes().to_vec()),
    }
}

/// One assignment of a partition.
pub(super) fn assignment(partition: i32, epoch: u64) -> Assignment {
    Assignment { partition, epoch }
}

/// What the record at an offset is called.
pub(super) fn name(offset: i64) -> crate::call::Name {
    Arc::from(offset.to_be_bytes())
}

/// The offset that an output is of.
pub(super) fn source(output: &Outgoing) -> i64 {
    i64::from_be_bytes(output.value.clone().unwrap().try_into().unwrap())
}

pub(super) fn admission(lane: &str, share: Option<&str>) -> Admission {
    Admission {
        lane: Arc::from(lane.as_bytes()),
        shares: share.map(|name| Share { kind: "app", name: name.into() }).into_iter().collect(),
        hard_deadline: Duration::from_secs(60),
        commit_start: false,
        name: None,
        decoded: Decoded::new(lane.to_owned()),
    }
}

pub(super) fn position(partition: i32, committed: Option<Commit>, (start, end): (i64, i64)) -> Position {
    let progress = match &committed {
        Some(commit) => Progress::open(INCARNATION, commit.offset, &commit.metadata).unwrap(),
        None => Progress::fresh(start),
    };
    assert!(committed.as_ref().is_none_or(|commit| commit.partition == partition));
    Position { progress, committed, end }
}
