//! A model as the judge of two answers.
//!
//! The judge is blind: it sees the question and two answers, first and second, and nothing of where they come from. It sees them twice, in both
//! orders. Only what it says both times counts; where it contradicts itself the turn is a tie. How much it prefers what stands first is
//! measured ([`bias`]), and so is its agreement with people ([`agreement`]).
//!
//! - [`rubric`]: what is asked for, from the configuration
//! - [`prompt`]: what the judge is told
//! - [`reply`]: what it says
//! - [`compare`]: one turn
//! - [`course`]: which conversations are judged, and when it is enough
//!
//! Calls go through [`Asker`], which [`crate::live::judge`] is over the call step's invoker; money is the caller's, too.

pub mod agreement;
pub mod bias;
pub mod compare;
pub mod course;
pub mod prompt;
pub mod reply;
pub mod rubric;

use std::fmt;
use std::future::Future;

use schemas::money::Money;

use crate::results::Judged;
use prompt::Prompt;

/// Asks the judge.
pub trait Asker: Sync {
    /// Asks once. Before it does, it asks whoever has the money; [`Unasked::Budget`] is the answer when there is none left.
    fn ask(&self, prompt: &Prompt) -> impl Future<Output = Result<Said, Unasked>> + Send;
}

/// Keeps what the judge said as soon as it is there, so that whoever is interrupted pays nothing twice.
pub trait Keep: Send {
    /// Keeps what was said of the turn with that id; it is kept when the future is done.
    fn keep(&mut self, turn: &str, judged: &Judged) -> impl Future<Output = Result<(), Unkept>> + Send;
}

/// What was said cannot be kept, so nobody is asked any more.
#[derive(Debug, thiserror::Error)]
#[error("keep what the judge said")]
pub struct Unkept(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl Unkept {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        "unkept"
    }
}

/// Keeps nothing beyond the turns themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeepNothing;

impl Keep for KeepNothing {
    async fn keep(&mut self, _: &str, _: &Judged) -> Result<(), Unkept> {
        Ok(())
    }
}

/// What the judge said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its reply.
    pub text: String,
    /// What the call cost, as far as known.
    pub cost: Option<Money>,
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    /// The money for judging is spent.
    Budget,
    /// The call failed, for this reason in a closed word.
    Failed(&'static str),
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget => f.write_str("the budget for judging is spent"),
            Self::Failed(reason) => write!(f, "the judge gave no reply: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
