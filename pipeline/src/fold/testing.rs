//! A fold for tests: counts the records of each key, with timers, controls, and every way to go wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Context, Entry, Fold, FoldError, Input, Key, Step};
use crate::{Outgoing, Record, Refused};

/// State of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Records so far.
    pub count: u64,
    /// When its timer is due, in milliseconds since the epoch.
    pub due: Option<i64>,
}

/// What a keyed record's value asks for.
#[derive(Debug)]
pub enum Ask {
    /// `add`: counts and writes `key=count/control`.
    Add,
    /// `forget`: the key has no state any more.
    Forget,
    /// `timer N`: a timer, N milliseconds after the append time.
    Timer(i64),
    /// `big N`: an output with N bytes of value.
    Big(usize),
    /// `refuse`: the fold finds out that it cannot be folded.
    Refuse,
    /// `panic`: the process ends.
    Panic,
    /// `control X`, without key.
    Control(String),
}

/// Counts records per key into a topic.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Topic of the input, for clock records.
    pub input: Arc<str>,
    /// Topic of the outputs.
    pub output: Arc<str>,
    /// Writes something else each time: a fold that breaks its contract.
    pub noisy: bool,
}

static NOISE: AtomicU32 = AtomicU32::new(0);

impl Counter {
    fn output(&self, partition: i32, key: &Key, text: String) -> Outgoing {
        let noise =
            if self.noisy { NOISE.fetch_add(1, Ordering::Relaxed).to_string() } else { String::new() };
        Outgoing {
            topic: Arc::clone(&self.output),
            partition,
            key: Some(key.to_vec()),
            headers: vec![("kind".into(), b"count".to_vec())],
            value: Some((text + &noise).into_bytes()),
        }
    }
}

impl Fold for Counter {
    type Message = Ask;
    type Key = Key;
    type State = Count;
    type Control = String;

    const TIMERS_PER_CLOCK: usize = 2;

    fn decode(&self, record: &Record) -> Result<Input<Key, Ask>, Refused> {
        let value = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
        let (word, rest) = value.split_once(' ').unwrap_or((&value, ""));
        let ask = match word {
            "clock" => return Ok(Input::Clock),
            "control" => return Ok(Input::Control(Ask::Control(rest.to_owned()))),
            "future" => return Err(Refused::Pause { reason: "future_version" }),
            "add" => Ask::Add,
            "forget" => Ask::Forget,
            "timer" => Ask::Timer(rest.parse().unwrap()),
            "big" => Ask::Big(rest.parse().unwrap()),
            "refuse" => Ask::Refuse,
            "panic" => Ask::Panic,
            _ => return Err(Refused::DeadLetter { reason: "bad" }),
        };
        let key = record.key.as_deref().ok_or(Refused::DeadLetter { reason: "no_key" })?;
        Ok(Input::Keyed(key.into(), ask))
    }

    fn control(&mut self, _before: &String, message: Ask) -> Result<String, FoldError> {
        match message {
            Ask::Control(content) if content == "missing" => {
                Err(FoldError::Control("no such content".into()))
            }
            Ask::Control(content) => Ok(content),
            Ask::Add | Ask::Forget | Ask::Timer(_) | Ask::Big(_) | Ask::Refuse | Ask::Panic => {
                Err(FoldError::Control("keyed".into()))
            }
        }
    }

    fn fold(
        &self,
        context: Context<'_, String>,
        key: &Key,
        state: Option<&Count>,
        message: Ask,
    ) -> Result<Step<Count>, Refused> {
        let mut next = state.cloned().unwrap_or(Count { count: 0, due: None });
        next.count += 1;
        let name = String::from_utf8_lossy(key).into_owned();
        let text = match message {
            Ask::Forget => return Ok(Step { state: None, outputs: Vec::new() }),
            Ask::Refuse => return Err(Refused::DeadLetter { reason: "refused_by_fold" }),
            Ask::Panic => panic!("the fold was asked to panic"),
            Ask::Timer(after) => {
                next.due = Some(context.time + after);
                return Ok(Step { state: Some(next), outputs: Vec::new() });
            }
            Ask::Big(bytes) => "x".repeat(bytes),
            Ask::Add | Ask::Control(_) => format!("{name}={}/{}", next.count, context.control),
        };
        Ok(Step { state: Some(next), outputs: vec![self.output(context.partition, key, text)] })
    }

    fn fire(&self, context: Context<'_, String>, key: &Key, state: &Count, ordinal: usize) -> Step<Count> {
        let text = format!("fired {} {}.{ordinal}", String::from_utf8_lossy(key), context.offset);
        let output = self.output(context.partition, key, text);
        Step { state: Some(Count { due: None, ..state.clone() }), outputs: vec![output] }
    }

    fn due(&self, state: &Count) -> Option<i64> {
        state.due
    }

    fn clock(&self, partition: i32, _time: i64) -> Outgoing {
        let (topic, headers) = (Arc::clone(&self.input), Vec::new());
        Outgoing { topic, partition, key: None, headers, value: Some(b"clock".to_vec()) }
    }

    fn snapshot(
        &self,
        key: &Key,
        before: Option<&Count>,
        after: Option<&Count>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        if before == after {
            return Vec::new();
        }
        let value = after.map(|state| format!("{} {}", state.count, state.due.unwrap_or(-1)).into_bytes());
        vec![(key.to_vec(), value)]
    }

    fn snapshot_control(&self, control: &String) -> (Vec<u8>, Vec<u8>) {
        (b"@control".to_vec(), control.clone().into_bytes())
    }

    fn restore<'a>(
        entries: impl Iterator<Item = Entry<'a>>,
    ) -> Result<(String, HashMap<Key, Count>), FoldError> {
        let mut control = String::new();
        let mut states = HashMap::new();
        for (key, value) in entries {
            let value = String::from_utf8(value.to_vec()).unwrap();
            if key == b"@control" {
                control = value;
                continue;
            }
            let (count, due) = value.split_once(' ').ok_or_else(|| FoldError::Restore("no due".into()))?;
            let due = Some(due.parse().unwrap()).filter(|due| *due >= 0);
            states.insert(Key::from(key), Count { count: count.parse().unwrap(), due });
        }
        Ok((control, states))
    }
}
