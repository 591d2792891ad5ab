//! A replay that asks models: conversations go on side by side, each as its outcomes come.
//!
//! An outcome is used when its record in the journal is acknowledged, and what stands there is used without asking.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use conversation::Ready;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pipeline::Outgoing;
use schemas::answered::{Answered, Attempt};
use schemas::event::Event;
use schemas::request::Request;
use schemas::wire;

use super::engine::{BesideLogs, Both, Engine, Keep, Logs, Part, Sink};
use super::error::RunError;
use super::prices::Prices;
use super::spread::{Name, Spread};
use super::strand::{Around, Choice};
use super::tally::Tally;
use super::warming::{Decided, Warming};
use crate::live::{Live, Models, Unasked};
use crate::shadow::{Journal, WriteError};

/// How long the log is left alone when it has given nothing.
const WAIT: Duration = Duration::from_millis(5);
/// Records that are read before calls are looked at again: a call whose end is seen late seems slow.
const STRETCH: usize = 64;
/// Calls of one partition that run, or wait for room or money: each holds its request.
const MOST_CALLS: usize = 1_024;

/// What a part of a replay came to.
pub struct Asked<S> {
    /// What was counted.
    pub tally: Tally,
    /// The sink.
    pub sink: S,
    /// Why it ended before it was done, if it did.
    pub stopped: Option<Unasked>,
}

/// Replays one partition and asks models what the log does not answer. It reads and folds on the thread
/// that polls it, which may block.
///
/// # Errors
/// [`RunError`]. A request that is not asked is none: the replay stops there, and can be gone on with.
pub async fn asked<M: Models, S: Sink + Keep>(
    engine: &Engine<'_>,
    part: Part<S>,
    models: &M,
    journal: Journal,
) -> Result<Asked<S>, RunError> {
    let Part { span, logs, states, sink } = part;
    let Logs { events, decisions, requests, answers, crashed } = logs;
    let warmed = Warming::new(engine, span, Decided { decisions, crashed }, states)?.run(events)?;
    let mut both = Both::new(engine, BesideLogs { requests, answers }, sink);
    both.tally.warmed = warmed.warmed;
    let arguments = &engine.manifest.arguments;
    let course = Course {
        engine,
        prices: Prices::of(engine)?,
        choice: Choice { models: arguments.models, fork_at: arguments.fork_at },
        spread: Spread::new(engine, warmed),
        both,
        models,
        journal,
        calls: FuturesUnordered::new(),
        kept: FuturesUnordered::new(),
        stopped: None,
    };
    course.run().await
}

type Call<'m> = Pin<Box<dyn Future<Output = (Name, Request, Result<Live, Unasked>)> + Send + 'm>>;
type Kept = Pin<Box<dyn Future<Output = Result<(Name, Answered), WriteError>> + Send>>;

struct Course<'a, 'm, M, S> {
    engine: &'a Engine<'a>,
    prices: Prices<'a>,
    choice: Choice,
    spread: Spread<'a>,
    both: Both<'a, S>,
    models: &'m M,
    journal: Journal,
    calls: FuturesUnordered<Call<'m>>,
    /// Outcomes that are used when the journal has them.
    kept: FuturesUnordered<Kept>,
    stopped: Option<Unasked>,
}

impl<M: Models, S: Sink + Keep> Course<'_, '_, M, S> {
    async fn run(mut self) -> Result<Asked<S>, RunError> {
        loop {
            self.stopped = self.stopped.or_else(|| self.models.ended());
            let went_on = self.stopped.is_none() && self.go_on()?;
            let is_idle = self.calls.is_empty() && self.kept.is_empty();
            if is_idle && (self.stopped.is_some() || (!went_on && self.spread.is_over)) {
                break;
            }
            if went_on {
                // Calls are started and ended between two stretches of the log.
                self.look().await?;
            } else {
                self.wait().await?;
            }
        }
        self.both.tally.unread = self.spread.unread();
        let now = self.spread.reached;
        let (tally, sink) = match self.stopped {
            Some(_) => self.both.stop(now)?,
            None => self.both.finish(now)?,
        };
        Ok(Asked { tally, sink, stopped: self.stopped })
    }

    /// Reads and folds a stretch. Whether anything happened.
    fn go_on(&mut self) -> Result<bool, RunError> {
        let mut happened = false;
        for _ in 0..STRETCH {
            if !self.may_read() || !self.spread.read(Duration::ZERO)? {
                break;
            }
            self.engine.progress.pass(1);
            happened = true;
        }
        for _ in 0..STRETCH {
            let Some((name, mut strand)) = self.spread.next_ready() else { break };
            happened = true;
            let around = Around {
                line: self.engine.line,
                known: &self.spread.known,
                prices: &self.prices,
                controls: &self.spread.controls,
                reached: self.spread.reached,
                is_over: self.spread.is_over,
                choice: self.choice,
                chosen: self.engine.chosen,
            };
            let before = self.both.tally.events;
            let (asks, need) = strand.advance(&around, &mut self.both)?;
            self.engine.progress.fold(self.both.tally.events - before);
            self.spread.put_back(Arc::clone(&name), strand, need);
            for request in asks {
                self.ask(&name, request)?;
            }
        }
        self.both.give(self.spread.reached)?;
        Ok(happened)
    }

    /// Asks models, unless the journal has what they said.
    fn ask(&mut self, name: &Name, request: Request) -> Result<(), RunError> {
        if let Some(answered) = self.journal.remove(&request.id) {
            if let Some(strand) = self.spread.strand_mut(name) {
                strand.ended(answered);
            }
            return Ok(());
        }
        let ready: Arc<Ready> = self.engine.line.bundles().get(&request.bundle)?;
        let (models, name) = (self.models, Arc::clone(name));
        self.calls.push(Box::pin(async move {
            let live = models.answer(&ready, &request).await;
            (name, request, live)
        }));
        Ok(())
    }

    /// Lets calls go on, and takes what has come of them without waiting.
    async fn look(&mut self) -> Result<(), RunError> {
        tokio::task::yield_now().await;
        loop {
            let next = std::future::poll_fn(|context| {
                use futures_util::Stream;
                use std::task::Poll;
                let call = Pin::new(&mut self.calls).poll_next(context);
                if let Poll::Ready(Some(call)) = call {
                    return Poll::Ready(Some(Came::Call(call)));
                }
                match Pin::new(&mut self.kept).poll_next(context) {
                    Poll::Ready(Some(kept)) => Poll::Ready(Some(Came::Kept(kept))),
                    _ => Poll::Ready(None),
                }
            });
            match next.await {
                Some(came) => self.came(came)?,
                None => return Ok(()),
            }
        }
    }

    /// Waits for a call, for the journal, or for the log.
    async fn wait(&mut self) -> Result<(), RunError> {
        let may_read = self.stopped.is_none() && self.may_read();
        let came = tokio::select! {
            Some(call) = self.calls.next() => Some(Came::Call(call)),
            Some(kept) = self.kept.next() => Some(Came::Kept(kept)),
            () = tokio::time::sleep(WAIT), if may_read => None,
            else => None,
        };
        match came {
            Some(came) => self.came(came),
            None => Ok(()),
        }
    }

    /// Whether more of the log may be read: what fits while calls run, and as much as it takes to go on when none does.
    fn may_read(&self) -> bool {
        let is_idle = self.calls.is_empty() && self.kept.is_empty();
        !self.spread.is_over && (is_idle || (self.spread.has_room() && self.has_room()))
    }

    fn has_room(&self) -> bool {
        self.calls.len() + self.kept.len() < MOST_CALLS
    }

    fn came(&mut self, came: Came) -> Result<(), RunError> {
        match came {
            Came::Call((name, request, Ok(live))) => self.keep(name, &request, live),
            Came::Call((.., Err(unasked))) => {
                self.stopped.get_or_insert(unasked);
                Ok(())
            }
            Came::Kept(kept) => {
                let (name, answered) = kept?;
                if let Some(strand) = self.spread.strand_mut(&name) {
                    strand.ended(answered);
                }
                Ok(())
            }
        }
    }

    /// Writes an outcome into the journal.
    fn keep(&mut self, name: Name, request: &Request, live: Live) -> Result<(), RunError> {
        let answered = timed(request, live);
        let encoded = wire::encode(&Event::Answered(answered.clone()), &self.engine.line.source())?;
        let record = Outgoing {
            topic: "".into(),
            partition: 0,
            key: encoded.key,
            headers: encoded.headers,
            value: Some(encoded.value),
        };
        let kept = self.both.sink.keep(record)?;
        self.kept.push(Box::pin(async move {
            kept.await?;
            Ok((name, answered))
        }));
        Ok(())
    }
}

enum Came {
    Call((Name, Request, Result<Live, Unasked>)),
    Kept(Result<(Name, Answered), WriteError>),
}

/// What a call came to, in the log's time: it begins when it was decided to ask.
fn timed(request: &Request, live: Live) -> Answered {
    let Live { outcome, mut attempts, mut review, duration } = live;
    let took = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let at = request.decided_at;
    if let Some(first) = attempts.first().map(|attempt| attempt.started_at) {
        let shift = at - first;
        let move_to = |attempt: &mut Attempt| attempt.started_at = attempt.started_at.saturating_add(shift);
        attempts.iter_mut().for_each(move_to);
        review.iter_mut().flat_map(|review| &mut review.attempts).for_each(move_to);
    }
    Answered { attempts, review, ..Answered::of(request, outcome, at, at.saturating_add(took)) }
}
