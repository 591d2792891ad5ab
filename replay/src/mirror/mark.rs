//! The mark of a replay on everything that a step writes. A step need not know of it: what it writes is marked on the way out.

use std::collections::HashMap;
use std::sync::Arc;

use call::{Tell, Untold};
use pipeline::call::{Admission, Done, Handler, Job, Name};
use pipeline::fold::{Context, Entry, Fold, FoldError, Input, Step};
use pipeline::{Outgoing, Record, Refused};
use schemas::wire::REPLAY;

/// The name of a replay, as the header has it.
#[derive(Debug, Clone)]
pub struct Mark(Arc<str>);

impl Mark {
    /// The mark of the replay of that name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Marks a record; a mark that it has already, of whatever name, is replaced.
    pub fn put(&self, record: &mut Outgoing) {
        record.headers.retain(|(name, _)| name != REPLAY);
        record.headers.push((REPLAY.to_owned(), self.0.as_bytes().to_vec()));
    }

    fn all(&self, records: &mut [Outgoing]) {
        records.iter_mut().for_each(|record| self.put(record));
    }

    fn done(&self, mut done: Done) -> Done {
        self.all(&mut done.outputs);
        done
    }

    fn step<S>(&self, mut step: Step<S>) -> Step<S> {
        self.all(&mut step.outputs);
        step
    }
}

/// A step whose records are marked.
#[derive(Debug, Clone)]
pub struct Marked<T> {
    step: T,
    mark: Mark,
}

impl<T> Marked<T> {
    /// Marks what the step writes.
    pub fn new(step: T, mark: Mark) -> Self {
        Self { step, mark }
    }
}

impl<F: Fold> Fold for Marked<F> {
    type Message = F::Message;
    type Key = F::Key;
    type State = F::State;
    type Control = F::Control;

    const TIMERS_PER_CLOCK: usize = F::TIMERS_PER_CLOCK;

    fn decode(&self, record: &Record) -> Result<Input<Self::Key, Self::Message>, Refused> {
        self.step.decode(record)
    }

    fn control(
        &mut self,
        before: &Self::Control,
        message: Self::Message,
    ) -> Result<Self::Control, FoldError> {
        self.step.control(before, message)
    }

    fn fold(
        &self,
        context: Context<'_, Self::Control>,
        key: &Self::Key,
        state: Option<&Self::State>,
        message: Self::Message,
    ) -> Result<Step<Self::State>, Refused> {
        self.step.fold(context, key, state, message).map(|step| self.mark.step(step))
    }

    fn fire(
        &self,
        context: Context<'_, Self::Control>,
        key: &Self::Key,
        state: &Self::State,
        ordinal: usize,
    ) -> Step<Self::State> {
        self.mark.step(self.step.fire(context, key, state, ordinal))
    }

    fn due(&self, state: &Self::State) -> Option<i64> {
        self.step.due(state)
    }

    fn clock(&self, partition: i32, time: i64) -> Outgoing {
        let mut clock = self.step.clock(partition, time);
        self.mark.put(&mut clock);
        clock
    }

    fn snapshot(
        &self,
        key: &Self::Key,
        before: Option<&Self::State>,
        after: Option<&Self::State>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        self.step.snapshot(key, before, after)
    }

    fn snapshot_control(&self, control: &Self::Control) -> (Vec<u8>, Vec<u8>) {
        self.step.snapshot_control(control)
    }

    fn restore<'a>(
        entries: impl Iterator<Item = Entry<'a>>,
    ) -> Result<(Self::Control, HashMap<Self::Key, Self::State>), FoldError> {
        F::restore(entries)
    }

    fn complete(&mut self, control: Self::Control) -> Result<Self::Control, FoldError> {
        self.step.complete(control)
    }
}

impl<H: Handler> Handler for Marked<Arc<H>> {
    fn cancels(&self, record: &Record) -> Result<Option<Name>, Refused> {
        self.step.cancels(record)
    }

    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        self.step.admit(record)
    }

    async fn run(&self, job: Job) -> Done {
        self.mark.done(self.step.run(job).await)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.mark.done(self.step.overdue(record, rerun))
    }

    fn crowded(&self, record: &Record, rerun: bool) -> Done {
        self.mark.done(self.step.crowded(record, rerun))
    }

    fn cancelled(&self, record: &Record, rerun: bool) -> Done {
        self.mark.done(self.step.cancelled(record, rerun))
    }

    fn oversize(&self, record: &Record, ended: &Done) -> Done {
        self.mark.done(self.step.oversize(record, ended))
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.mark.done(self.step.dead(record, reason, rerun))
    }

    fn ownership(&self, owned: &[i32], all: usize) {
        self.step.ownership(owned, all);
    }
}

impl<T: Tell> Tell for Marked<T> {
    fn tell(&self, mut record: Outgoing) -> impl Future<Output = Result<(), Untold>> + Send {
        self.mark.put(&mut record);
        self.step.tell(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_one_mark_whatever_it_had_before() {
        let forged = (REPLAY.to_owned(), b"other".to_vec());
        let kind = ("huiyin_kind".to_owned(), b"message".to_vec());
        let headers = vec![forged, kind.clone()];
        let mut record =
            Outgoing { topic: "t".into(), partition: 0, key: None, headers, value: Some(Vec::new()) };
        Mark::new("cheaper").put(&mut record);
        assert_eq!(record.headers, [kind, (REPLAY.to_owned(), b"cheaper".to_vec())]);
    }
}
