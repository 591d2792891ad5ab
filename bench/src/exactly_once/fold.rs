//! The same work as a fold on the fold driver.

use super::shape::{INCARNATION, State};
use super::spec::{Marks, Spec};
use anyhow::Result;
use dev::console::say;
use pipeline::fold::{Context, Entry, Fold, FoldConfig, FoldDriver, FoldError, FoldLimits, Input, Key, Step};
use pipeline::{Outgoing, Record, Refused, StartPolicy};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

struct Shape {
    output: Arc<str>,
    is_whole: bool,
    marks: Arc<Marks>,
}

impl Fold for Shape {
    type Message = Vec<u8>;
    type State = State;
    type Control = ();

    fn decode(&self, record: &Record) -> Result<Input<Vec<u8>>, Refused> {
        let (Some(key), Some(value)) = (&record.key, &record.value) else {
            return Err(Refused::DeadLetter { reason: "empty" });
        };
        Ok(Input::Keyed(Key::from(key.as_slice()), value.clone()))
    }

    fn control(&mut self, (): &(), _: Vec<u8>) -> Result<(), FoldError> {
        Ok(())
    }

    fn fold(
        &self,
        context: Context<'_, ()>,
        key: &Key,
        state: Option<&State>,
        message: Vec<u8>,
    ) -> Result<Step<State>, Refused> {
        let mut state = state.cloned().unwrap_or_default();
        state.take(&message);
        self.marks.count();
        let output = Outgoing {
            topic: Arc::clone(&self.output),
            partition: context.partition,
            key: Some(key.to_vec()),
            headers: Vec::new(),
            value: Some(message),
        };
        Ok(Step { state: Some(state), outputs: vec![output] })
    }

    fn fire(&self, _: Context<'_, ()>, _: &Key, state: &State, _: usize) -> Step<State> {
        Step { state: Some(state.clone()), outputs: Vec::new() }
    }

    fn due(&self, _: &State) -> Option<i64> {
        None
    }

    fn clock(&self, partition: i32, _: i64) -> Outgoing {
        let topic = Arc::clone(&self.output);
        Outgoing { topic, partition, key: None, headers: Vec::new(), value: None }
    }

    fn snapshot(
        &self,
        key: &Key,
        before: Option<&State>,
        after: Option<&State>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let Some(after) = after else { return vec![(key.to_vec(), None)] };
        if self.is_whole {
            return vec![(key.to_vec(), Some(after.bytes.to_vec()))];
        }
        let entry = |piece| {
            let (name, value) = after.entry(key, piece);
            (name, Some(value))
        };
        after.changed(before.or(Some(&State::default()))).map(entry).collect()
    }

    fn snapshot_control(&self, (): &()) -> (Vec<u8>, Vec<u8>) {
        (b"@control".to_vec(), Vec::new())
    }

    fn restore<'a>(_: impl Iterator<Item = Entry<'a>>) -> Result<((), HashMap<Key, State>), FoldError> {
        // Each contestant starts with topics of its own.
        Ok(((), HashMap::new()))
    }
}

pub(super) fn run(spec: &Spec) -> Result<()> {
    let config = FoldConfig {
        kafka: spec.access()?,
        instance: spec.instance()?,
        input: spec.input.as_str().into(),
        states: spec.states.as_str().into(),
        dead_letters: spec.output.as_str().into(),
        start: StartPolicy::Earliest,
        limits: FoldLimits::default(),
    };
    let marks = Marks::new(spec.records);
    let shape = Shape { output: spec.output.as_str().into(), is_whole: spec.whole, marks };
    let handle = FoldDriver::spawn(config, shape, INCARNATION)?;
    let health = handle.health();
    while health.report().alive && health.report().owned.len() < 8 {
        sleep(Duration::from_millis(20));
    }
    say("ready");
    Ok(handle.join()?)
}
