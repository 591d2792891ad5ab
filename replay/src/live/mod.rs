//! Models that are asked for a replay.
//!
//! The core of a replay knows no more of a model than [`Models`]: it hands over a request as the candidate made it, and gets its end. Whoever implements
//! it keeps the limits: rate, calls at a time, money. What a call came to is written to the replay's journal before it is used, and what stands
//! in the journal is never asked again, so that nothing is paid twice.
//!
//! - [`ask`]: the calls, by the code of the running call step
//! - [`budget`]: how much money may be spent
//! - [`purse`]: keeps to it, whatever runs at the same time
//! - [`judge`]: the judge as a target
//! - [`limits`]: how many calls run, and how fast they start

pub mod ask;
pub mod budget;
pub mod judge;
pub mod limits;
pub mod purse;

#[cfg(test)]
pub(crate) mod scene;

use std::time::Duration;

use conversation::Ready;
use schemas::answered::{Attempt, Outcome};
use schemas::request::Request;
use schemas::review::AnswerReview;

/// Who answers requests of a replay.
pub trait Models: Send + Sync {
    /// What a request comes to: an answer with its review, the review of a text, or a summary, by its kind. `ready` is the bundle that
    /// decided it, with its engines.
    ///
    /// The request is the fold's: its times are those of the log, which may be long ago. It has as long from now on as it had there, from `decided_at`
    /// to `answer_by`. Requests of one conversation come in their order; those of different conversations at once, as many as there are, so
    /// whoever has a limit lets the future wait. A future that is dropped before its end may have been paid.
    fn answer(&self, ready: &Ready, request: &Request) -> impl Future<Output = Result<Live, Unasked>> + Send;

    /// Why nobody is asked any more, once that is so: a replay that has nothing to ask ends then, too.
    fn ended(&self) -> Option<Unasked> {
        None
    }
}

/// How a request ended that was asked of models.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// How it ended.
    pub outcome: Outcome,
    /// Every attempt, numbered from 1.
    pub attempts: Vec<Attempt>,
    /// The review of its answer, if the filter held that.
    pub review: Option<Box<AnswerReview>>,
    /// From its first attempt to its end, without the wait for the replay's own limits.
    pub duration: Duration,
}

/// Why a request was not asked. The replay stops there, and can be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// What is left of the budget may not be enough for it.
    #[error("the budget is spent")]
    Budget,
    /// Somebody ends the replay.
    #[error("the replay was ended")]
    Stopped,
    /// Nobody knows what it would cost, so no budget can hold it.
    #[error("a target has no known price")]
    Unpriced,
    /// No target of its chain serves anybody: they are away or limited, or refuse the key. That says nothing of the candidate.
    #[error("no target serves")]
    Unserved,
}

impl Unasked {
    /// A closed label for counters.
    pub fn label(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Stopped => "stopped",
            Self::Unpriced => "unpriced",
            Self::Unserved => "unserved",
        }
    }
}

/// Nobody: for a replay that has every answer from the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoModels;

impl Models for NoModels {
    async fn answer(&self, _: &Ready, _: &Request) -> Result<Live, Unasked> {
        Err(Unasked::Stopped)
    }
}
