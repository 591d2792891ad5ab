//! A replay with recorded models: one fold for a partition, in the log's order, with the log's clocks.
//!
//! With production's own bundles every record is fed as it is and nothing is made, so that what comes out is equal to the byte, or has drifted. So it is while
//! production has the candidate's bundle. With another candidate a
//! clock is made where the log has none for a timer of the candidate's, a request that the line never made ends as `not_recorded`, an outcome of a
//! request that the candidate never made is left out, and one of a request that both made costs what the candidate's prices say.

use std::collections::HashSet;

use pipeline::Record;
use schemas::Millis;
use schemas::answered::Answered;
use schemas::decision::Decision;
use schemas::ids::{BundleHash, EventId};
use schemas::request::Request;

use super::ends::{LeftOut, id_of, unrecorded};
use super::engine::{BesideLogs, Both, Engine, Hashes, Logs, Part, Sink};
use super::error::RunError;
use super::pairs::{Different, Pairs};
use super::prices::Prices;
use super::tally::Tally;
use super::warming::{Behind, Decided, Warmed, Warming};
use super::window::{Seen, Window, kind, switched_to, turn_of};
use crate::compare::Source;
use crate::log::Log;
use crate::range::Taking;
use crate::recorded::{AHEAD_MS, Decisions, Recorded};
use crate::results::DriftCause;
use crate::world::{Line, Place, Step, World, made_offset, outcome};

/// Records after which turns that are done are written.
const GIVEN: u64 = 256;

/// Replays one partition with recorded models. Gives what was counted, and the sink.
///
/// # Errors
/// [`RunError`].
pub fn recorded<S: Sink>(engine: &Engine<'_>, part: Part<S>) -> Result<(Tally, S), RunError> {
    let Part { span, logs, states, sink } = part;
    let Logs { events, decisions, requests, answers, crashed } = logs;
    let taking = engine.taking();
    let decided = Decided { decisions, crashed };
    let warmed = Warming::new(engine, span, decided, states)?.run(events)?;
    let is_own = engine.candidate.is_none() || engine.candidate == warmed.bundle();
    let Warmed { mut world, decisions, events, warmed, time, .. } = warmed;
    if let Some(candidate) = engine.candidate.as_ref().filter(|_| !is_own) {
        world.switch(engine.line, candidate, time)?;
    }
    let mut course = Course {
        both: Both::new(engine, BesideLogs { requests, answers }, sink),
        line: engine.line,
        prices: Prices::of(engine)?,
        candidate: engine.candidate.clone(),
        is_own,
        taking,
        world,
        decisions,
        window: Window::new(events),
        made: HashSet::new(),
        left: LeftOut::default(),
    };
    course.both.tally.warmed = warmed;
    course.run(engine)
}

/// A partition on its way through the range.
struct Course<'a, S> {
    both: Both<'a, S>,
    line: &'a Line,
    prices: Prices<'a>,
    candidate: Option<BundleHash>,
    /// Production's own bundles hold, or it has had the candidate's until now.
    is_own: bool,
    taking: Taking,
    world: World,
    decisions: Decisions<Box<dyn Log>>,
    window: Window<Behind>,
    /// Ids of the outcomes of requests that the candidate made and that wait.
    made: HashSet<EventId>,
    left: LeftOut,
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
        let left = self.decisions.left()?;
        self.compare(&Step::default(), &left, &Hashes::default())?;
        if !self.is_own {
            self.make_clocks_until(self.world.now().saturating_add(AHEAD_MS))?;
        }
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
        // From here on production has another bundle than the candidate.
        self.is_own &=
            self.candidate.is_none() || switched_to(&record).is_none_or(|is| Some(is) == self.candidate);
        if self.is_own {
            return self.take_own(&record);
        }
        self.make_clocks(&record)?;
        let step = match kind(&record) {
            b"config" => Step::default(),
            b"answered" => self.recorded_outcome(&record)?,
            _ => self.world.feed(&record)?,
        };
        self.both.candidate(&step, Source::Recorded)?;
        self.both.baseline(&recorded)?;
        let made = self.both.keep(step)?;
        self.await_all(made)
    }

    /// A record under production's own bundles: what comes of it is held against what was written.
    fn take_own(&mut self, record: &Record) -> Result<(), RunError> {
        let step = self.world.feed(record)?;
        let outgoing: Vec<_> = step.decisions(self.line).map(|(_, outgoing)| outgoing).collect();
        let recorded = self.decisions.on(record.offset, &outgoing)?;
        if kind(record) == b"answered" {
            self.both.baseline_outcome(record, Some(&step));
        }
        let hashes = self.both.candidate(&step, Source::Recorded)?;
        self.compare(&step, &recorded, &hashes)?;
        self.both.keep(step).map(drop)
    }

    /// Holds the decisions that were folded against those that were written.
    fn compare(&mut self, step: &Step, recorded: &[Recorded], hashes: &Hashes) -> Result<(), RunError> {
        let folded: Vec<&Decision> = step.decisions(self.line).map(|(decision, _)| decision).collect();
        let pairs = Pairs::of(&folded, recorded);
        self.both.baseline_beside(recorded, &pairs.equal, &folded, hashes)?;
        self.both.tally.decisions += pairs.count();
        if pairs.different.is_empty() {
            self.both.baseline_answers(step, hashes);
        }
        for different in pairs.different {
            self.differs(different);
        }
        Ok(())
    }

    fn differs(&mut self, different: Different<'_>) {
        let Different { ours, theirs, .. } = different;
        let Both { join, tally, .. } = &mut self.both;
        tally.different += 1;
        let Some(decision) = theirs.or(ours) else { return };
        if join.is_cold(&decision.conversation) {
            tally.cold_different += 1;
            join.drifted(decision, DriftCause::ColdState);
            return;
        }
        let cause = different.cause();
        join.drifted(decision, cause);
        tally.differs(|| {
            let what = match (ours, theirs) {
                (Some(ours), Some(theirs)) => {
                    format!("{} was {}", ours.ruling.label(), theirs.ruling.label())
                }
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
        match self.world.due().filter(|due| *due <= before.timestamp) {
            Some(_) if kind(before) == b"clock" => Ok(()),
            Some(_) => self.make_clocks_until(before.timestamp),
            None => Ok(()),
        }
    }

    fn make_clocks_until(&mut self, time: Millis) -> Result<(), RunError> {
        while let Some(due) = self.world.due().filter(|due| *due <= time) {
            if self.window.has_clock(due) {
                return Ok(());
            }
            let clock = self.world.clock(due);
            let step = self.world.feed(&clock)?;
            self.both.candidate(&step, Source::Recorded)?;
            let made = self.both.keep(step)?;
            self.await_all(made)?;
        }
        Ok(())
    }

    /// A recorded outcome belongs into the candidate's world if it made the request, or if the turn began before the range.
    fn recorded_outcome(&mut self, record: &Record) -> Result<Step, RunError> {
        let is_made = id_of(record).is_some_and(|id| self.made.remove(&id));
        let began_before = turn_of(record).is_some_and(|turn| !self.window.has_opened(turn));
        if !is_made && !began_before {
            self.left.put(record);
            self.both.baseline_outcome(record, None);
            return Ok(Step::default());
        }
        let priced = if is_made { self.prices.apply(record)? } else { None };
        let step = self.world.feed(priced.as_ref().unwrap_or(record))?;
        self.both.baseline_outcome(record, priced.is_none().then_some(&step));
        Ok(step)
    }

    /// Waits for the outcomes of requests. One that has come before the candidate asked is fed at once, and so is word of one that the log has not.
    fn await_all(&mut self, made: Vec<Request>) -> Result<(), RunError> {
        let mut made = made;
        while let Some(request) = made.pop() {
            let id = Answered::id_of(request.id);
            let offset = made_offset(&format!("outcome:{}", request.id));
            let place = Place { partition: self.world.partition(), offset, time: self.world.now() };
            let record = match self.left.take(id) {
                Some(record) => {
                    let record = Record { offset, timestamp: place.time, ..record };
                    self.prices.apply(&record)?.unwrap_or(record)
                }
                None if self.window.has_end(request.id) => {
                    self.made.insert(id);
                    continue;
                }
                None => {
                    self.both.tally.not_recorded += 1;
                    let answered = unrecorded(&request, place.time);
                    outcome(self.line.events(), &self.line.source(), place, answered)?
                }
            };
            let step = self.world.feed(&record)?;
            self.both.candidate(&step, Source::Recorded)?;
            made.extend(self.both.keep(step)?);
        }
        Ok(())
    }
}
