//! A transactional producer that does one transaction at a time, as one call with one outcome.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;

use super::config::TRANSACTION_TIMEOUT;
use super::consumer::GroupMetadata;
use super::crash::{self, Step};
use super::deliveries::{Delivered, Deliveries};
use super::error::is_fencing;
use super::group::{CommitOffset, offsets_with_metadata};
use super::polled::PolledProducer;
use super::{Config, Error, Instance, convert};
use crate::Outgoing;

/// A transaction older than this is aborted by ourselves, long before the brokers would.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long offsets may take on top; the group's coordinator may be moving.
const OFFSETS_PATIENCE: Duration = Duration::from_secs(2);
/// `init_transactions` settles what a previous incarnation left open.
const INIT_PATIENCE: Duration = Duration::from_secs(10);
/// Wait before taking ids back from another process, which has both by then: else each might get one, and both would end.
const TAKEN: Duration = Duration::from_millis(1_500);
/// A client call that has not returned this long after its own timeout is hanging.
const HANG: Duration = Duration::from_secs(2);
/// Checks of something that is usually true within microseconds, before the thread sleeps between further checks.
const LOOKS: u32 = 20;

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Records and offsets are visible, all of them.
    Committed,
    /// Nothing is visible nor ever will be. The producer can go on.
    Aborted(String),
    /// It may have been committed or not: [`TransactionalProducer::rebuild`], then read the committed offsets.
    Unknown(String),
    /// Another producer has a transactional id of ours. The outcome is as unknown; twice in a minute means a twin runs.
    Fenced(String),
}

impl Outcome {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted(_) => "aborted",
            Self::Unknown(_) => "unknown",
            Self::Fenced(_) => "fenced",
        }
    }
}

type Client = PolledProducer<Deliveries>;
type Job = Box<dyn FnOnce(&Client) + Send>;

/// A producer with its own thread for the calls that may hang in the client.
struct Worker {
    client: Arc<Client>,
    jobs: SyncSender<Job>,
}

/// One transaction at a time, all calls blocking and bounded. Lives on a thread of its owner.
///
/// Two clients under two transactional ids take turns. The brokers still write the markers of a transaction when its
/// commit was acknowledged, and refuse the next one of the same id meanwhile, whereupon the client waits 20 ms. An
/// acknowledged commit is final, markers of both land behind their records, and a group keeps the offsets that were
/// appended last: neither readers nor the group see the two in another order than one id would give.
pub struct TransactionalProducer {
    config: Config,
    /// The first one names this producer in errors.
    ids: [String; 2],
    /// One for each id, none until the next [`Self::rebuild`].
    workers: Vec<Worker>,
    /// Whose turn it was.
    turn: usize,
    /// Another process has taken an id since the last [`Self::rebuild`].
    fenced: bool,
}

impl TransactionalProducer {
    /// Connects and settles whatever a previous process under the same id left open.
    ///
    /// # Errors
    /// [`Error::Client`], [`Error::Request`] or [`Error::Timeout`]; it may work later.
    pub fn new(config: &Config, instance: &Instance) -> Result<Self, Error> {
        let ids = instance.transactional_ids();
        let mut producer = Self { config: config.clone(), ids, workers: Vec::new(), turn: 0, fenced: false };
        producer.rebuild()?;
        Ok(producer)
    }

    /// Replaces the clients by new ones and settles what the old ones left open, so that committed offsets tell how
    /// it ended. Required after [`Outcome::Unknown`] and [`Outcome::Fenced`].
    ///
    /// # Errors
    /// As [`Self::new`]; call it again.
    pub fn rebuild(&mut self) -> Result<(), Error> {
        self.workers.clear();
        if std::mem::take(&mut self.fenced) {
            thread::sleep(TAKEN);
        }
        let workers = self.ids.iter().map(|id| Worker::start(&self.config, id));
        let workers = workers.collect::<Result<Vec<_>, _>>()?;
        #[cfg(feature = "bench")]
        let ids = if super::plain::is_on() { &[] } else { self.ids.as_slice() };
        #[cfg(not(feature = "bench"))]
        let ids = self.ids.as_slice();
        init(&workers, ids)?;
        self.workers = workers;
        Ok(())
    }

    /// Begins, writes `records` in order, awaits every delivery, sends `offsets` under `group`, commits.
    ///
    /// `group` is the metadata read when the plan was made, never refreshed: the group's coordinator checks the
    /// generation and not the ownership, so a newer one would let a stale plan through.
    pub fn run<R: Borrow<Outgoing>>(
        &mut self,
        records: &[R],
        offsets: &[CommitOffset],
        group: &GroupMetadata,
    ) -> Outcome {
        let outcome = self.transact(records, Some((offsets, group)).filter(|_| !offsets.is_empty()));
        self.noted(outcome)
    }

    /// As [`Self::run`] for records that come from no input.
    pub fn write(&mut self, records: &[Outgoing]) -> Outcome {
        let outcome = self.transact(records, None);
        self.noted(outcome)
    }

    fn noted(&mut self, outcome: Outcome) -> Outcome {
        self.fenced |= matches!(outcome, Outcome::Fenced(_));
        outcome
    }

    fn transact<R: Borrow<Outgoing>>(
        &mut self,
        records: &[R],
        offsets: Option<(&[CommitOffset], &GroupMetadata)>,
    ) -> Outcome {
        self.turn ^= 1;
        let Some(worker) = self.workers.get(self.turn) else {
            return Outcome::Unknown("no client since the last rebuild".into());
        };
        #[cfg(feature = "broker-tests")]
        let fault = super::testing::next_fault(&self.ids[0]);
        let deadline = Instant::now() + PATIENCE;
        #[cfg(feature = "bench")]
        if super::plain::is_on() {
            let written = worker.write(records, deadline);
            return super::plain::commit(written, offsets);
        }
        if let Err(error) = worker.client.begin_transaction() {
            return worker.failed("begin transaction", &error);
        }
        crash::at(Step::Begun);
        if let Err(reason) = worker.write(records, deadline) {
            return worker.abort(reason);
        }
        crash::at(Step::Written);
        #[cfg(feature = "broker-tests")]
        match fault {
            Some(super::testing::Fault::Abort) => return worker.abort("planned fault".into()),
            Some(super::testing::Fault::LoseBefore) => return Outcome::Unknown("planned fault".into()),
            Some(super::testing::Fault::LoseAfter) | None => {}
        }
        let offsets = match offsets.map(|(offsets, group)| (offsets_with_metadata(offsets), group.clone())) {
            Some((Ok(list), group)) => Some((list, group)),
            Some((Err(error), _)) => return worker.abort(error.to_string()),
            None => None,
        };
        let Some(ended) = worker.send_and_commit(offsets) else { return self.discard("send offsets hangs") };
        let outcome = match ended {
            Ended::Failed(what, error) => worker.failed(what, &error),
            Ended::Outcome(outcome) => outcome,
        };
        crash::at(Step::Committed);
        #[cfg(feature = "broker-tests")]
        if fault == Some(super::testing::Fault::LoseAfter) {
            return Outcome::Unknown("planned fault".into());
        }
        outcome
    }

    /// Leaves a hanging client to its thread: whatever it still does is settled by the next `init_transactions`.
    fn discard(&mut self, reason: &str) -> Outcome {
        self.workers.clear();
        Outcome::Unknown(reason.to_owned())
    }
}

/// Settles what earlier clients left open, for all ids at once: one whose transaction is still being aborted takes half a second.
fn init(workers: &[Worker], ids: &[String]) -> Result<(), Error> {
    let begun: Vec<_> = workers.iter().map(Worker::begin_init).collect();
    for ((worker, id), begun) in workers.iter().zip(ids).zip(begun) {
        let answer = begun.and_then(|answer| answer.recv_timeout(INIT_PATIENCE + HANG).ok());
        let late = || Error::Timeout { request: "init transactions", subject: id.clone() };
        answer.ok_or_else(late)?.map_err(|error| match fencing(&worker.client, &error) {
            Some(reason) => Error::Fenced { identity: id.clone(), reason },
            None => Error::request("init transactions", id)(error),
        })?;
    }
    Ok(())
}

impl Worker {
    fn start(config: &Config, id: &str) -> Result<Self, Error> {
        let properties = config.transactional(id);
        #[cfg(feature = "bench")]
        let properties = super::plain::without_transactions(properties);
        let client = PolledProducer::start(&properties, Deliveries::default(), "transactional producer")?;
        let client = Arc::new(client);
        let (jobs, queue) = sync_channel::<Job>(1);
        let owned = Arc::clone(&client);
        thread::Builder::new()
            .name("transactions".into())
            .spawn(move || queue.into_iter().for_each(|job| job(&owned)))
            .map_err(|error| Error::Unexpected(format!("start thread of transactions: {error}")))?;
        Ok(Self { client, jobs })
    }

    /// Begins to settle what was left open. A client that asks for its coordinator before it knows a broker loses half
    /// a second; one wait for the cluster's id may sleep through its arrival.
    fn begin_init(&self) -> Option<Receiver<Result<(), KafkaError>>> {
        self.begin(|client| {
            let _known = (0..LOOKS).find_map(|_| client.client().fetch_cluster_id(Duration::from_millis(50)));
            client.init_transactions(INIT_PATIENCE)
        })
    }

    /// Runs one client call on the thread; `None` when it outlasts its own timeout.
    fn call<T: Send + 'static>(
        &self,
        timeout: Duration,
        call: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Option<T> {
        self.begin(call)?.recv_timeout(timeout + HANG).ok()
    }

    /// Starts one client call on the thread; `None` while another one hangs there.
    fn begin<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Option<Receiver<T>> {
        let (reply, answer) = sync_channel(1);
        let job: Job = Box::new(move |client| drop(reply.send(call(client))));
        self.jobs.try_send(job).ok()?;
        Some(answer)
    }

    fn write<R: Borrow<Outgoing>>(&self, records: &[R], deadline: Instant) -> Result<(), String> {
        let deliveries = self.client.context();
        let transaction = deliveries.start(records.len());
        for record in records {
            self.enqueue(record.borrow(), transaction, deadline)?;
        }
        match deliveries.wait(deadline) {
            Delivered::All => {}
            Delivered::Failed(reason) => return Err(format!("write records: {reason}")),
            Delivered::TimedOut => return Err("write records: no acknowledgement in time".into()),
        }
        // The last report is counted before the client forgets its record; committing in between would wait 100 ms.
        let mut looks = 0;
        while self.client.in_flight_count() > 0 && Instant::now() < deadline {
            // That takes microseconds, less than any sleep, unless the client's thread was suspended just then.
            looks += 1;
            if looks < LOOKS { thread::yield_now() } else { thread::sleep(Duration::from_micros(50)) }
        }
        Ok(())
    }

    fn enqueue(&self, record: &Outgoing, transaction: usize, deadline: Instant) -> Result<(), String> {
        let mut base = convert::outgoing(record, transaction);
        loop {
            match self.client.send(base) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(1));
                    base = back;
                }
                Err((error, _)) => return Err(format!("write record to {}: {error}", record.topic)),
            }
        }
    }

    /// Sends the offsets and commits, as one job: between them nobody waits for a thread to wake up. `None` when the
    /// offsets hang.
    fn send_and_commit(&self, offsets: Option<(TopicPartitionList, GroupMetadata)>) -> Option<Ended> {
        let (reply, answer) = sync_channel(2);
        let job: Job = Box::new(move |client| {
            let sent = offsets.map_or(Ok(()), |(list, group)| {
                client.send_offsets_to_transaction(&list, group.inner(), OFFSETS_PATIENCE)
            });
            let failed = sent.err().map(|error| Ended::Failed("send offsets", error));
            let goes_on = failed.is_none();
            if reply.send(failed).is_err() || !goes_on {
                return;
            }
            crash::at(Step::OffsetsSent);
            crash::during(Step::Committing);
            drop(reply.send(Some(commit(client))));
        });
        self.jobs.try_send(job).ok()?;
        if let Some(failed) = answer.recv_timeout(OFFSETS_PATIENCE + HANG).ok()? {
            return Some(failed);
        }
        let hangs = || Ended::Outcome(Outcome::Unknown("commit hangs".into()));
        let committed = answer.recv_timeout(TRANSACTION_TIMEOUT + HANG);
        Some(committed.ok().flatten().unwrap_or_else(hangs))
    }

    /// After an error: abort where that is allowed, else the outcome is open.
    fn failed(&self, what: &str, error: &KafkaError) -> Outcome {
        let reason = format!("{what}: {error}");
        if fencing(&self.client, error).is_some() {
            return Outcome::Fenced(reason);
        }
        match error {
            KafkaError::Transaction(inner)
                if inner.txn_requires_abort() || !inner.is_fatal() && what != "commit" =>
            {
                self.abort(reason)
            }
            _ => Outcome::Unknown(reason),
        }
    }

    fn abort(&self, reason: String) -> Outcome {
        let deadline = Instant::now() + TRANSACTION_TIMEOUT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Outcome::Unknown(format!("{reason}; abort: no answer in time"));
            }
            match self.call(left, move |client| client.abort_transaction(left)) {
                Some(Ok(())) => return Outcome::Aborted(reason),
                Some(Err(error)) if is_retriable(&error) => {}
                Some(Err(error)) => {
                    let reason = format!("{reason}; abort: {error}");
                    return match fencing(&self.client, &error) {
                        Some(_) => Outcome::Fenced(reason),
                        None => Outcome::Unknown(reason),
                    };
                }
                None => return Outcome::Unknown(format!("{reason}; abort hangs")),
            }
        }
    }
}

/// How the end of a transaction went, if the client did not hang.
enum Ended {
    Outcome(Outcome),
    /// What failed, for [`Worker::failed`] to look at.
    Failed(&'static str, KafkaError),
}

fn commit(client: &Client) -> Ended {
    let deadline = Instant::now() + TRANSACTION_TIMEOUT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ended::Outcome(Outcome::Unknown("commit: no answer in time".into()));
        }
        match client.commit_transaction(left) {
            Ok(()) => return Ended::Outcome(Outcome::Committed),
            Err(error) if is_retriable(&error) => {}
            Err(error) => return Ended::Failed("commit", error),
        }
    }
}

fn is_retriable(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(inner) => {
            inner.is_retriable() && !inner.txn_requires_abort() && !inner.is_fatal()
        }
        _ => false,
    }
}

/// Why the client counts as fenced, if it does.
fn fencing(client: &Client, error: &KafkaError) -> Option<String> {
    if error.rdkafka_error_code().is_some_and(is_fencing) {
        return Some(error.to_string());
    }
    client.client().fatal_error().filter(|(code, _)| is_fencing(*code)).map(|(_, reason)| reason)
}
