//! Requests and canned answers as they were written, found by their ids. Both topics have the order of the log, so each is read on as far as the log's time asks
//! for, and once.

use std::collections::{HashMap, VecDeque};
use std::time::UNIX_EPOCH;

use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::answer::{Answer, AnswerSource};
use schemas::cancel::Cancel;
use schemas::ids::{RequestId, TurnId};
use schemas::request::Request;
use schemas::wire;

use super::AHEAD_MS;
use crate::compare::{Hash, content};
use crate::log::{Log, LogError, Met};
use crate::range::Taking;

/// Most requests that are kept for a candidate that makes them later, or never.
const MOST: usize = 20_000;
/// Most bytes of them.
const MOST_BYTES: usize = 64 << 20;

/// A request as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// As it was made again, to the byte; the hash of its content.
    Same(Hash),
    /// Its record's value, which was not held against another or differs from it.
    Value(Vec<u8>),
}

impl Written {
    /// The hash of its content, where this version can read it.
    pub fn content(&self) -> Option<Hash> {
        match self {
            Self::Same(hash) => Some(*hash),
            Self::Value(value) => {
                serde_json::from_slice::<Request>(value).ok().map(|request| content(&request))
            }
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Value(value) => value.len(),
        }
    }
}

/// A request that was made again.
#[derive(Debug, Clone, Copy)]
pub struct Again<'a> {
    /// The request.
    pub request: &'a Request,
    /// Its record.
    pub record: &'a Outgoing,
    /// The hash of its content.
    pub content: Hash,
}

/// Reads a topic on as far as is asked for.
struct Ahead<L> {
    log: L,
    taking: Taking,
    reached: Millis,
    is_over: bool,
}

impl<L: Log> Ahead<L> {
    fn new(log: L, taking: Taking) -> Self {
        Self { log, taking, reached: Millis::MIN, is_over: false }
    }

    /// Whether what was decided then has been read, as far as it is there.
    fn is_beyond(&self, time: Millis) -> bool {
        self.is_over || self.reached > time.saturating_add(AHEAD_MS)
    }

    fn next(&mut self) -> Result<Option<Record>, LogError> {
        while let Some(record) = self.log.next()? {
            if self.passes(&record) {
                return Ok(Some(record));
            }
        }
        self.is_over = true;
        Ok(None)
    }

    /// As [`Self::next`], beside a request that was made again.
    fn meet(&mut self, again: Again<'_>) -> Result<Option<Met>, LogError> {
        while let Some(met) = self.log.meet(again.record)? {
            match met {
                Met::Same => self.reached = self.reached.max(again.request.decided_at),
                Met::Other(ref record) if !self.passes(record) => continue,
                Met::Other(_) => {}
            }
            return Ok(Some(met));
        }
        self.is_over = true;
        Ok(None)
    }

    /// Notes the time of a record. Whether its conversation is taken.
    fn passes(&mut self, record: &Record) -> bool {
        self.reached = self.reached.max(decided_at(record).unwrap_or(record.timestamp));
        record.key.as_deref().is_none_or(|key| self.taking.takes(key))
    }
}

/// The log's time at which a record was decided, by its header.
fn decided_at(record: &Record) -> Option<Millis> {
    let text = str::from_utf8(record.header("ce_time")?).ok()?;
    let since = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Millis::try_from(since.as_millis()).ok()
}

/// Topic `requests` of one partition.
pub struct Requests<L> {
    ahead: Ahead<L>,
    found: HashMap<RequestId, Written>,
    order: VecDeque<RequestId>,
    bytes: usize,
}

impl<L: Log> Requests<L> {
    /// A log of requests, of which those of conversations that are taken count.
    pub fn new(log: L, taking: Taking) -> Self {
        Self { ahead: Ahead::new(log, taking), found: HashMap::new(), order: VecDeque::new(), bytes: 0 }
    }

    /// The request with that id, which was decided at about that time, if the topic still has it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn get(&mut self, id: RequestId, time: Millis) -> Result<Option<&Written>, LogError> {
        while !self.found.contains_key(&id) && !self.ahead.is_beyond(time) {
            let Some(record) = self.ahead.next()? else { break };
            self.read(record);
        }
        Ok(self.found.get(&id))
    }

    /// As [`Self::get`], for a request that was made again.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn meet(&mut self, again: Again<'_>) -> Result<Option<&Written>, LogError> {
        let Again { request: Request { id, decided_at, .. }, record, content } = again;
        match self.found.get_mut(id) {
            Some(Written::Value(value)) if record.value.as_ref() == Some(value) => {
                self.bytes -= value.len();
                self.found.insert(*id, Written::Same(content));
            }
            Some(_) => {}
            None => {
                while !self.found.contains_key(id) && !self.ahead.is_beyond(*decided_at) {
                    match self.ahead.meet(again)? {
                        Some(Met::Same) => self.keep(*id, Written::Same(content)),
                        Some(Met::Other(record)) => self.read(record),
                        None => break,
                    }
                }
            }
        }
        Ok(self.found.get(id))
    }

    fn read(&mut self, record: Record) {
        if record.header(wire::KIND) == Some(Cancel::KIND.as_bytes()) {
            return;
        }
        let id = record.header(wire::ID).and_then(|id| str::from_utf8(id).ok());
        let Some(id) = id.and_then(|id| RequestId::parse(id).ok()) else { return };
        self.keep(id, Written::Value(record.value.unwrap_or_default()));
    }

    fn keep(&mut self, id: RequestId, written: Written) {
        self.bytes += written.size();
        match self.found.insert(id, written) {
            Some(before) => self.bytes -= before.size(),
            None => self.order.push_back(id),
        }
        while self.order.len() > MOST || (self.bytes > MOST_BYTES && self.order.len() > 1) {
            let oldest = self.order.pop_front().and_then(|oldest| self.found.remove(&oldest));
            self.bytes -= oldest.map_or(0, |written| written.size());
        }
    }
}

/// What topic `answers` of one partition has of canned answers.
pub struct Answers<L> {
    ahead: Ahead<L>,
    found: HashMap<TurnId, String>,
}

impl<L: Log> Answers<L> {
    /// A log of answers, of which those of conversations that are taken count.
    pub fn new(log: L, taking: Taking) -> Self {
        Self { ahead: Ahead::new(log, taking), found: HashMap::new() }
    }

    /// What was said in a turn instead of a model's answer, all parts of it, by about that time.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn take(&mut self, turn: TurnId, time: Millis) -> Result<Option<String>, LogError> {
        while !self.ahead.is_beyond(time) {
            let Some(record) = self.ahead.next()? else { break };
            let value = record.value.as_deref().unwrap_or_default();
            if !has(value, br#""from":"canned""#) {
                continue;
            }
            let read = wire::decode::<Answer>(|name| record.header(name), record.value.as_deref());
            if let Ok(Answer { turn, text, source: AnswerSource::Canned { .. }, .. }) = read {
                self.found.entry(turn).or_default().push_str(text.plain().unwrap_or_default());
            }
        }
        Ok(self.found.remove(&turn))
    }
}

fn has(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}
