//! The thread's loop: restore, gather a batch, commit it.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::core::{Core, Offer};
use super::handle::Status;
use super::restore::{Read, Restored, Restoring, start};
use super::settle::Troubles;
use super::shard::Shard;
use super::{DriverError, Fold, FoldConfig, metrics as names, outlived};
use crate::driver::{Board, Pulse};
use crate::kafka::{Consumer, Error, Partition, Polled, TransactionalProducer, watermarks};
use crate::{Clock, Record, Refusal, Stop, WallClock};

/// Longest wait for a record while nothing is due.
const IDLE: Duration = Duration::from_millis(50);
/// As `IDLE`, while partitions are being restored: a restored one is noticed at most this much later.
const RESTORING: Duration = Duration::from_millis(5);
/// How often the gauges are renewed: an age must grow while nothing is committed.
const GAUGE: Duration = Duration::from_secs(1);
/// Waits for open transactions of a previous owner: their timeout plus the brokers' scan.
pub(super) const OFFSETS: Duration = Duration::from_secs(20);

/// What a driver is started with.
pub(super) struct Setup<F> {
    pub(super) config: FoldConfig,
    pub(super) incarnation: String,
    pub(super) fold: F,
    pub(super) board: Board<Status>,
    pub(super) pulse: Pulse,
}

/// The connected clients of a driver.
pub(super) struct Clients {
    pub(super) consumer: Consumer,
    pub(super) producer: TransactionalProducer,
}

pub(super) struct Shell<F: Fold> {
    pub(super) config: FoldConfig,
    pub(super) incarnation: String,
    pub(super) core: Core<F>,
    pub(super) consumer: Consumer,
    pub(super) producer: TransactionalProducer,
    pub(super) troubles: Troubles,
    board: Board<Status>,
    pulse: Pulse,
    restoring: Restoring<F>,
    /// Restored, but the new owner's mark is not committed yet.
    unmarked: BTreeSet<i32>,
    refused: BTreeSet<i32>,
    caught_up: BTreeSet<i32>,
    /// A record that did not fit into the batch.
    held: Option<Record>,
    gauged: Instant,
    gauges: names::Gauges,
}

impl<F: Fold> Shell<F> {
    pub(super) fn new(setup: Setup<F>, Clients { consumer, producer }: Clients) -> Self {
        let Setup { config, incarnation, fold, board, pulse } = setup;
        let core = Core::new(fold, config.shape());
        let gauges = names::Gauges::new(config.instance.role());
        Self {
            config,
            incarnation,
            core,
            consumer,
            producer,
            troubles: Troubles::default(),
            board,
            pulse,
            restoring: Restoring::default(),
            unmarked: BTreeSet::new(),
            refused: BTreeSet::new(),
            caught_up: BTreeSet::new(),
            held: None,
            gauged: Instant::now(),
            gauges,
        }
    }

    pub(super) fn run(mut self, stop: &Receiver<Stop>) -> Result<(), DriverError> {
        let ended = self.serve(stop);
        if let Err(DriverError::Kafka(Error::Fenced { .. }) | DriverError::Moved) = ended {
            let group = self.config.instance.group_id();
            for (partition, offset) in self.core.announced() {
                outlived::remember(&group, partition, offset);
            }
        }
        match ended? {
            Stop::Restart => self.consumer.close(),
            Stop::Leave => self.consumer.leave(Duration::from_secs(3)),
        }
        Ok(())
    }

    fn serve(&mut self, stop: &Receiver<Stop>) -> Result<Stop, DriverError> {
        let mode = loop {
            self.pulse.beat();
            if self.gauged.elapsed() > GAUGE {
                self.gauge();
            }
            match stop.try_recv() {
                Ok(mode) => break mode,
                // The handle was dropped.
                Err(TryRecvError::Disconnected) => break Stop::Restart,
                Err(TryRecvError::Empty) => {}
            }
            self.restore()?;
            self.gather()?;
            self.core.append_clocks(WallClock.now(), &self.caught_up);
            self.commit()?;
        };
        let all: Vec<i32> = self.core.partitions().collect();
        self.commit_clean(&all)?;
        Ok(mode)
    }

    /// Folds what is at hand until there is nothing, or the batch is full.
    fn gather(&mut self) -> Result<(), DriverError> {
        let mut bytes = 0;
        let mut until = None;
        loop {
            let polled = match self.held.take() {
                Some(record) => Polled::Record(record),
                None => self.poll(if until.is_none() { self.patience() } else { Duration::ZERO }),
            };
            let limit = *until.get_or_insert_with(|| Instant::now() + self.config.limits.gather);
            match polled {
                Polled::Record(record) => {
                    bytes += record.size();
                    let goes_on = self.take(record)?;
                    if !goes_on || bytes >= self.config.limits.bytes || Instant::now() >= limit {
                        return Ok(());
                    }
                }
                Polled::Assigned(partitions) => return self.assigned(&partitions),
                Polled::Revoked(partitions) => return self.revoked(&partitions),
                Polled::Lost(partitions) => return self.lost(&partitions),
                Polled::OutOfRange => return self.check_ranges(),
                Polled::Fatal(error) => return Err(error.into()),
                Polled::Trouble(error) => tracing::debug!(%error, "poll"),
                Polled::Nothing => return Ok(()),
            }
        }
    }

    fn poll(&mut self, wait: Duration) -> Polled {
        let polled = self.consumer.poll(wait);
        self.caught_up.extend(self.consumer.take_ended());
        if let Polled::Record(record) = &polled {
            self.caught_up.remove(&record.partition);
        }
        polled
    }

    fn patience(&self) -> Duration {
        if !self.unmarked.is_empty() {
            return Duration::ZERO;
        }
        let idle = if self.restoring.is_idle() { IDLE } else { RESTORING };
        let due = self.core.earliest().map_or(i64::MAX, |due| due.saturating_sub(WallClock.now()));
        idle.min(Duration::from_millis(u64::try_from(due).unwrap_or(0).max(1)))
    }

    /// Folds a record. Returns whether the batch may go on.
    fn take(&mut self, record: Record) -> Result<bool, DriverError> {
        let partition = record.partition;
        let offer = self.core.offer(&record);
        match offer {
            Offer::Ignored => return Ok(true),
            Offer::Full => {
                self.held = Some(record);
                return Ok(false);
            }
            Offer::Quarantined(next) if !self.announce(partition)? => {
                // The record at hand was not folded, and reading on would skip it.
                self.seek(&[(partition, next)])?;
                return Ok(false);
            }
            Offer::Quarantined(_) | Offer::Take => {}
        }
        if let Err(stop) = self.core.apply(&record, WallClock.now()) {
            tracing::error!(partition, offset = record.offset, error = %stop, "fold record");
            self.commit()?;
            self.refuse(partition, stop.label())?;
        }
        Ok(offer == Offer::Take)
    }

    /// Commits that the record at hand is about to be folded by itself.
    fn announce(&mut self, partition: i32) -> Result<bool, DriverError> {
        if !self.commit()? {
            return Ok(false);
        }
        if let Some(shard) = self.core.shard(partition) {
            shard.announce();
        }
        self.commit()
    }

    /// Stops a partition where its last commit left it.
    pub(super) fn refuse(&mut self, partition: i32, reason: &'static str) -> Result<(), DriverError> {
        let step = self.config.instance.role().to_owned();
        tracing::error!(partition, reason, step, "partition refused");
        self.refused.insert(partition);
        self.core.remove(partition);
        metrics::counter!(names::REFUSED, "step" => step, "reason" => reason).increment(1);
        let named = self.named(&[partition]);
        self.board.show(|health| {
            for partition in &named {
                health.owned.remove(partition);
                health.status.restoring.remove(partition);
                health.refused.insert(partition.clone(), reason);
            }
        });
        self.gauge();
        self.consumer.pause(&named)?;
        Ok(())
    }

    fn named(&self, partitions: &[i32]) -> Vec<Partition> {
        let name = |index: &i32| Partition { topic: self.config.input.clone(), index: *index };
        partitions.iter().map(name).collect()
    }

    fn assigned(&mut self, partitions: &[Partition]) -> Result<(), DriverError> {
        let committed = self.consumer.committed(partitions, OFFSETS)?;
        let mut starts = Vec::with_capacity(committed.len());
        let mut refusals = Vec::new();
        let of_committed: Vec<Partition> = committed.iter().map(|of| of.partition.clone()).collect();
        let logs = watermarks(&self.config.kafka, &of_committed)?;
        for (committed, log) in committed.iter().zip(logs) {
            let index = committed.partition.index;
            let start = start(self.config.start, &self.incarnation, committed, log);
            starts.push((committed.partition.clone(), start.map_or(0, |start| start.next())));
            match start {
                Ok(start) => self.restoring.add(index, start),
                Err(refusal) => refusals.push((index, refusal)),
            }
        }
        self.consumer.assign_paused(&starts)?;
        for (partition, refusal) in refusals {
            tracing::error!(partition, error = %refusal, "start partition");
            self.refuse(partition, refusal.label())?;
        }
        let is_refused = |partition: &Partition| self.refused.contains(&partition.index);
        let restoring = of_committed.into_iter().filter(|partition| !is_refused(partition));
        self.board.show(|health| health.status.restoring.extend(restoring));
        Ok(())
    }

    fn restore(&mut self) -> Result<(), DriverError> {
        loop {
            match self.restoring.next(&self.config) {
                Ok(Some(restored)) => self.restored(restored)?,
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "restore states; starting over");
                    break;
                }
            }
        }
        if self.unmarked.is_empty() || !self.commit()? {
            return Ok(());
        }
        let marked = std::mem::take(&mut self.unmarked).into_iter();
        let ready: Vec<i32> = marked.filter(|index| !self.refused.contains(index)).collect();
        let named = self.named(&ready);
        self.board.show(|health| {
            for partition in &named {
                health.status.restoring.remove(partition);
                health.owned.insert(partition.clone());
            }
        });
        self.gauge();
        self.consumer.resume(&named)?;
        Ok(())
    }

    fn restored(&mut self, restored: Restored<F>) -> Result<(), DriverError> {
        let Restored { partition, start, read: Read { incarnation, entries, state }, began } = restored;
        let step = self.config.instance.role().to_owned();
        if incarnation.as_deref() != Some(self.incarnation.as_bytes()) {
            return self.refuse(partition, "incarnation");
        }
        let complete = |(control, states)| Ok((self.core.fold.complete(control)?, states));
        match state.and_then(complete) {
            Ok(state) => {
                let mut shard = Shard::new(&self.core.fold, partition, start, state);
                shard.set_announced(outlived::announced(&self.config.instance.group_id(), partition));
                self.core.insert(partition, shard);
                let took = began.elapsed();
                tracing::info!(partition, next = start.next(), entries, ?took, "states restored");
                metrics::histogram!(names::RESTORE_SECONDS, "step" => step).record(took.as_secs_f64());
                self.unmarked.insert(partition);
                Ok(())
            }
            Err(error) => {
                tracing::error!(partition, %error, "restore states");
                self.refuse(partition, "restore")
            }
        }
    }

    fn revoked(&mut self, partitions: &[Partition]) -> Result<(), DriverError> {
        let indexes: Vec<i32> = partitions.iter().map(|partition| partition.index).collect();
        self.commit_clean(&indexes)?;
        self.lost(partitions)
    }

    /// Makes the last commit of these partitions and marks them as left in order. If it fails, their next owner folds their last records
    /// again, in quarantine.
    fn commit_clean(&mut self, partitions: &[i32]) -> Result<(), DriverError> {
        for _ in 0..2 {
            for partition in partitions {
                if let Some(shard) = self.core.shard(*partition) {
                    shard.mark_clean();
                }
            }
            if self.commit()? {
                break;
            }
        }
        Ok(())
    }

    /// Forgets these partitions together with everything that was not committed.
    fn lost(&mut self, partitions: &[Partition]) -> Result<(), DriverError> {
        for Partition { index, .. } in partitions {
            self.core.remove(*index);
            self.restoring.remove(*index);
            self.unmarked.remove(index);
            self.refused.remove(index);
            self.caught_up.remove(index);
            self.held.take_if(|record| record.partition == *index);
        }
        self.board.show(|health| {
            for partition in partitions {
                health.owned.remove(partition);
                health.status.restoring.remove(partition);
                health.refused.remove(partition);
            }
        });
        self.gauge();
        self.consumer.unassign(partitions)?;
        Ok(())
    }

    /// Some partition's next record was deleted before it was folded.
    fn check_ranges(&mut self) -> Result<(), DriverError> {
        let all: Vec<i32> = self.core.partitions().collect();
        let logs = watermarks(&self.config.kafka, &self.named(&all))?;
        for (partition, (low, high)) in all.into_iter().zip(logs) {
            let Some(next) = self.core.shard(partition).map(|shard| shard.next()) else { continue };
            if let Err(refusal) = Refusal::unless_within(&(low..=high), next) {
                tracing::error!(partition, error = %refusal, "read partition");
                self.refuse(partition, refusal.label())?;
            }
        }
        Ok(())
    }

    /// Reads again what was rolled back.
    pub(super) fn seek(&mut self, positions: &[(i32, i64)]) -> Result<(), Error> {
        if positions.is_empty() {
            return Ok(());
        }
        self.held.take_if(|record| positions.iter().any(|(index, _)| *index == record.partition));
        for (index, _) in positions {
            self.caught_up.remove(index);
        }
        let named = |(index, next): &(i32, i64)| {
            (Partition { topic: self.config.input.clone(), index: *index }, *next)
        };
        let positions: Vec<_> = positions.iter().map(named).collect();
        self.consumer.seek(&positions, Duration::from_secs(5))
    }

    fn gauge(&mut self) {
        self.gauged = Instant::now();
        let (owned, refused) = self.board.read(|health| (health.owned.len(), health.refused.len()));
        self.gauges.count(owned, refused);
        let since = self.core.waiting_since(&self.caught_up);
        self.gauges.ages(&since, WallClock.now());
    }
}
