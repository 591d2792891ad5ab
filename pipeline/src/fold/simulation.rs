//! The fold driver on the model broker: [`super::shell`] and [`super::settle`], step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail loudly")]

mod again;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

pub use again::{again, check, unread, watch_clocks};

use super::core::{Core, Offer, Plan};
use super::restore::{Start, start};
use super::settle::Fate;
use super::shard::Shard;
use super::{Fold, FoldConfig};
use crate::kafka::{CommitOffset, INCARNATION_KEY, Outcome, Partition};
use crate::mutation::{self, Mutation};
use crate::simulation::{Client, Crew, INCARNATION, Polled, Process, Producer, Sim};
use crate::{Outgoing, Record};

/// Fenced twice within so many milliseconds means that a twin runs.
const TWIN: i64 = 2_000;

/// Starts one instance.
pub fn process<F: Fold>(sim: &Sim, config: FoldConfig, fold: F) -> Process {
    let (skew, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let client = Rc::new(RefCell::new(None::<Client>));
    let shell = Shell {
        sim: sim.clone(),
        core: Core::new(fold, config.shape()),
        producer: Producer::new(sim, &config.instance.transactional_id()),
        client: Rc::clone(&client),
        skew: Rc::clone(&skew),
        stop: Rc::clone(&stop),
        restoring: BTreeMap::new(),
        unmarked: BTreeSet::new(),
        refused: BTreeSet::new(),
        caught_up: BTreeSet::new(),
        held: None,
        fenced: None,
        config,
    };
    let crew = Crew::default();
    crew.add(shell.run());
    let background = move || {
        if let Some(client) = client.borrow_mut().as_mut() {
            client.background();
        }
    };
    Process { crew, background: Box::new(background), skew, stop }
}

struct Restoring {
    start: Start,
    target: Option<i64>,
}

struct Shell<F: Fold> {
    sim: Sim,
    config: FoldConfig,
    core: Core<F>,
    producer: Producer,
    client: Rc<RefCell<Option<Client>>>,
    skew: Rc<Cell<i64>>,
    stop: Rc<Cell<bool>>,
    restoring: BTreeMap<i32, Restoring>,
    unmarked: BTreeSet<i32>,
    refused: BTreeSet<i32>,
    caught_up: BTreeSet<i32>,
    held: Option<Record>,
    fenced: Option<i64>,
}

impl<F: Fold> Shell<F> {
    async fn run(mut self) -> Result<(), String> {
        self.producer.rebuild().await;
        let instance = &self.config.instance;
        let joined = Client::join(
            &self.sim,
            &instance.group_id(),
            &instance.group_instance_id(),
            &[&self.config.input],
        );
        *self.client.borrow_mut() = Some(joined);
        while !self.stop.get() {
            self.sim.tick().await;
            self.restore().await?;
            self.gather().await?;
            self.core.append_clocks(self.now(), &self.caught_up);
            self.commit().await?;
        }
        let all: Vec<i32> = self.core.partitions().collect();
        self.commit_clean(&all).await?;
        if self.sim.random().one_in(2) {
            self.with_client(Client::leave);
        }
        Err("stopped".into())
    }

    fn now(&self) -> i64 {
        self.sim.now() + self.skew.get()
    }

    fn with_client<T>(&self, call: impl FnOnce(&mut Client) -> T) -> T {
        call(self.client.borrow_mut().as_mut().unwrap())
    }

    fn named(&self, partitions: &[i32]) -> Vec<Partition> {
        let name = |index: &i32| Partition { topic: self.config.input.clone(), index: *index };
        partitions.iter().map(name).collect()
    }

    async fn gather(&mut self) -> Result<(), String> {
        let most = 1 + self.sim.random().below(6);
        for _ in 0..most {
            let polled = match self.held.take() {
                Some(record) => Polled::Record(record),
                None => self.poll(),
            };
            match polled {
                Polled::Record(record) => {
                    if !self.take(record).await? {
                        return Ok(());
                    }
                }
                Polled::Assigned(partitions) => return self.assigned(&partitions).await,
                Polled::Revoked(partitions) => {
                    let indexes: Vec<i32> = partitions.iter().map(|partition| partition.index).collect();
                    self.commit_clean(&indexes).await?;
                    self.lost(&partitions);
                    return Ok(());
                }
                Polled::Lost(partitions) => {
                    self.lost(&partitions);
                    return Ok(());
                }
                Polled::OutOfRange => return Err("out of range".into()),
                Polled::Fatal(reason) => return Err(reason),
                Polled::Nothing => return Ok(()),
            }
        }
        Ok(())
    }

    fn poll(&mut self) -> Polled {
        let (polled, ended) = self.with_client(|client| (client.poll(), client.take_ended()));
        self.caught_up.extend(ended);
        if let Polled::Record(record) = &polled {
            self.caught_up.remove(&record.partition);
        }
        polled
    }

    async fn take(&mut self, record: Record) -> Result<bool, String> {
        let partition = record.partition;
        let offer = self.core.offer(&record);
        match offer {
            Offer::Ignored => return Ok(true),
            Offer::Full => {
                self.held = Some(record);
                return Ok(false);
            }
            Offer::Quarantined(next) if !self.announce(partition).await? => {
                self.seek(&[(partition, next)]);
                return Ok(false);
            }
            Offer::Quarantined(_) | Offer::Take => {}
        }
        let now = self.now();
        let folded = catch_unwind(AssertUnwindSafe(|| self.core.apply(&record, now)));
        if let Err(halt) = folded.map_err(|_| "the fold panicked")? {
            self.commit().await?;
            self.refuse(partition, halt.label());
        }
        Ok(offer == Offer::Take)
    }

    async fn announce(&mut self, partition: i32) -> Result<bool, String> {
        if !self.commit().await? {
            return Ok(false);
        }
        if let Some(shard) = self.core.shard(partition) {
            shard.announce();
        }
        self.commit().await
    }

    fn refuse(&mut self, partition: i32, reason: &str) {
        self.sim.violate("refused", format!("{}/{partition}: {reason}", self.config.input));
        self.refused.insert(partition);
        self.core.remove(partition);
        let named = self.named(&[partition]);
        self.with_client(|client| client.pause(&named));
    }

    async fn assigned(&mut self, partitions: &[Partition]) -> Result<(), String> {
        self.sim.note(|| format!("{} gets {partitions:?}", self.config.instance.group_instance_id()));
        let committed = loop {
            self.sim.tick().await;
            if let Some(committed) = self.with_client(|client| client.committed(partitions)) {
                break committed;
            }
        };
        let mut starts = Vec::new();
        let mut refusals = Vec::new();
        for committed in &committed {
            let index = committed.partition.index;
            let log = self.sim.broker().watermarks(&committed.partition);
            let start = start(self.config.start, INCARNATION, committed, log);
            starts.push((committed.partition.clone(), start.map_or(0, |start| start.next())));
            match start {
                Ok(start) => drop(self.restoring.insert(index, Restoring { start, target: None })),
                Err(refusal) => refusals.push((index, refusal.label())),
            }
        }
        self.with_client(|client| client.assign_paused(&starts));
        refusals.into_iter().for_each(|(partition, reason)| self.refuse(partition, reason));
        Ok(())
    }

    async fn restore(&mut self) -> Result<(), String> {
        let waiting: Vec<i32> = self.restoring.keys().copied().collect();
        for index in waiting {
            self.sim.wait().await;
            self.restore_one(index);
        }
        if self.unmarked.is_empty() || !self.commit().await? {
            return Ok(());
        }
        let marked = std::mem::take(&mut self.unmarked).into_iter();
        let ready: Vec<i32> = marked.filter(|index| !self.refused.contains(index)).collect();
        let named = self.named(&ready);
        self.with_client(|client| client.resume(&named));
        Ok(())
    }

    /// As [`crate::kafka::Reader`]: the end is fixed without regard to open transactions, which are then waited for.
    fn restore_one(&mut self, index: i32) {
        let states = Partition { topic: self.config.states.clone(), index };
        let broker = self.sim.broker();
        let Some(waiting) = self.restoring.get_mut(&index) else { return };
        let ((low, high), stable) = (broker.watermarks(&states), broker.stable(&states));
        let end = if mutation::is(Mutation::RestoreToStable) { stable } else { high };
        let target = *waiting.target.get_or_insert(end);
        if stable < target {
            return;
        }
        let mut entries = broker.compacted(&states, low, target);
        drop(broker);
        let start = self.restoring.remove(&index).unwrap().start;
        if entries.remove(INCARNATION_KEY).as_deref() != Some(INCARNATION.as_bytes()) {
            return self.refuse(index, "incarnation");
        }
        let restored = F::restore(entries.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
        let complete = |(control, states)| Ok((self.core.fold.complete(control)?, states));
        match restored.and_then(complete) {
            Ok(state) => {
                let shard = Shard::new(&self.core.fold, index, start, state);
                self.core.insert(index, shard);
                self.unmarked.insert(index);
            }
            Err(error) => self.refuse(index, &error.to_string()),
        }
    }

    async fn commit_clean(&mut self, partitions: &[i32]) -> Result<(), String> {
        for _ in 0..2 {
            for partition in partitions {
                if let Some(shard) = self.core.shard(*partition) {
                    shard.mark_clean();
                }
            }
            if self.commit().await? {
                break;
            }
        }
        Ok(())
    }

    fn lost(&mut self, partitions: &[Partition]) {
        self.sim.note(|| format!("{} gives {partitions:?}", self.config.instance.group_instance_id()));
        for Partition { index, .. } in partitions {
            self.core.remove(*index);
            self.restoring.remove(index);
            self.unmarked.remove(index);
            self.refused.remove(index);
            self.caught_up.remove(index);
            self.held.take_if(|record| record.partition == *index);
        }
        self.with_client(|client| client.unassign(partitions));
    }

    fn seek(&mut self, positions: &[(i32, i64)]) {
        if positions.is_empty() {
            return;
        }
        self.held.take_if(|record| positions.iter().any(|(index, _)| *index == record.partition));
        for (index, _) in positions {
            self.caught_up.remove(index);
        }
        let name = |(index, next): &(i32, i64)| {
            (Partition { topic: self.config.input.clone(), index: *index }, *next)
        };
        let positions: Vec<_> = positions.iter().map(name).collect();
        self.with_client(|client| client.seek(&positions));
    }

    async fn commit(&mut self) -> Result<bool, String> {
        let Some(mut plan) = self.core.plan() else { return Ok(true) };
        for (partition, stop) in std::mem::take(&mut plan.stopped) {
            self.refuse(partition, stop.label());
        }
        if plan.offsets.is_empty() {
            return Ok(true);
        }
        self.write_clocks_outside(&mut plan);
        let offsets: Vec<CommitOffset> = plan
            .offsets
            .iter()
            .map(|(index, next, mark)| CommitOffset {
                partition: Partition { topic: self.config.input.clone(), index: *index },
                next: *next,
                metadata: mark.seal(INCARNATION).unwrap(),
            })
            .collect();
        let Some(membership) = self.with_client(|client| client.standing()) else {
            self.put_back();
            self.sim.wait().await;
            return Ok(false);
        };
        let client = Rc::clone(&self.client);
        let present = move || client.borrow().as_ref().unwrap().membership();
        let outcome = self.producer.run(&plan.records, &offsets, &membership, present).await;
        self.sim.note(|| {
            let places: Vec<_> = plan.offsets.iter().map(|(index, next, _)| (*index, *next)).collect();
            format!("{} commits {places:?}: {outcome:?}", self.config.instance.group_instance_id())
        });
        match outcome {
            Outcome::Committed => self.core.committed(&plan),
            Outcome::Aborted(_) => {
                self.put_back();
                self.sim.wait().await;
                return Ok(false);
            }
            Outcome::Fenced(reason) => {
                let now = self.sim.now();
                if self.fenced.replace(now).is_some_and(|before| now - before < TWIN) {
                    return Err(format!("fenced twice: {reason}"));
                }
                return self.unknown(&plan, &offsets).await;
            }
            Outcome::Unknown(_) => return self.unknown(&plan, &offsets).await,
        }
        Ok(true)
    }

    fn write_clocks_outside(&self, plan: &mut Plan) {
        if mutation::is(Mutation::ClockOutside) {
            let is_clock = |record: &Outgoing| record.topic == self.config.input && record.key.is_none();
            let clocks = plan.records.extract_if(.., |record| is_clock(record));
            clocks.for_each(|clock| self.sim.broker().publish(&clock));
        }
    }

    fn put_back(&mut self) {
        let positions = self.core.roll_back();
        self.seek(&positions);
    }

    async fn unknown(&mut self, plan: &Plan, offsets: &[CommitOffset]) -> Result<bool, String> {
        self.producer.rebuild().await;
        let partitions: Vec<Partition> = offsets.iter().map(|offset| offset.partition.clone()).collect();
        let found = loop {
            self.sim.tick().await;
            if let Some(found) = self.with_client(|client| client.committed(&partitions)) {
                break found;
            }
        };
        let fate = Fate::of(offsets, &found);
        match fate {
            Fate::Kept => self.core.committed(plan),
            Fate::Dropped => self.put_back(),
            Fate::Moved => return Err("moved".into()),
        }
        Ok(fate == Fate::Kept)
    }
}
