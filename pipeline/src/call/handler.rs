//! The contract between the driver and the work that it runs.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::cancellation::{Cancellation, Name};
use super::place::Place;
use crate::{Outgoing, Record, Refused};

/// An app or a target: it may hold no more than a share of the running calls and of a partition's incomplete records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share {
    /// Closed label of the kind, such as `app` or `target`.
    pub kind: &'static str,
    /// Who it is.
    pub name: Arc<str>,
}

/// What the driver must know of a record before it runs.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Records of one lane run one at a time, in the order of their offsets.
    pub lane: Arc<[u8]>,
    /// Whose shares it counts against.
    pub shares: Vec<Share>,
    /// Longest time that the call may run; then [`Handler::overdue`] ends it.
    pub hard_deadline: Duration,
    /// The start must be committed before the call runs, so that a call that may have run is never run again
    /// unmarked. Costs one transaction of latency.
    pub commit_start: bool,
    /// What it is called by a later record that cancels it; `None` for what nothing cancels.
    pub name: Option<Name>,
    /// What the handler has read of the record, for the run.
    pub decoded: Decoded,
}

/// What a handler read of a record when it admitted it, so that the record is decoded once. It is kept until the record runs.
#[derive(Clone, Default)]
pub struct Decoded(Option<Arc<dyn Any + Send + Sync>>);

impl Decoded {
    /// Keeps what was read.
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Some(Arc::new(value)))
    }

    /// What was kept, if anything of this type was.
    pub fn get<T: Any + Send + Sync>(self) -> Option<Arc<T>> {
        self.0?.downcast().ok()
    }
}

impl fmt::Debug for Decoded {
    /// Without its content, which may hold what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Decoded").field(&self.0.is_some()).finish()
    }
}

/// One record that is to be run.
#[derive(Debug)]
pub struct Job {
    /// The record.
    pub record: Arc<Record>,
    /// It may have run before, and what came of that was lost: the previous owner had admitted it, or, with
    /// [`Admission::commit_start`], had committed its start.
    pub rerun: bool,
    /// How long it may run, from [`Admission::hard_deadline`]. What it knows is lost then, so it should end by itself
    /// before.
    pub hard_deadline: Duration,
    /// What [`Handler::admit`] has read of the record.
    pub decoded: Decoded,
    /// When this happens the job is to end by itself, with what it knows, in less than [`CANCEL_PATIENCE`].
    pub cancellation: Cancellation,
    /// What it may leave to others while it only waits.
    pub place: Place,
}

/// How long a job that was cancelled may take to end. Then it is dropped, and [`Handler::overdue`] ends it: its lane waits for
/// it.
pub const CANCEL_PATIENCE: Duration = Duration::from_secs(2);

/// How a call ended: what to write in the same transaction that marks its record as done.
#[derive(Debug, Default)]
pub struct Done {
    /// Records to write, in order.
    pub outputs: Vec<Outgoing>,
}

/// The work of a call step. The driver never retries: whatever happens, a job ends in one [`Done`].
pub trait Handler: Send + Sync + 'static {
    /// The earlier record of the same partition that this one cancels, if that is what it is for. Such a record does not run
    /// and has no outcome of its own.
    ///
    /// # Errors
    /// [`Refused`] when it cannot be read by this version or at all.
    fn cancels(&self, _record: &Record) -> Result<Option<Name>, Refused> {
        Ok(None)
    }

    /// Reads as much of any other record as the driver needs.
    ///
    /// # Errors
    /// [`Refused`] when it cannot be run by this version or at all.
    fn admit(&self, record: &Record) -> Result<Admission, Refused>;

    /// Runs one job to its end.
    fn run(&self, job: Job) -> impl Future<Output = Done> + Send;

    /// The outcome of a job that was dropped because it reached its hard deadline, or because it was cancelled and did not end;
    /// `rerun` as the job had it.
    fn overdue(&self, record: &Record, rerun: bool) -> Done;

    /// The outcome of a record that is shed: it does not run because its app or its target leaves no room for others, see
    /// [`crate::call::Overload::Shed`]. `rerun` as a job would have it. Must be small.
    fn crowded(&self, record: &Record, rerun: bool) -> Done;

    /// The outcome of a record that was cancelled before it ran. `rerun` as a job would have it. Must be small. Where
    /// [`Handler::cancels`] names nothing this is never asked for.
    fn cancelled(&self, _record: &Record, _rerun: bool) -> Done {
        Done::default()
    }

    /// The outcome of a job whose own outcome, `ended`, was larger than may be written. Must be small, and must not lose what
    /// was paid.
    fn oversize(&self, record: &Record, ended: &Done) -> Done;

    /// The outcome that accompanies the dead letter of a record, in the same transaction; with `rerun` it may have run.
    /// Must work from headers alone when the value cannot be read.
    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done;

    /// Tells which partitions this instance has, of how many: of external limits it may use that part.
    fn ownership(&self, owned: &[i32], all: usize);
}
