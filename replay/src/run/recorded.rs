//! A replay with recorded models: one fold for a partition, in the log's order, with the log's clocks.
//!
//! With production's own bundles every record is fed as it is and nothing is made, so that what comes out is equal to the byte, or has drifted. With a candidate a
//! clock is made where the log has none for a timer of the candidate's, a request that the line never made ends as `not_recorded`, and an outcome of a
//! request that the candidate never made is left out.

use std::collections::HashSet;

use conversation::States;
use pipeline::Record;
use schemas::Millis;
use schemas::answered::{Answered, Outcome};
use schemas::decision::Decision;
use schemas::ids::{EventId, TurnId};
use schemas::request::Request;
use schemas::wire;

use super::engine::{BesideLogs, Both, Engine, Logs, Sink};
use super::error::RunError;
use super::tally::Tally;
use super::window::{Seen, Window, kind};
use crate::compare::Source;
use crate::log::Log;
use crate::range::{Span, Taking};
use crate::recorded::{Decisions, Recorded};
use crate::results::DriftCause;
use crate::world::{Line, Place, Step, World, made_offset, outcome, switch};

/// The reason of an outcome that nobody has.
const NOT_RECORDED: &str = "not_recorded";
/// Records after which turns that are done are written.
const GIVEN: u64 = 256;

/// Replays one partition with recorded models, from these states of the span's first folded record. Gives what was counted, and the sink.
///
/// # Errors
/// [`RunError`].
pub fn recorded<S: Sink>(
    engine: &Engine<'_>,
    span: Span,
    logs: Logs,
    states: States,
    sink: S,
) -> Result<(Tally, S), RunError> {
    let Logs { events, decisions, requests, answers } = logs;
    let taking = engine.manifest.taking();
    let world = World::new(engine.line, span.partition, &span.partition.to_string(), states)?;
    let warming = Warming {
        engine,
        span,
        taking: taking.clone(),
        world,
        decisions: Decisions::new(decisions, taking.clone()),
        is_configured: false,
        warmed: 0,
    };
    let (warmed, events, first) = warming.run(events)?;
    let Warming { world, decisions, warmed, .. } = warmed;
    let mut course = Course {
        both: Both::new(engine, BesideLogs { requests, answers }, sink),
        line: engine.line,
        is_own: engine.candidate.is_none(),
        taking,
        world,
        decisions,
        window: Window::new(Behind { first, rest: events }),
        made: HashSet::new(),
    };
    course.both.tally.warmed = warmed;
    course.run(engine)
}

/// A log whose first record was read already.
struct Behind {
    first: Option<Record>,
    rest: Box<dyn Log>,
}

impl Log for Behind {
    fn poll(&mut self, wait: std::time::Duration) -> Result<crate::log::Polled, crate::log::LogError> {
        match self.first.take() {
            Some(record) => Ok(crate::log::Polled::Record(record)),
            None => self.rest.poll(wait),
        }
    }
}

/// What is before the range: folded as it was recorded, and forgotten but for the states.
pub(super) struct Warming<'a, 'b> {
    pub(super) engine: &'a Engine<'b>,
    pub(super) span: Span,
    pub(super) taking: Taking,
    pub(super) world: World,
    pub(super) decisions: Decisions<Box<dyn Log>>,
    pub(super) is_configured: bool,
    pub(super) warmed: u64,
}

impl Warming<'_, '_> {
    /// Folds up to the range, whose first record is given with what is behind it.
    pub(super) fn run(
        mut self,
        mut events: Box<dyn Log>,
    ) -> Result<(Self, Box<dyn Log>, Option<Record>), RunError> {
        let mut first = None;
        let mut from = None;
        while let Some(record) = events.next()? {
            if record.offset >= self.span.first {
                from = Some(record.timestamp);
                first = Some(record);
                break;
            }
            self.engine.progress.pass(1);
            self.take(&record)?;
        }
        let time = from.unwrap_or(self.engine.manifest.from);
        self.configure(self.span.first, time)?;
        if let Some(candidate) = &self.engine.candidate {
            let candidate = candidate.clone();
            self.switch(&candidate, time)?;
        }
        Ok((self, events, first))
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
            Some(bundle) => self.switch(&bundle, time),
            None => Ok(()),
        }
    }

    fn switch(&mut self, bundle: &schemas::ids::BundleHash, time: Millis) -> Result<(), RunError> {
        let line = self.engine.line;
        let offset = made_offset(&format!("{}:switch:{bundle}", self.span.partition));
        let place = Place { partition: self.span.partition, offset, time };
        self.world.feed(&switch(line.events(), &line.source(), place, bundle)?)?;
        Ok(())
    }
}

/// A partition on its way through the range.
struct Course<'a, S> {
    both: Both<'a, S>,
    line: &'a Line,
    /// Production's own bundles hold.
    is_own: bool,
    taking: Taking,
    world: World,
    decisions: Decisions<Box<dyn Log>>,
    window: Window<Behind>,
    /// Ids of the outcomes of requests that the candidate made and that wait.
    made: HashSet<EventId>,
}

impl<S: Sink> Course<'_, S> {
    fn run(mut self, engine: &Engine<'_>) -> Result<(Tally, S), RunError> {
        let mut since = 0;
        while let Some(seen) = self.next()? {
            engine.progress.pass(1);
            self.take(seen)?;
            since += 1;
            if since >= GIVEN {
                since = 0;
                engine.progress.fold(GIVEN);
                self.both.give(self.world.now())?;
            }
        }
        engine.progress.fold(since);
        self.both.tally.unread = self.decisions.unread();
        let now = self.world.now();
        self.both.finish(now)
    }

    /// With production's own bundles nothing has to be known of what comes.
    fn next(&mut self) -> Result<Option<Seen>, RunError> {
        if self.is_own {
            let next = self.window.straight()?;
            return Ok(next.map(|record| Seen { record, recorded: Vec::new() }));
        }
        Ok(self.window.next(&mut self.decisions)?)
    }

    fn take(&mut self, Seen { record, recorded }: Seen) -> Result<(), RunError> {
        if record.key.as_deref().is_some_and(|key| !self.taking.takes(key)) {
            return Ok(());
        }
        self.both.tally.events += 1;
        if self.is_own {
            return self.take_own(&record);
        }
        self.make_clocks(&record)?;
        let kind = kind(&record);
        let is_fed = match kind {
            b"config" => false,
            b"answered" => self.feeds(&record),
            _ => true,
        };
        let step = if is_fed { self.world.feed(&record)? } else { Step::default() };
        if kind == b"answered" {
            self.both.baseline_outcome(&record, is_fed.then_some(&step));
        }
        let made = self.both.candidate(&step, Source::Recorded)?;
        self.both.baseline(&recorded, &Step::default());
        self.await_all(made)
    }

    /// A record under production's own bundles: what comes of it is held against what was written.
    fn take_own(&mut self, record: &Record) -> Result<(), RunError> {
        let step = self.world.feed(record)?;
        let folded: Vec<_> = step.decisions(self.line).collect();
        let outgoing: Vec<_> = folded.iter().map(|(_, outgoing)| *outgoing).collect();
        let recorded = self.decisions.on(record.offset, &outgoing)?;
        if kind(record) == b"answered" {
            self.both.baseline_outcome(record, Some(&step));
        }
        self.both.candidate(&step, Source::Recorded)?;
        self.both.baseline(&recorded, &step);
        let same = self.compare(&folded, &recorded);
        if same {
            self.both.baseline_answers(&step);
        }
        Ok(())
    }

    /// Whether decisions are what they were; differences are noted.
    fn compare(&mut self, folded: &[(&Decision, &pipeline::Outgoing)], recorded: &[Recorded]) -> bool {
        let mut same = true;
        for index in 0..folded.len().max(recorded.len()) {
            self.both.tally.decisions += 1;
            let (ours, theirs) = (folded.get(index).map(|(ours, _)| *ours), recorded.get(index));
            let is_same = match (ours, theirs) {
                (Some(_), Some(Recorded { decision: None, .. })) => true,
                // Of a sample fewer timers fire by one clock, so that the same timer has another number.
                (Some(ours), Some(Recorded { decision: Some(theirs), .. })) => {
                    let renamed = ours.input == "clock" && !self.taking.is_all();
                    renamed && Decision { id: theirs.id, ..ours.clone() } == **theirs
                }
                _ => false,
            };
            if !is_same {
                same = false;
                self.differs(ours, theirs.and_then(|theirs| theirs.decision.as_deref()));
            }
        }
        same
    }

    fn differs(&mut self, ours: Option<&Decision>, theirs: Option<&Decision>) {
        let Both { join, tally, .. } = &mut self.both;
        tally.different += 1;
        let Some(decision) = theirs.or(ours) else { return };
        if join.is_cold(&decision.conversation) {
            tally.cold_different += 1;
            join.drifted(decision, DriftCause::ColdState);
            return;
        }
        let cause = cause(ours, theirs);
        join.drifted(decision, cause);
        tally.differs(|| {
            let what = match (ours, theirs) {
                (Some(ours), Some(theirs)) => format!("{} was {}", ours.ruling.label(), theirs.ruling.label()),
                (Some(ours), None) => format!("{} has no recorded decision", ours.ruling.label()),
                (None, Some(theirs)) => format!("recorded {} is missing", theirs.ruling.label()),
                (None, None) => String::new(),
            };
            let (partition, offset) = (decision.partition, decision.offset);
            format!("events/{partition}@{offset} ({}): {what}; cause: {}", decision.input, cause.label())
        });
    }

    /// Makes clocks for timers that are due before a record and for which the log has none soon.
    fn make_clocks(&mut self, before: &Record) -> Result<(), RunError> {
        while let Some(due) = self.world.due().filter(|due| *due <= before.timestamp) {
            let own = kind(before) == b"clock" && before.timestamp >= due;
            if own || self.window.has_clock(due) {
                return Ok(());
            }
            let clock = self.world.clock(due);
            let step = self.world.feed(&clock)?;
            let made = self.both.candidate(&step, Source::Recorded)?;
            self.await_all(made)?;
        }
        Ok(())
    }

    /// Whether a recorded outcome belongs into the candidate's world: it made the request, or the turn began before the range.
    fn feeds(&mut self, record: &Record) -> bool {
        let text = |name: &str| record.header(name).and_then(|value| str::from_utf8(value).ok());
        let id = text(wire::ID).and_then(|id| EventId::parse(id).ok());
        let turn = text(wire::TURN).and_then(|turn| TurnId::parse(turn).ok());
        id.is_some_and(|id| self.made.remove(&id)) || turn.is_some_and(|turn| !self.window.has_opened(turn))
    }

    /// Waits for the outcomes of requests; of those that the log has not, it says so at once.
    fn await_all(&mut self, made: Vec<Request>) -> Result<(), RunError> {
        let mut made = made;
        while let Some(request) = made.pop() {
            if self.window.has_end(request.id) {
                self.made.insert(EventId::derive(&request.id.to_string(), 0));
                continue;
            }
            self.both.tally.not_recorded += 1;
            let offset = made_offset(&format!("outcome:{}", request.id));
            let place = Place { partition: self.world.partition(), offset, time: self.world.now() };
            let answered = unrecorded(&request, place.time);
            let record = outcome(self.line.events(), &self.line.source(), place, answered)?;
            let step = self.world.feed(&record)?;
            made.extend(self.both.candidate(&step, Source::Recorded)?);
        }
        Ok(())
    }
}

/// Why a decision differs that should not.
fn cause(ours: Option<&Decision>, theirs: Option<&Decision>) -> DriftCause {
    let dictionary = |decision: &Decision| decision.verdict.as_ref().map(|verdict| verdict.dictionary.clone());
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.bundle != theirs.bundle => DriftCause::Bundle,
        // The version of a dictionary follows from its bundle and from the engine, which is code.
        (Some(ours), Some(theirs)) if dictionary(ours) != dictionary(theirs) => DriftCause::Code,
        _ => DriftCause::Unexplained,
    }
}

/// The end of a request that the log has no end of.
pub(super) fn unrecorded(request: &Request, at: Millis) -> Answered {
    let outcome = Outcome::Failed { reason: NOT_RECORDED.to_owned(), verdict: None };
    ended(request, outcome, at, at)
}

/// An outcome of a request without any attempt.
pub(super) fn ended(request: &Request, outcome: Outcome, started_at: Millis, ended_at: Millis) -> Answered {
    Answered {
        id: EventId::derive(&request.id.to_string(), 0),
        request: request.id,
        kind: request.kind,
        turn: request.turn,
        lane: request.lane.clone(),
        message: request.message.clone(),
        user: Some(request.user.clone()),
        tier: request.tier.clone(),
        outcome,
        attempts: Vec::new(),
        review: None,
        rerun: false,
        route: request.route.clone(),
        decided_at: Some(request.decided_at),
        started_at,
        ended_at,
    }
}
