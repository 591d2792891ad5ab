//! What a request comes to when somebody says what the models and the reviewers do, without any connection.

use std::time::Duration;

use catalogue::Bundle;
use pipeline::Clock;
use pipeline::call::{Cancellation, Place};
use schemas::answered::{Attempt, Outcome};
use schemas::request::Request;
use schemas::review::{AnswerReview, Level};

use crate::conditions;
use crate::invoke::{Completion, Invoke, Invoked, Terms, Unanswered};
use crate::reviewers::{HeldText, Reviewed, Said};
use crate::rules::Rules;
use crate::work::{Work, Worked};

/// What a model says, and what a reviewer says of it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The attempt that is answered.
    pub attempt: Attempt,
    /// What the model says; not blank.
    pub text: String,
    /// It was cut at the output limit.
    pub truncated: bool,
    /// What a reviewer says, if the filter holds the answer; it is away without it.
    pub level: Option<Level>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its outcome.
    pub outcome: Outcome,
    /// The attempts.
    pub attempts: Vec<Attempt>,
    /// The review of its answer, if that was held.
    pub review: Option<Box<AnswerReview>>,
}

impl Ended {
    /// Every attempt, those of its review behind its own.
    pub fn all_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().chain(self.review.iter().flat_map(|review| &review.attempts))
    }
}

/// How long calls of a target wait, in milliseconds, as the log is told of it when nothing was told before.
pub fn told_wait(wait: Duration) -> u32 {
    conditions::told_wait(0, u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))
}

/// What the call step makes of a request whose answer is known: it is judged and reviewed as the running step does it.
pub async fn rehearse(script: Script, rules: &Rules, request: &Request, clock: &dyn Clock) -> Ended {
    let (cancellation, place) = (Cancellation::never(), Place::default());
    let terms = Terms { longest: Duration::MAX, cancellation: &cancellation, place: &place };
    let work = Work { invoker: &script, rules, request, terms, clock };
    let Worked { outcome, attempts, review, .. } = work.run().await;
    Ended { outcome, attempts, review }
}

impl Invoke for Script {
    async fn invoke(&self, _bundle: &Bundle, _request: &Request, _terms: Terms<'_>) -> Invoked {
        let completion = Completion { text: self.text.clone(), truncated: self.truncated };
        Invoked {
            attempts: vec![self.attempt.clone()],
            result: Ok((self.attempt.target.clone(), completion)),
        }
    }

    async fn review(&self, _bundle: &Bundle, _held: HeldText<'_>, _terms: Terms<'_>) -> Reviewed {
        match self.level {
            Some(level) => Reviewed { attempts: Vec::new(), result: Ok(Said { level, category: None }) },
            None => Reviewed::not_asked(Unanswered::Failed("unknown_reviewer")),
        }
    }

    fn set_share(&self, _share: f64) {}
}

#[cfg(test)]
mod tests;
