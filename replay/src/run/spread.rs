//! Spreads a partition's log over its conversations, read a bounded number of records ahead.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use conversation::States;
use decide::Key;
use pipeline::Record;
use schemas::Millis;
use schemas::ids::BundleHash;

use super::controls::Controls;
use super::engine::Engine;
use super::error::RunError;
use super::known::Known;
use super::strand::{Item, Need, Strand};
use super::warming::{Behind, Warmed};
use super::window::kind;
use crate::log::{Log, Polled};
use crate::range::Taking;
use crate::recorded::Decisions;
use crate::world::{Line, World};

/// Most records that wait in conversations while calls run.
const MOST: usize = 20_000;

/// A conversation's key, shared.
pub(super) type Name = Arc<[u8]>;

/// The conversations of a partition.
pub(super) struct Spread<'a> {
    line: &'a Line,
    taking: Taking,
    candidate: Option<BundleHash>,
    /// The states when the range begins.
    states: States,
    began: Millis,
    /// Production's own fold, ahead of the candidate's.
    own: World,
    decisions: Decisions<Box<dyn Log>>,
    events: Behind,
    crashed: Vec<i64>,
    pub(super) known: Known,
    pub(super) controls: Controls,
    pub(super) reached: Millis,
    pub(super) is_over: bool,
    strands: HashMap<Name, Strand>,
    /// Conversations that go on when the log was read to a time.
    ready: BTreeSet<(Millis, Name)>,
    /// Records that wait.
    waiting: usize,
}

impl<'a> Spread<'a> {
    pub(super) fn new(engine: &Engine<'a>, warmed: Warmed) -> Self {
        let Warmed { world, decisions, events, time, crashed, .. } = warmed;
        Self {
            line: engine.line,
            taking: engine.taking(),
            candidate: engine.candidate.clone(),
            states: world.states(),
            began: time,
            own: world,
            decisions,
            events,
            crashed,
            known: Known::default(),
            controls: Controls::default(),
            reached: Millis::MIN,
            is_over: false,
            strands: HashMap::new(),
            ready: BTreeSet::new(),
            waiting: 0,
        }
    }

    /// Records that this version cannot read.
    pub(super) fn unread(&self) -> u64 {
        self.decisions.unread()
    }

    /// Whether more records fit beside those that wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting < MOST
    }

    /// Reads one record more. Whether something came.
    pub(super) fn read(&mut self, wait: Duration) -> Result<bool, RunError> {
        match self.events.poll(wait)? {
            Polled::Nothing => Ok(false),
            Polled::End => {
                self.is_over = true;
                // Everybody goes on to the end.
                let all = self.strands.keys().map(|name| (Millis::MIN, Arc::clone(name)));
                self.ready.extend(all.collect::<Vec<_>>());
                Ok(true)
            }
            Polled::Record(record) => {
                self.take(record)?;
                Ok(true)
            }
        }
    }

    fn take(&mut self, record: Record) -> Result<(), RunError> {
        self.reached = self.reached.max(record.timestamp);
        if record.key.as_deref().is_some_and(|key| !self.taking.takes(key)) {
            return Ok(());
        }
        let step = self.own.feed(&record)?;
        self.known.take(self.line, &step)?;
        let recorded = self.decisions.on(record.offset, &[])?;
        let Some(key) = record.key.clone() else {
            let is_switch = kind(&record) == b"config";
            if !is_switch || self.candidate.is_none() {
                self.controls.put(&record);
            }
            for recorded in recorded {
                let Some(decision) = &recorded.decision else { continue };
                let name = decision.conversation.text().into_bytes().into();
                self.push(name, Item::Fired(record.timestamp, recorded), record.timestamp)?;
            }
            return Ok(());
        };
        if self.crashed.contains(&record.offset) {
            // The line gave it up, and nobody folds it.
            return Ok(());
        }
        let time = record.timestamp;
        self.push(key.into(), Item::Record(Box::new(record), recorded), time)
    }

    fn push(&mut self, name: Name, item: Item, time: Millis) -> Result<(), RunError> {
        if !self.strands.contains_key(&name) {
            let Some(strand) = self.strand(&name)? else { return Ok(()) };
            self.strands.insert(Arc::clone(&name), strand);
        }
        if let Some(strand) = self.strands.get_mut(&name) {
            strand.push(item);
            self.waiting += 1;
            self.ready.insert((time, name));
        }
        Ok(())
    }

    /// A conversation's world as it was when the range began.
    fn strand(&self, name: &Name) -> Result<Option<Strand>, RunError> {
        let Ok(text) = str::from_utf8(name) else { return Ok(None) };
        let Ok(key) = Key::parse(text) else { return Ok(None) };
        let mut world = World::new(self.line, self.own.partition(), text, self.states.of(&key))?;
        if let Some(candidate) = &self.candidate {
            world.switch(self.line, candidate, self.began)?;
        }
        Ok(Some(Strand::new(world)))
    }

    /// A conversation that can go on, taken out until it is put back.
    pub(super) fn next_ready(&mut self) -> Option<(Name, Strand)> {
        loop {
            let (time, _) = self.ready.first()?;
            if *time >= self.reached && !self.is_over {
                return None;
            }
            let (_, name) = self.ready.pop_first()?;
            if let Some(strand) = self.strands.remove(&name) {
                self.waiting -= strand.len();
                return Some((name, strand));
            }
        }
    }

    /// Puts a conversation back, which waits for something.
    pub(super) fn put_back(&mut self, name: Name, strand: Strand, need: Need) {
        self.waiting += strand.len();
        match need {
            Need::Log(time) => drop(self.ready.insert((time, Arc::clone(&name)))),
            Need::Outcome | Need::Nothing => {}
        }
        self.strands.insert(name, strand);
    }

    /// A conversation to which something happened beside the log.
    pub(super) fn strand_mut(&mut self, name: &Name) -> Option<&mut Strand> {
        self.ready.insert((Millis::MIN, Arc::clone(name)));
        self.strands.get_mut(name)
    }
}
