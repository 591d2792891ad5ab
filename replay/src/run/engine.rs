//! What both ways of running have in common: what is read, what is written, and the join in between.

use std::pin::Pin;

use conversation::{Folded, States};
use decide::Output;
use pipeline::{Outgoing, Record};
use schemas::answered::Answered;
use schemas::decision::{Decision, Ruling};
use schemas::event::Event;
use schemas::ids::{BundleHash, TurnId};
use schemas::request::Request;
use schemas::wire;

use super::error::RunError;
use super::progress::Progress;
use super::results;
use super::tally::Tally;
use crate::compare::{Arm, Costs, Hash, Join, Source, content, short};
use crate::dataset::Chosen;
use crate::log::Log;
use crate::range::{Manifest, Outputs, Span, Taking};
use crate::recorded::{Again, Answers, Recorded, Requests, Written};
use crate::results::TurnResult;
use crate::shadow::{Kind, WriteError, Writer};
use crate::world::{Line, Step};

/// The logs of one partition, each from about where the range begins.
pub struct Logs {
    /// Topic `events`, from the span's lead on and before its end.
    pub events: Box<dyn Log>,
    /// Topic `decisions`.
    pub decisions: Box<dyn Log>,
    /// Topic `requests`.
    pub requests: Box<dyn Log>,
    /// Topic `answers`.
    pub answers: Box<dyn Log>,
    /// Offsets of records that the line gave up unfolded, because they ended its process.
    pub crashed: Vec<i64>,
}

/// One partition of a replay.
pub struct Part<S> {
    /// What is read of it.
    pub span: Span,
    /// Its logs.
    pub logs: Logs,
    /// The states of the first record that is folded.
    pub states: States,
    /// Where what is made of it is written.
    pub sink: S,
}

/// Where what a replay makes is written.
pub trait Sink {
    /// Takes a record.
    ///
    /// # Errors
    /// [`WriteError`].
    fn write(&mut self, kind: Kind, record: Outgoing) -> Result<(), WriteError>;
}

impl Sink for Writer {
    fn write(&mut self, kind: Kind, record: Outgoing) -> Result<(), WriteError> {
        Writer::write(self, kind, record)
    }
}

/// Where outcomes are kept before they are used.
pub trait Keep {
    /// Writes an outcome into the journal. What is given is done when it is acknowledged.
    ///
    /// # Errors
    /// [`WriteError`].
    fn keep(&mut self, record: Outgoing) -> Result<Keeping, WriteError>;
}

/// The acknowledgement of an outcome.
pub type Keeping = Pin<Box<dyn Future<Output = Result<(), WriteError>> + Send>>;

impl Keep for Writer {
    fn keep(&mut self, record: Outgoing) -> Result<Keeping, WriteError> {
        let awaited = self.publish(Kind::Outcomes, record)?;
        Ok(Box::pin(async move {
            match awaited {
                None => Ok(()),
                Some(awaited) => {
                    awaited.await.map_err(|_| WriteError::Late)?.map(drop).map_err(WriteError::from)
                }
            }
        }))
    }
}

/// In memory.
impl Keep for Vec<(Kind, Outgoing)> {
    fn keep(&mut self, record: Outgoing) -> Result<Keeping, WriteError> {
        self.push((Kind::Outcomes, record));
        Ok(Box::pin(std::future::ready(Ok(()))))
    }
}

/// In memory.
impl Sink for Vec<(Kind, Outgoing)> {
    fn write(&mut self, kind: Kind, record: Outgoing) -> Result<(), WriteError> {
        self.push((kind, record));
        Ok(())
    }
}

/// What a run is told.
pub struct Engine<'a> {
    /// What is replayed.
    pub manifest: &'a Manifest,
    /// The line.
    pub line: &'a Line,
    /// The candidate's bundle; none where production's own hold.
    pub candidate: Option<BundleHash>,
    /// The bundle that held where the range's first records do not tell.
    pub fallback: Option<BundleHash>,
    /// The turns whose results are wanted; all of them without.
    pub chosen: Option<&'a Chosen>,
    /// Who is told how far it is.
    pub progress: &'a Progress,
}

impl Engine<'_> {
    /// The conversations that are folded.
    pub fn taking(&self) -> Taking {
        self.manifest.taking().of(self.chosen)
    }
}

/// Hashes of what a record led to, each in its order.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// Of the bytes of decisions.
    decisions: Vec<Hash>,
    /// Of the contents of requests.
    requests: Vec<Hash>,
}

/// The join of one partition, with what is beside it.
pub(super) struct Both<'a, S> {
    line: &'a Line,
    progress: &'a Progress,
    pub(super) sink: S,
    pub(super) join: Join,
    requests: Requests<Box<dyn Log>>,
    answers: Answers<Box<dyn Log>>,
    pub(super) tally: Tally,
}

impl<'a, S: Sink> Both<'a, S> {
    pub(super) fn new(engine: &Engine<'a>, logs: BesideLogs, sink: S) -> Self {
        let taking = engine.taking();
        Self {
            line: engine.line,
            progress: engine.progress,
            sink,
            join: Join::of(engine.chosen.cloned()),
            requests: Requests::new(logs.requests, taking.clone()),
            answers: Answers::new(logs.answers, taking),
            tally: Tally::default(),
        }
    }

    /// What the candidate made of a record: the join is told.
    pub(super) fn candidate(&mut self, step: &Step, source: Source) -> Result<Hashes, RunError> {
        let decisions = step.decisions(self.line).map(|(_, output)| short(value(output))).collect();
        let mut hashes = Hashes { decisions, requests: Vec::new() };
        let mut of_decisions = hashes.decisions.iter();
        let mut written = step.outputs.iter().filter(|output| self.line.kind(output) == Some(Kind::Requests));
        for folded in &step.folded {
            match folded {
                Folded::Said { message, text } => self.join.said(message, text.as_ref()),
                Folded::Answered(answered) => self.ended(answered, source),
                Folded::Output(Output::Decision(decision)) => {
                    let hash = of_decisions.next().copied().unwrap_or_default();
                    self.join.decided(Arm::Candidate, decision, hash);
                }
                Folded::Output(Output::Request(request)) => {
                    let hash = content(request);
                    self.join.requested(Arm::Candidate, request, hash);
                    hashes.requests.push(hash);
                    self.tally.requests += 1;
                    if let Some(record) = written.next() {
                        self.compare_request(Again { request, record, content: hash })?;
                    }
                }
                Folded::Output(Output::Answer(answer)) => self.join.let_out(Arm::Candidate, answer),
                Folded::Output(Output::Cancel(_)) => {
                    written.next();
                }
                Folded::Output(Output::Retract(_) | Output::Ledger(_)) => {}
            }
        }
        Ok(hashes)
    }

    /// Writes what the candidate would write, if that is to be written. Gives the requests that it made.
    pub(super) fn keep(&mut self, step: Step) -> Result<Vec<Request>, RunError> {
        for output in step.outputs {
            match (self.line.kind(&output), self.line.outputs()) {
                (Some(kind), Outputs::All) => self.sink.write(kind, output)?,
                (Some(_), Outputs::Results) => {}
                (None, _) => self.tally.refused += 1,
            }
        }
        let request = |folded| match folded {
            Folded::Output(Output::Request(request)) => Some(request),
            _ => None,
        };
        Ok(step.folded.into_iter().filter_map(request).collect())
    }

    fn ended(&mut self, answered: &Answered, source: Source) {
        self.join.ended(Arm::Candidate, answered, source);
        if source == Source::Live {
            let mut costs = Costs::default();
            costs.add(answered);
            self.progress.spend(&costs);
            self.tally.live += 1;
        }
    }

    /// Holds a request against the one that topic `requests` still has.
    fn compare_request(&mut self, again: Again<'_>) -> Result<(), RunError> {
        let Some(written) = self.requests.meet(again)? else { return Ok(()) };
        let content = written.content();
        self.tally.kept += 1;
        self.tally.same_bytes += u64::from(matches!(written, Written::Same(_)));
        self.tally.same_content += u64::from(content == Some(again.content));
        if let Some(content) = content {
            self.join.requested_as(Arm::Baseline, again.request.turn, content);
        }
        Ok(())
    }

    /// What really was decided on a record.
    pub(super) fn baseline(&mut self, recorded: &[Recorded]) -> Result<(), RunError> {
        self.baseline_beside(recorded, &[], &[], &Hashes::default())
    }

    /// As [`Self::baseline`], in the words of the folded decision that is equal to it, where there is one.
    pub(super) fn baseline_beside(
        &mut self,
        recorded: &[Recorded],
        equal: &[Option<usize>],
        folded: &[&Decision],
        hashes: &Hashes,
    ) -> Result<(), RunError> {
        for (index, recorded) in recorded.iter().enumerate() {
            let same = equal.get(index).copied().flatten();
            let same = same.and_then(|place| folded.get(place).zip(hashes.decisions.get(place)));
            match (same, &recorded.decision) {
                (Some((decision, hash)), _) => self.join.decided(Arm::Baseline, decision, *hash),
                (None, Some(decision)) => {
                    self.join.decided(Arm::Baseline, decision, recorded.hash);
                    self.baseline_request(decision)?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// What was asked by a recorded decision, if topic `requests` still has it.
    fn baseline_request(&mut self, decision: &Decision) -> Result<(), RunError> {
        let asks = matches!(decision.ruling, Ruling::Asked | Ruling::Held);
        let Some((request, turn)) = decision.request.zip(decision.turn).filter(|_| asks) else {
            return Ok(());
        };
        let written = self.requests.get(request, decision.at)?;
        if let Some(content) = written.and_then(|written| written.content()) {
            self.join.requested_as(Arm::Baseline, turn, content);
        }
        Ok(())
    }

    /// A recorded outcome, before what was decided on it. Only a record of the log is one.
    pub(super) fn baseline_outcome(&mut self, record: &Record, step: Option<&Step>) {
        let folded = step.into_iter().flat_map(|step| &step.folded).find_map(|folded| match folded {
            Folded::Answered(answered) => Some(answered.as_ref()),
            _ => None,
        });
        if let Some(answered) = folded {
            return self.join.ended(Arm::Baseline, answered, Source::Recorded);
        }
        if let Ok(Event::Answered(answered)) =
            wire::decode(|name| record.header(name), record.value.as_deref())
        {
            self.join.ended(Arm::Baseline, &answered, Source::Recorded);
        }
    }

    /// What the candidate lets out is what really was: the decisions on it are the same.
    pub(super) fn baseline_answers(&mut self, step: &Step, hashes: &Hashes) {
        let mut of_requests = hashes.requests.iter();
        for folded in &step.folded {
            match folded {
                Folded::Output(Output::Answer(answer)) => self.join.let_out(Arm::Baseline, answer),
                Folded::Output(Output::Request(request)) => {
                    let hash = of_requests.next().copied().unwrap_or_default();
                    self.join.requested(Arm::Baseline, request, hash);
                }
                _ => {}
            }
        }
    }

    /// Writes the turns that both sides are done with by this time of the log.
    pub(super) fn give(&mut self, time: i64) -> Result<(), RunError> {
        let answers = &mut self.answers;
        let mut failed = None;
        let mut canned =
            |turn: TurnId| answers.take(turn, time).unwrap_or_else(|error| note(&mut failed, error));
        let results = self.join.take(&mut canned);
        failed.map_or(Ok(()), |error| Err(RunError::Log(error)))?;
        self.write(results)
    }

    fn write(&mut self, results: Vec<TurnResult>) -> Result<(), RunError> {
        self.progress.turns(results.len() as u64);
        for result in results {
            self.sink.write(Kind::Results, results::turn(result)?)?;
        }
        Ok(())
    }

    /// Gives what was counted, of a run that ended before it was done: turns that are not done are left to the next one.
    pub(super) fn stop(mut self, time: i64) -> Result<(Tally, S), RunError> {
        self.give(time)?;
        let (left, joined) = std::mem::take(&mut self.join).stop();
        self.tally.left = left;
        self.tally.joined = joined;
        Ok((self.tally, self.sink))
    }

    /// Writes the turns that are left, and gives what was counted.
    pub(super) fn finish(mut self, time: i64) -> Result<(Tally, S), RunError> {
        let answers = &mut self.answers;
        let mut failed = None;
        let mut canned =
            |turn: TurnId| answers.take(turn, time).unwrap_or_else(|error| note(&mut failed, error));
        let (results, joined) = std::mem::take(&mut self.join).finish(&mut canned);
        failed.map_or(Ok(()), |error| Err(RunError::Log(error)))?;
        self.write(results)?;
        self.tally.joined = joined;
        Ok((self.tally, self.sink))
    }
}

fn note<T>(failed: &mut Option<crate::log::LogError>, error: crate::log::LogError) -> Option<T> {
    failed.get_or_insert(error);
    None
}

fn value(outgoing: &Outgoing) -> &[u8] {
    outgoing.value.as_deref().unwrap_or_default()
}

/// The logs that are looked things up in.
pub(super) struct BesideLogs {
    pub(super) requests: Box<dyn Log>,
    pub(super) answers: Box<dyn Log>,
}
