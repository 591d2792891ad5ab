//! One conversation's world where models are asked: it waits for its own outcomes and for nobody else's.
//!
//! Its order is the log's, whatever the network does. The outcome of a request that models are asked takes the place of the recorded outcome of the same
//! request; where the log has none, it comes as long behind its request as the call took. Clocks are made when timers are due, and recorded ones are not fed.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use pipeline::Record;
use schemas::Millis;
use schemas::answered::Answered;
use schemas::ids::{EventId, RequestId, TurnId};
use schemas::request::Request;

use super::controls::{Controls, Met, Moment};
use super::ends::{LeftOut, id_of};
use super::engine::{Both, Sink};
use super::error::RunError;
use super::known::Known;
use super::prices::Prices;
use super::window::{kind, turn_of};
use crate::compare::Source;
use crate::dataset::Chosen;
use crate::recorded::{AHEAD_MS, Recorded};
use crate::results::Models;
use crate::world::{Line, Place, Step, World, made_offset, outcome};

/// Something of the log for one conversation.
pub(super) enum Item {
    /// A record, with what was decided on it.
    Record(Box<Record>, Vec<Recorded>),
    /// What was decided when a clock fired, which is not fed.
    Fired(i64, Recorded),
}

/// What is known beside the conversation's own records.
pub(super) struct Around<'a> {
    pub(super) line: &'a Line,
    pub(super) known: &'a Known,
    pub(super) prices: &'a Prices<'a>,
    pub(super) controls: &'a Controls,
    /// How far the log was read.
    pub(super) reached: Millis,
    /// It was read to the range's end.
    pub(super) is_over: bool,
    /// Which answers are used.
    pub(super) choice: Choice,
    /// The turns for which models are asked; all of them without.
    pub(super) chosen: Option<&'a Chosen>,
}

/// Which answers a replay uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) models: Models,
    pub(super) fork_at: Option<u32>,
}

/// What a conversation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The log, read up to this time.
    Log(Millis),
    /// The outcome of a request.
    Outcome,
    /// Nothing: all of it is folded.
    Nothing,
}

/// A request that models are asked.
enum Wait {
    /// Its outcome takes the place of the recorded one.
    Placed(Option<Box<Answered>>),
    /// Its outcome comes behind it, as long as the call takes.
    Unplaced,
}

/// What comes next.
enum Next {
    Clock(Millis),
    Outcome(Millis),
    Item(Millis),
}

/// One conversation.
pub(super) struct Strand {
    world: World,
    queue: VecDeque<Item>,
    met: Met,
    waits: HashMap<RequestId, Wait>,
    /// Outcomes without a place in the log, by the time at which they come.
    scheduled: BTreeMap<(Millis, RequestId), Scheduled>,
    /// Recorded outcomes that are used when they come.
    recorded: HashSet<EventId>,
    left: LeftOut,
    /// Turns that were opened in the range.
    turns: Vec<TurnId>,
    asks: Vec<Request>,
}

/// An outcome that comes.
enum Scheduled {
    Live(Box<Answered>),
    Recorded(Box<Record>),
}

impl Strand {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            queue: VecDeque::new(),
            met: Met::default(),
            waits: HashMap::new(),
            scheduled: BTreeMap::new(),
            recorded: HashSet::new(),
            left: LeftOut::default(),
            turns: Vec::new(),
            asks: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, item: Item) {
        self.queue.push_back(item);
    }

    /// Items that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// The outcome of a request that models were asked.
    pub(super) fn ended(&mut self, answered: Answered) {
        match self.waits.get_mut(&answered.request) {
            Some(Wait::Placed(place)) => *place = Some(Box::new(answered)),
            Some(Wait::Unplaced) => {
                self.waits.remove(&answered.request);
                let key = (answered.ended_at, answered.request);
                self.scheduled.insert(key, Scheduled::Live(Box::new(answered)));
            }
            None => {}
        }
    }

    /// Folds on as far as it can. Gives the requests that models are to be asked, and what it waits for then.
    pub(super) fn advance<S: Sink>(
        &mut self,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(Vec<Request>, Need), RunError> {
        let need = loop {
            // What comes next is not known before it is known how long the call takes.
            if self.waits.values().any(|wait| matches!(wait, Wait::Unplaced)) {
                break Need::Outcome;
            }
            let Some(next) = self.next(around) else {
                match self.release(around) {
                    Some(need) => break need,
                    None => continue,
                }
            };
            let (Next::Clock(time) | Next::Outcome(time) | Next::Item(time)) = next;
            // What the line asks soon after decides where outcomes have their places.
            if !around.is_over && around.reached <= time.saturating_add(AHEAD_MS) {
                break Need::Log(time.saturating_add(AHEAD_MS));
            }
            match next {
                Next::Clock(due) => self.clock(due, around, both)?,
                Next::Outcome(_) => self.scheduled_outcome(around, both)?,
                Next::Item(_) if self.is_waiting_for_front() => break Need::Outcome,
                Next::Item(_) => self.item(around, both)?,
            }
        };
        Ok((std::mem::take(&mut self.asks), need))
    }

    /// What comes next in the log's time.
    fn next(&self, around: &Around<'_>) -> Option<Next> {
        let item = self.queue.front().map(|item| match item {
            Item::Record(record, _) => record.timestamp,
            Item::Fired(time, _) => *time,
        });
        let outcome = self.scheduled.keys().next().map(|(time, _)| *time);
        // Behind the range's end no timer fires that has nothing to do with it.
        let last = if around.is_over { around.reached.saturating_add(AHEAD_MS) } else { Millis::MAX };
        let due = self.world.due().map(|due| due.max(self.world.now())).filter(|due| *due <= last);
        let first = [item, outcome, due].into_iter().flatten().min()?;
        Some(if due == Some(first) {
            Next::Clock(first)
        } else if outcome == Some(first) {
            Next::Outcome(first)
        } else {
            Next::Item(first)
        })
    }

    /// At the end of the range: outcomes whose places are behind it come now. `None` when something came of it.
    fn release(&mut self, around: &Around<'_>) -> Option<Need> {
        if !around.is_over {
            return Some(Need::Log(Millis::MAX));
        }
        let mut released = false;
        let now = self.world.now();
        let waiting: Vec<RequestId> = self.waits.keys().copied().collect();
        for request in waiting {
            if let Some(Wait::Placed(place)) = self.waits.get_mut(&request)
                && let Some(answered) = place.take()
            {
                self.waits.remove(&request);
                self.scheduled.insert((now, request), Scheduled::Live(answered));
                released = true;
            }
        }
        match (released, self.waits.is_empty()) {
            (true, _) => None,
            (false, true) => Some(Need::Nothing),
            (false, false) => Some(Need::Outcome),
        }
    }

    /// The next record is the place of an outcome that has not come.
    fn is_waiting_for_front(&self) -> bool {
        let Some(Item::Record(record, _)) = self.queue.front() else { return false };
        if kind(record) != b"answered" {
            return false;
        }
        let id = id_of(record);
        let is_place = |request: &RequestId| Some(Answered::id_of(*request)) == id;
        let open = |wait: &Wait| matches!(wait, Wait::Placed(None));
        self.waits.iter().any(|(request, wait)| open(wait) && is_place(request))
    }

    fn controls(&mut self, moment: Moment, around: &Around<'_>) -> Result<(), RunError> {
        for record in around.controls.newest(&mut self.met, moment) {
            self.world.feed(record)?;
        }
        Ok(())
    }

    fn clock<S: Sink>(
        &mut self,
        due: Millis,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(), RunError> {
        self.controls(Moment::At(due), around)?;
        let clock = self.world.clock(due);
        let step = self.world.feed(&clock)?;
        self.folded(step, Source::Recorded, around, both)
    }

    fn scheduled_outcome<S: Sink>(
        &mut self,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(), RunError> {
        let Some(((time, request), scheduled)) = self.scheduled.pop_first() else { return Ok(()) };
        self.controls(Moment::At(time), around)?;
        let offset = made_offset(&format!("outcome:{request}"));
        let place = Place { partition: self.world.partition(), offset, time: time.max(self.world.now()) };
        match scheduled {
            Scheduled::Live(answered) => self.live(*answered, place, around, both),
            Scheduled::Recorded(record) => {
                let record = Record { offset, timestamp: place.time, ..*record };
                let priced = around.prices.apply(&record)?;
                let step = self.world.feed(priced.as_ref().unwrap_or(&record))?;
                self.folded(step, Source::Recorded, around, both)
            }
        }
    }

    fn live<S: Sink>(
        &mut self,
        answered: Answered,
        place: Place,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(), RunError> {
        let record = outcome(around.line.events(), &around.line.source(), place, answered)?;
        let step = self.world.feed(&record)?;
        self.folded(step, Source::Live, around, both)
    }

    fn item<S: Sink>(&mut self, around: &Around<'_>, both: &mut Both<'_, S>) -> Result<(), RunError> {
        let (record, recorded) = match self.queue.pop_front() {
            Some(Item::Record(record, recorded)) => (record, recorded),
            Some(Item::Fired(_, recorded)) => {
                both.baseline(&[recorded])?;
                return Ok(());
            }
            None => return Ok(()),
        };
        both.tally.events += 1;
        self.controls(Moment::Before(record.offset), around)?;
        if kind(&record) != b"answered" {
            let step = self.world.feed(&record)?;
            self.folded(step, Source::Recorded, around, both)?;
        } else {
            both.baseline_outcome(&record, None);
            self.recorded_outcome(&record, around, both)?;
        }
        both.baseline(&recorded)?;
        Ok(())
    }

    /// A recorded outcome is fed, or a model's takes its place, or it is left out.
    fn recorded_outcome<S: Sink>(
        &mut self,
        record: &Record,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(), RunError> {
        let Some(id) = id_of(record) else { return Ok(()) };
        let place = Place { partition: record.partition, offset: record.offset, time: record.timestamp };
        let request = self.waits.keys().find(|request| Answered::id_of(**request) == id).copied();
        if let Some(Wait::Placed(Some(answered))) = request.and_then(|request| self.waits.remove(&request)) {
            return self.live(*answered, place, around, both);
        }
        let began_before = turn_of(record).is_some_and(|turn| !around.known.has_opened(turn));
        let is_made = self.recorded.remove(&id);
        if is_made || began_before {
            let priced = if is_made { around.prices.apply(record)? } else { None };
            let step = self.world.feed(priced.as_ref().unwrap_or(record))?;
            return self.folded(step, Source::Recorded, around, both);
        }
        self.left.put(record);
        Ok(())
    }

    /// What the candidate made: it is written, and its requests find their answers.
    fn folded<S: Sink>(
        &mut self,
        step: Step,
        source: Source,
        around: &Around<'_>,
        both: &mut Both<'_, S>,
    ) -> Result<(), RunError> {
        both.candidate(&step, source)?;
        for request in both.keep(step)? {
            let is_recorded = self.uses_recorded(&request, around)?;
            let id = Answered::id_of(request.id);
            let left = self.left.take(id);
            match (is_recorded, left) {
                (true, Some(record)) => {
                    let key = (self.world.now(), request.id);
                    self.scheduled.insert(key, Scheduled::Recorded(Box::new(record)));
                }
                (true, None) => drop(self.recorded.insert(id)),
                (false, left) => {
                    let has_place = around.known.has(request.id) && left.is_none();
                    let wait = if has_place { Wait::Placed(None) } else { Wait::Unplaced };
                    self.waits.insert(request.id, wait);
                    self.asks.push(request);
                }
            }
        }
        Ok(())
    }

    /// Whether the recorded outcome of a request is used. One that the log does not have cannot be.
    fn uses_recorded(&mut self, request: &Request, around: &Around<'_>) -> Result<bool, RunError> {
        let number = self.turns.iter().position(|turn| *turn == request.turn);
        let number = number.unwrap_or_else(|| {
            self.turns.push(request.turn);
            self.turns.len() - 1
        });
        let Choice { models, fork_at } = around.choice;
        if !around.known.has(request.id) {
            return Ok(false);
        }
        if around.chosen.is_some_and(|chosen| !chosen.has(request.turn)) {
            // What came before a turn of the data set is as it was.
            return Ok(true);
        }
        match fork_at {
            Some(fork) => Ok(u32::try_from(number).unwrap_or(u32::MAX) < fork),
            None => match models {
                Models::Live => Ok(false),
                Models::Recorded => Ok(true),
                Models::RecordedThenLive => around.known.is_same(around.line, request),
            },
        }
    }
}
