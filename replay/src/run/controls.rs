//! What belongs to no conversation and holds for all: bundles, and what call told of its targets. The last one of each kind counts.

use pipeline::Record;
use schemas::Millis;

use super::window::kind;

/// Control records of the range, in their order.
#[derive(Debug, Default)]
pub(super) struct Controls {
    switches: Vec<Record>,
    conditions: Vec<Record>,
}

/// How many of each kind a conversation has met.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met {
    switches: usize,
    conditions: usize,
}

/// A moment of the log.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Just before the record at this offset.
    Before(i64),
    /// At this time, before what is appended after it.
    At(Millis),
}

impl Controls {
    /// Adds a record, if it is one.
    pub(super) fn put(&mut self, record: &Record) {
        match kind(record) {
            b"config" => self.switches.push(record.clone()),
            b"conditions" => self.conditions.push(record.clone()),
            _ => {}
        }
    }

    /// The newest records up to a moment that a conversation has not met; from then on it has.
    pub(super) fn newest(&self, met: &mut Met, moment: Moment) -> Vec<&Record> {
        let mut newest = Vec::new();
        for (all, met) in [(&self.switches, &mut met.switches), (&self.conditions, &mut met.conditions)] {
            let there = all.partition_point(|record| match moment {
                Moment::Before(offset) => record.offset < offset,
                Moment::At(time) => record.timestamp <= time,
            });
            if there > *met {
                *met = there;
                newest.extend(all.get(there - 1));
            }
        }
        newest
    }
}
