//! What is before a range: folded as it was recorded, so that conversations begin as they were.

use conversation::States;
use pipeline::Record;
use schemas::Millis;
use schemas::ids::BundleHash;

use super::engine::{Engine, Logs};
use super::error::RunError;
use super::window::{kind, switched_to};
use crate::log::{Log, LogError, Polled};
use crate::range::{Span, Taking};
use crate::recorded::Decisions;
use crate::world::World;

/// A log whose first record was read already.
pub(super) struct Behind {
    first: Option<Record>,
    rest: Box<dyn Log>,
}

impl Log for Behind {
    fn poll(&mut self, wait: std::time::Duration) -> Result<Polled, LogError> {
        match self.first.take() {
            Some(record) => Ok(Polled::Record(record)),
            None => self.rest.poll(wait),
        }
    }
}

impl Warmed {
    /// The bundle that production had when the range begins.
    pub(super) fn bundle(&self) -> Option<BundleHash> {
        self.events.first.as_ref().and_then(switched_to).or_else(|| self.world.bundle())
    }
}

/// What is before the range: folded as it was recorded, and forgotten but for the states.
pub(super) struct Warming<'a, 'b> {
    engine: &'a Engine<'b>,
    span: Span,
    taking: Taking,
    world: World,
    decisions: Decisions<Box<dyn Log>>,
    is_configured: bool,
    warmed: u64,
    crashed: Vec<i64>,
}

/// What the line decided, and on what it did not.
pub(super) struct Decided {
    /// Topic `decisions`.
    pub(super) decisions: Box<dyn Log>,
    /// Offsets of records that it gave up unfolded.
    pub(super) crashed: Vec<i64>,
}

/// A world as it was when the range begins, with the range's log.
pub(super) struct Warmed {
    pub(super) world: World,
    pub(super) decisions: Decisions<Box<dyn Log>>,
    pub(super) events: Behind,
    /// Records that were folded.
    pub(super) warmed: u64,
    /// The log's time.
    pub(super) time: Millis,
    /// Records that the line gave up unfolded.
    pub(super) crashed: Vec<i64>,
}

impl<'a, 'b> Warming<'a, 'b> {
    /// From these states of the span's first warming record. States that are there say what bundle holds.
    pub(super) fn new(
        engine: &'a Engine<'b>,
        span: Span,
        Decided { decisions, crashed }: Decided,
        states: States,
    ) -> Result<Self, RunError> {
        let taking = engine.taking();
        let is_configured = !states.conversations.is_empty();
        let mut world = World::new(engine.line, span.partition, &span.partition.to_string(), states)?;
        world.skip_crashed(&crashed);
        let decisions = Decisions::new(decisions, taking.clone());
        Ok(Self { engine, span, taking, world, decisions, is_configured, warmed: 0, crashed })
    }

    /// Folds up to the range.
    pub(super) fn run(mut self, mut events: Box<dyn Log>) -> Result<Warmed, RunError> {
        let mut first = None;
        while let Some(record) = events.next()? {
            if record.offset >= self.span.first {
                first = Some(record);
                break;
            }
            self.engine.progress.pass(1);
            self.take(&record)?;
        }
        let time = first.as_ref().map_or(self.engine.manifest.from, |record| record.timestamp);
        self.configure(self.span.first, time)?;
        let Self { world, decisions, warmed, crashed, .. } = self;
        Ok(Warmed { world, decisions, events: Behind { first, rest: events }, warmed, time, crashed })
    }

    fn take(&mut self, record: &Record) -> Result<(), RunError> {
        let kind = kind(record);
        if record.offset < self.span.warm {
            // Whatever holds for all conversations of the partition holds from before.
            if matches!(kind, b"config" | b"conditions") {
                self.is_configured |= kind == b"config";
                self.world.feed(record)?;
            }
            return Ok(());
        }
        self.configure(record.offset, record.timestamp)?;
        if record.key.as_deref().is_none_or(|key| self.taking.takes(key)) {
            self.warmed += 1;
            self.world.feed(record)?;
        }
        Ok(())
    }

    /// Switches to the bundle that held, unless the log has told it. A log that is read from its first record has no bundle before it tells one.
    fn configure(&mut self, offset: i64, time: Millis) -> Result<(), RunError> {
        if std::mem::replace(&mut self.is_configured, true) || self.span.lead == 0 {
            return Ok(());
        }
        let told = self.decisions.bundle_at(offset)?;
        match told.or_else(|| self.engine.fallback.clone()) {
            Some(bundle) => self.world.switch(self.engine.line, &bundle, time),
            None => Ok(()),
        }
    }
}

/// The states of a partition when its span begins, from these of its first warming record.
///
/// # Errors
/// [`RunError`].
pub fn states_before(
    engine: &Engine<'_>,
    span: Span,
    logs: Logs,
    states: States,
) -> Result<States, RunError> {
    let Logs { events, decisions, crashed, .. } = logs;
    let decided = Decided { decisions, crashed };
    Ok(Warming::new(engine, span, decided, states)?.run(events)?.world.states())
}
