//! The transactional producer as [`crate::kafka::TransactionalProducer`] is seen by its owners: two ids that take turns.

use super::broker::{Decision, Rejected};
use super::{Membership, Sim};
use crate::Outgoing;
use crate::kafka::{CommitOffset, Outcome};
use crate::mutation::{self, Mutation};

/// A transaction older than this is aborted by its writer, in milliseconds.
const PATIENCE: i64 = 600;

pub(crate) struct Producer {
    sim: Sim,
    ids: [String; 2],
    /// One for each id, none until the next rebuild.
    epochs: Option<[u32; 2]>,
    turn: usize,
}

impl Producer {
    pub(crate) fn new(sim: &Sim, id: &str) -> Self {
        Self { sim: sim.clone(), ids: [id.to_owned(), format!("{id}.turn")], epochs: None, turn: 0 }
    }

    /// Settles what was left open under this id and takes a new epoch.
    pub(crate) async fn rebuild(&mut self) {
        self.epochs = None;
        let mut epochs = [0; 2];
        for (epoch, id) in epochs.iter_mut().zip(&self.ids) {
            *epoch = self.init(id).await;
        }
        self.epochs = Some(epochs);
    }

    async fn init(&self, id: &str) -> u32 {
        loop {
            self.sim.wait().await;
            let answer = self.sim.broker().init(id);
            if let Ok(epoch) = answer {
                self.sim.note(|| format!("{id} is in epoch {epoch}"));
                return epoch;
            }
        }
    }

    /// One transaction. `membership` was read when the plan was made; `present` tells it as of now, which only
    /// a broken runtime asks.
    pub(crate) async fn run(
        &mut self,
        records: &[Outgoing],
        offsets: &[CommitOffset],
        membership: &Membership,
        present: impl Fn() -> Membership,
    ) -> Outcome {
        let outcome = self.attempt(records, offsets, membership).await;
        if mutation::is(Mutation::RefreshMembership) && matches!(outcome, Outcome::Aborted(_)) {
            self.sim.wait().await;
            return self.attempt(records, offsets, &present()).await;
        }
        outcome
    }

    async fn attempt(
        &mut self,
        records: &[Outgoing],
        offsets: &[CommitOffset],
        membership: &Membership,
    ) -> Outcome {
        self.turn ^= 1;
        let Some(epoch) = self.epochs.map(|epochs| epochs[self.turn]) else {
            return Outcome::Unknown("no client since the last rebuild".into());
        };
        let id = &self.ids[self.turn];
        let until = self.sim.now() + PATIENCE;
        for record in records {
            if self.sim.fails(8) {
                self.sim.wait().await;
            }
            loop {
                let written = self.sim.broker().write(id, epoch, record);
                match written {
                    Ok(()) => break,
                    Err(Rejected::Busy) if self.sim.now() < until => self.sim.tick().await,
                    Err(Rejected::Fenced) => return Outcome::Fenced("write record".into()),
                    Err(rejected) => return self.abort(epoch, format!("write record: {rejected:?}")).await,
                }
            }
        }
        self.sim.wait().await;
        if self.sim.now() > until || self.sim.fails(15) {
            return self.abort(epoch, "no acknowledgement in time".into()).await;
        }
        if self.sim.fails(40) {
            return Outcome::Unknown("lost before offsets".into());
        }
        loop {
            let sent = self.sim.broker().send_offsets(id, epoch, membership, offsets);
            match sent {
                Ok(()) => break,
                Err(Rejected::Busy) if self.sim.now() < until => self.sim.tick().await,
                Err(Rejected::Fenced) => return Outcome::Fenced("send offsets".into()),
                Err(rejected) => return self.abort(epoch, format!("send offsets: {rejected:?}")).await,
            }
        }
        self.sim.wait().await;
        if self.sim.fails(40) {
            return Outcome::Unknown("lost before the commit".into());
        }
        let ended = self.sim.broker().end(id, epoch, Decision::Commit);
        self.sim.tick().await;
        match ended {
            Ok(()) if self.sim.fails(25) => Outcome::Unknown("lost after the commit".into()),
            Ok(()) => Outcome::Committed,
            Err(_) => Outcome::Fenced("commit".into()),
        }
    }

    async fn abort(&self, epoch: u32, reason: String) -> Outcome {
        self.sim.tick().await;
        let ended = self.sim.broker().end(&self.ids[self.turn], epoch, Decision::Abort);
        match ended {
            Ok(()) => Outcome::Aborted(reason),
            Err(_) => Outcome::Fenced(reason),
        }
    }
}
