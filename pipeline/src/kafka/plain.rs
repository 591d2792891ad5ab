//! The drivers at least once, for comparison in benchmarks: records without transactions, offsets committed plainly
//! after them. Process-wide, never in a production build.

use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer as _};

use super::Outcome;
use super::consumer::GroupMetadata;
use super::group::{CommitOffset, offsets_with_metadata};

static ON: AtomicBool = AtomicBool::new(false);

/// From now on every producer of this process that would be transactional works at least once.
pub fn switch_on() {
    ON.store(true, Ordering::Release);
}

pub(super) fn is_on() -> bool {
    ON.load(Ordering::Acquire)
}

pub(super) fn without_transactions(mut properties: ClientConfig) -> ClientConfig {
    if is_on() {
        properties.remove("transactional.id");
    }
    properties
}

pub(super) fn commit(
    written: Result<(), String>,
    offsets: Option<(&[CommitOffset], &GroupMetadata)>,
) -> Outcome {
    if let Err(reason) = written {
        return Outcome::Aborted(reason);
    }
    let Some((offsets, group)) = offsets else { return Outcome::Committed };
    let Some(member) = group.member.upgrade() else { return Outcome::Unknown("the member is gone".into()) };
    let committed = offsets_with_metadata(offsets).and_then(|list| member.commit(&list, CommitMode::Sync));
    match committed {
        Ok(()) => Outcome::Committed,
        Err(error) => Outcome::Aborted(format!("commit offsets: {error}")),
    }
}
