//! The log of a range, read a little ahead: what will come decides whether something has to be made in its place.

use std::collections::{HashSet, VecDeque};

use pipeline::Record;
use schemas::Millis;
use schemas::answered::Answered;
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ids::{BundleHash, RequestId, TurnId};
use schemas::wire;

use crate::log::{Log, LogError};
use crate::recorded::{AHEAD_MS, Decisions, Recorded};

/// Most records that are read ahead. In a log that has more within the look-ahead it is shorter.
const MOST: usize = 50_000;
/// Most bytes of them.
const MOST_BYTES: usize = 64 << 20;

/// A record of the range with what was decided on it.
pub(super) struct Seen {
    pub(super) record: Record,
    pub(super) recorded: Vec<Recorded>,
}

/// The log of a range, read ahead.
pub(super) struct Window<L> {
    log: L,
    queue: VecDeque<Seen>,
    /// Bytes of the values in it.
    bytes: usize,
    /// Append times of clock records in the queue.
    clocks: VecDeque<Millis>,
    /// Ids of outcomes in the queue.
    ends: HashSet<Vec<u8>>,
    newest: Millis,
    is_over: bool,
    /// What the line asked in the range.
    asked: HashSet<RequestId>,
    /// Turns that the line opened in the range.
    opened: HashSet<TurnId>,
}

impl<L: Log> Window<L> {
    pub(super) fn new(log: L) -> Self {
        Self {
            log,
            queue: VecDeque::new(),
            bytes: 0,
            clocks: VecDeque::new(),
            ends: HashSet::new(),
            newest: Millis::MIN,
            is_over: false,
            asked: HashSet::new(),
            opened: HashSet::new(),
        }
    }

    /// The next record, when the look-ahead behind it has been read.
    pub(super) fn next<D: Log>(&mut self, decisions: &mut Decisions<D>) -> Result<Option<Seen>, LogError> {
        while !self.is_over && self.has_room() && self.is_short() {
            match self.log.next()? {
                Some(record) => self.take(record, decisions)?,
                None => self.is_over = true,
            }
        }
        let next = self.queue.pop_front();
        if let Some(seen) = &next {
            self.bytes -= size(&seen.record);
            match kind(&seen.record) {
                b"clock" => drop(self.clocks.pop_front()),
                b"answered" => drop(seen.record.header(wire::ID).map(|id| self.ends.remove(id))),
                _ => {}
            }
        }
        Ok(next)
    }

    /// The next record, with nothing read ahead.
    pub(super) fn straight(&mut self) -> Result<Option<Record>, LogError> {
        self.log.next()
    }

    fn has_room(&self) -> bool {
        self.queue.len() < MOST && self.bytes < MOST_BYTES
    }

    fn is_short(&self) -> bool {
        self.queue.front().is_none_or(|first| self.newest <= first.record.timestamp.saturating_add(AHEAD_MS))
    }

    fn take<D: Log>(&mut self, record: Record, decisions: &mut Decisions<D>) -> Result<(), LogError> {
        self.newest = self.newest.max(record.timestamp);
        match kind(&record) {
            b"clock" => self.clocks.push_back(record.timestamp),
            b"answered" => self.ends.extend(record.header(wire::ID).map(<[u8]>::to_vec)),
            _ => {}
        }
        let recorded = decisions.on(record.offset, &[])?;
        for decision in recorded.iter().filter_map(|recorded| recorded.decision.as_ref()) {
            if matches!(decision.ruling, Ruling::Asked | Ruling::Held) {
                self.asked.extend(decision.request);
                self.opened.extend(decision.turn);
            }
        }
        self.bytes += size(&record);
        self.queue.push_back(Seen { record, recorded });
        Ok(())
    }

    /// Whether the log has a clock record soon after a timer is due.
    pub(super) fn has_clock(&self, due: Millis) -> bool {
        let soon = due..=due.saturating_add(AHEAD_MS);
        self.clocks.iter().any(|time| soon.contains(time))
    }

    /// Whether the log has the end of a request, or will have it.
    pub(super) fn has_end(&self, request: RequestId) -> bool {
        let id = Answered::id_of(request).to_string();
        self.asked.contains(&request) || self.ends.contains(id.as_bytes())
    }

    /// Whether the line opened a turn in the range, as far as it was read.
    pub(super) fn has_opened(&self, turn: TurnId) -> bool {
        self.opened.contains(&turn)
    }
}

fn size(record: &Record) -> usize {
    record.value.as_ref().map_or(0, Vec::len)
}

/// The kind of a record, by its header.
pub(super) fn kind(record: &Record) -> &[u8] {
    record.header(wire::KIND).unwrap_or_default()
}

/// The bundle that a record switches to, if it is a switch.
pub(super) fn switched_to(record: &Record) -> Option<BundleHash> {
    if kind(record) != b"config" {
        return None;
    }
    match wire::decode(|name| record.header(name), record.value.as_deref()) {
        Ok(Event::Config(switch)) => Some(switch.bundle),
        _ => None,
    }
}

/// The turn of a record, by its header.
pub(super) fn turn_of(record: &Record) -> Option<TurnId> {
    let text = record.header(wire::TURN).and_then(|value| str::from_utf8(value).ok())?;
    TurnId::parse(text).ok()
}
