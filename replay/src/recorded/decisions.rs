//! The recorded decisions, beside the inputs that they are on: both have the order of the log.

use conversation::VERSION;
use pipeline::{Outgoing, Record};
use schemas::decision::Decision;
use schemas::ids::BundleHash;
use schemas::wire;

use crate::compare::{Hash, short};
use crate::log::{Log, LogError, Met, is_same};
use crate::range::Taking;

/// One recorded decision on an input.
#[derive(Debug)]
pub struct Recorded {
    /// What it says; absent where its bytes are those that were folded, so that what was folded says it.
    pub decision: Option<Box<Decision>>,
    /// Hash of its record's value, where it says something.
    pub hash: Hash,
    /// Another version of the program decided, by what its record says of that.
    pub is_of_other_version: bool,
}

impl Recorded {
    /// Its bytes are those that were folded.
    const SAME: Self = Self { decision: None, hash: 0, is_of_other_version: false };

    fn other(record: &Record, decision: Box<Decision>) -> Self {
        let hash = short(record.value.as_deref().unwrap_or_default());
        let version = record.header(wire::VERSION);
        let is_of_other_version = version.is_some_and(|version| version != VERSION.as_bytes());
        Self { decision: Some(decision), hash, is_of_other_version }
    }
}

/// A record that was looked at, with what it says, if it was read.
type Peeked = (Record, Option<Box<Decision>>);

/// Topic `decisions` of one partition.
pub struct Decisions<L> {
    log: L,
    taking: Taking,
    next: Option<Peeked>,
    /// The input that was asked for last, while there may be more decisions on it than were folded.
    open: Option<i64>,
    /// Records that nobody could read.
    unread: u64,
}

impl<L: Log> Decisions<L> {
    /// A log of decisions, of which those on conversations that are taken count.
    pub fn new(log: L, taking: Taking) -> Self {
        Self { log, taking, next: None, open: None, unread: 0 }
    }

    /// Records that this version cannot read.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// The decisions on the input at an offset, which is behind all that were asked for. `folded` are those that were made of it again: where the bytes are the
    /// same nothing is read twice, and one that is there besides them comes with the next question, behind the others.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn on(&mut self, offset: i64, folded: &[&Outgoing]) -> Result<Vec<Recorded>, LogError> {
        let open = self.open.take();
        let (mut found, mut late): (Vec<Recorded>, Vec<Recorded>) = (Vec::new(), Vec::new());
        let mut all_same = !folded.is_empty();
        while !(all_same && found.len() == folded.len()) {
            if let Some(folded) = folded.get(found.len())
                && self.is_next(folded)?
            {
                found.push(Recorded::SAME);
                continue;
            }
            let Some((record, decision)) = self.peek()? else { break };
            if decision.is_none() {
                *decision = read(record);
            }
            let Some(at) = decision.as_ref().map(|decision| decision.offset) else {
                self.unread += 1;
                self.next = None;
                continue;
            };
            if at > offset {
                all_same = false;
                break;
            }
            let next = self.next.take();
            let next = next.and_then(|(record, decision)| Some(Recorded::other(&record, decision?)));
            if at == offset {
                all_same = false;
                found.extend(next);
            } else if Some(at) == open {
                late.extend(next);
            }
            // What is on any other input was there before the first one that was asked for.
        }
        self.open = Some(offset).filter(|_| all_same);
        found.append(&mut late);
        Ok(found)
    }

    /// Decisions on the input that was asked for last, of which nothing was made again.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn left(&mut self) -> Result<Vec<Recorded>, LogError> {
        self.open.map_or(Ok(Vec::new()), |offset| self.on(offset, &[]))
    }

    /// The bundle that held at the first decision on an input at this offset or behind it. What is before is dropped.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn bundle_at(&mut self, offset: i64) -> Result<Option<BundleHash>, LogError> {
        while let Some((record, decision)) = self.peek()? {
            if decision.is_none() {
                *decision = read(record);
            }
            match decision {
                Some(decision) if decision.offset >= offset => return Ok(decision.bundle.clone()),
                _ => self.next = None,
            }
        }
        Ok(None)
    }

    /// Whether the next record is what was folded, to the byte of its key and value; it is taken then.
    fn is_next(&mut self, folded: &Outgoing) -> Result<bool, LogError> {
        while self.next.is_none() {
            match self.log.meet(folded)? {
                Some(Met::Same) => return Ok(true),
                Some(Met::Other(record)) => self.put(record),
                None => return Ok(false),
            }
        }
        Ok(self.next.take_if(|(record, _)| is_same(record, folded)).is_some())
    }

    fn put(&mut self, record: Record) {
        if record.key.as_deref().is_none_or(|key| self.taking.takes(key)) {
            self.next = Some((record, None));
        }
    }

    fn peek(&mut self) -> Result<Option<&mut Peeked>, LogError> {
        while self.next.is_none() {
            let Some(record) = self.log.next()? else { return Ok(None) };
            self.put(record);
        }
        Ok(self.next.as_mut())
    }
}

fn read(record: &Record) -> Option<Box<Decision>> {
    wire::decode(|name| record.header(name), record.value.as_deref()).ok().map(Box::new)
}
