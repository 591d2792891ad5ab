//! The judge as a target of the configuration: asked by the call step's own code, behind limits and a purse of its own.

use std::sync::Arc;
use std::time::Duration;

use call::{AskError, Question, Settings};
use catalogue::Bundle;
use pipeline::Clock;
use schemas::ids::TargetName;

use super::ask::{ATTEMPTS, spent};
use super::budget::Budget;
use super::limits::{Gate, Limits};
use super::purse::Purse;
use crate::judge::prompt::Prompt;
use crate::judge::{Asker, Said, Unasked};

/// Times of a target's own timeout that one question may take with its repeats.
const PATIENCE: u64 = 3;

/// Asks a target as the judge.
#[derive(Debug)]
pub struct ModelJudge<'a> {
    asker: call::Asker<'a>,
    purse: &'a Purse,
    gate: Gate,
    max_output_tokens: u32,
    longest: Duration,
}

/// Which target judges, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The target.
    pub target: TargetName,
    /// Most tokens of a reply, thoughts included.
    pub max_output_tokens: u32,
    /// Limits of its calls.
    pub limits: Limits,
}

impl<'a> ModelJudge<'a> {
    /// Prepares calls. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// [`AskError`] when no HTTP client can be built.
    pub fn new(
        settings: Settings,
        bundle: &'a Bundle,
        terms: &'a Terms,
        purse: &'a Purse,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AskError> {
        let timeout = bundle.targets.get(&terms.target).map_or(0, |target| target.timeout_ms);
        Ok(Self {
            asker: call::Asker::new(settings.with_attempts(ATTEMPTS), bundle, &terms.target, clock)?,
            purse,
            gate: Gate::new(terms.limits),
            max_output_tokens: terms.max_output_tokens,
            longest: Duration::from_millis(timeout.saturating_mul(PATIENCE)),
        })
    }
}

impl Asker for ModelJudge<'_> {
    async fn ask(&self, prompt: &Prompt) -> Result<Said, Unasked> {
        let question = Question {
            system: &prompt.system,
            text: &prompt.user,
            temperature_milli: Some(0),
            max_output_tokens: self.max_output_tokens,
            longest: self.longest,
        };
        let _room = self.gate.enter().await.ok_or(Unasked::Failed("stopped"))?;
        let ceiling = match self.asker.ceiling(question, ATTEMPTS) {
            Ok(ceiling) => Some(ceiling),
            Err(AskError::Price(_)) if *self.purse.budget() == Budget::UNLIMITED => None,
            Err(AskError::Price(_)) => return Err(Unasked::Failed("unpriced")),
            Err(_) => return Err(Unasked::Failed("question")),
        };
        let most = ceiling.as_ref().map_or_else(Vec::new, call::Ceiling::most);
        let reserve = self.purse.reserve(most).await.map_err(|_| Unasked::Budget)?;
        let asked = self.asker.ask(question).await.map_err(|_| Unasked::Failed("question"))?;
        let cost = spent(ceiling.as_ref(), &asked.attempts);
        reserve.settle(cost.clone());
        match asked.answer {
            // One target is paid in one currency.
            Ok(said) => Ok(Said {
                text: said.text,
                cost: cost.into_iter().reduce(|sum, one| sum.plus(&one).unwrap_or(sum)),
            }),
            Err(reason) => Err(Unasked::Failed(reason)),
        }
    }
}
