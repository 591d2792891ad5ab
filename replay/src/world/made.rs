//! Records that a replay makes: the switch to the candidate's bundle, clocks, outcomes.

use std::sync::Arc;

use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::answered::Answered;
use schemas::event::{ConfigSwitch, Event};
use schemas::ids::BundleHash;
use schemas::wire::{self, EncodeError};

use crate::compare::short;

/// Where in the log a record stands, or would stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its partition.
    pub partition: i32,
    /// Its offset: below zero for what the log does not have.
    pub offset: i64,
    /// The log's time.
    pub time: Millis,
}

impl Place {
    pub(super) fn record(self, events: &Arc<str>, outgoing: Outgoing) -> Record {
        Record {
            topic: Arc::clone(events),
            partition: self.partition,
            offset: self.offset,
            timestamp: self.time,
            key: outgoing.key,
            headers: outgoing.headers.into_iter().collect(),
            value: outgoing.value,
        }
    }
}

/// The offset of a record that the log does not have. Ids of decisions follow from it, so it follows from what caused the record alone, and is below zero,
/// where no record of the log is. It has 52 bits, so that whatever reads numbers as doubles reads it whole.
pub fn made_offset(cause: &str) -> i64 {
    let hash = short(cause.as_bytes()) >> 12;
    -1 - i64::try_from(hash).unwrap_or(i64::MAX >> 12)
}

/// From here on the bundle holds.
///
/// # Errors
/// [`EncodeError`], which does not happen: a switch has no rules between its fields.
pub fn switch(
    events: &Arc<str>,
    source: &str,
    place: Place,
    bundle: &BundleHash,
) -> Result<Record, EncodeError> {
    let event = Event::Config(ConfigSwitch { bundle: bundle.clone(), at: place.time });
    event_record(events, source, place, &event)
}

/// The end of a request.
///
/// # Errors
/// [`EncodeError`] when its fields contradict one another.
pub fn outcome(
    events: &Arc<str>,
    source: &str,
    place: Place,
    answered: Answered,
) -> Result<Record, EncodeError> {
    event_record(events, source, place, &Event::Answered(answered))
}

fn event_record(events: &Arc<str>, source: &str, place: Place, event: &Event) -> Result<Record, EncodeError> {
    let encoded = wire::encode(event, source)?;
    let outgoing = Outgoing {
        topic: Arc::clone(events),
        partition: place.partition,
        key: encoded.key,
        headers: encoded.headers,
        value: Some(encoded.value),
    };
    Ok(place.record(events, outgoing))
}
