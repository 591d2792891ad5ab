//! One partition folded without a broker, by the function that the running line folds with.
//!
//! [`Conversations`] says what an input does to a conversation, and the driver's core (`pipeline::fold`) applies the records of a partition to
//! it: states, timers, bundles. The role `decide` runs that core behind a broker. Whoever folds a log again, explains a message or
//! tests rules runs the same core here, so that none of them can decide otherwise.

use std::collections::HashMap;

use decide::{Key, LazyState};
use pipeline::fold::{Entry, Fold, FoldError, Refold, RefoldError};
use pipeline::kafka::NameError;
use pipeline::{Outgoing, Record};

use crate::{Control, Conversations, Deployment, Settings};

/// What a partition is folded on from. A clone shares the states.
#[derive(Clone, Default)]
pub struct States {
    /// The bundle that holds, and what call told last.
    pub control: Control,
    /// The state of each conversation that has one.
    pub conversations: HashMap<Key, LazyState>,
}

impl States {
    /// The states of a partition from the newest entry of every key of topic `states`.
    ///
    /// # Errors
    /// [`FoldError`] when an entry is not of this version, or the bundle cannot be had.
    pub fn restore<'a>(
        fold: &mut Conversations,
        entries: impl Iterator<Item = Entry<'a>>,
    ) -> Result<Self, FoldError> {
        let (control, conversations) = Conversations::restore(entries)?;
        Ok(Self { control: fold.complete(control)?, conversations })
    }

    /// The state of one conversation under the control state of all.
    #[must_use]
    pub fn of(&self, key: &Key) -> Self {
        let state = self.conversations.get(key).map(|state| (key.clone(), state.clone()));
        Self { control: self.control.clone(), conversations: state.into_iter().collect() }
    }
}

/// The fold of one partition.
pub struct Replay(Refold<Conversations>);

impl Replay {
    /// Starts a partition from nothing. `settings` must be those of the line whose log is folded.
    ///
    /// # Errors
    /// [`NameError`] when the deployment's name cannot be used.
    pub fn new(
        deployment: &Deployment,
        settings: &Settings,
        fold: Conversations,
        partition: i32,
    ) -> Result<Self, NameError> {
        Ok(Self(Refold::new(fold, &deployment.driver(settings, 0)?, partition)))
    }

    /// Goes on from these states.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_states(
        deployment: &Deployment,
        settings: &Settings,
        fold: Conversations,
        partition: i32,
        states: States,
    ) -> Result<Self, NameError> {
        let States { control, conversations } = states;
        let config = deployment.driver(settings, 0)?;
        Ok(Self(Refold::from_state(fold, &config, partition, (control, conversations))))
    }

    /// The states as they are now.
    pub fn states(&self) -> States {
        let (control, conversations) = self.0.state();
        States { control, conversations }
    }

    /// Names offsets whose dead letters have the reason `crashed`: the driver gave their records up unfolded.
    pub fn skip_crashed(&mut self, offsets: impl IntoIterator<Item = i64>) {
        self.0.skip_crashed(offsets);
    }

    /// Folds one record, which is behind all that were folded, and gives what the driver writes for it, in order.
    ///
    /// # Errors
    /// [`RefoldError`] where the driver would stop the partition.
    pub fn feed(&mut self, record: &Record) -> Result<Vec<Outgoing>, RefoldError> {
        self.0.feed(record)
    }

    /// When the earliest timer is due, in milliseconds since the epoch: the driver appends a clock record then.
    pub fn due(&self) -> Option<i64> {
        self.0.due()
    }

    /// The clock record that the driver appends at that time.
    pub fn clock(&self, time: i64) -> Outgoing {
        self.0.clock(time)
    }
}
