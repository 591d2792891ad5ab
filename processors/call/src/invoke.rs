//! What the step needs of whoever asks the models.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use catalogue::Bundle;
use outbound::Outlook;
use pipeline::call::{Cancellation, Place};
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;
use tokio::time::Instant;

use crate::reviewers::{HeldText, Reviewed};

/// Asks models. [`crate::Invoker`] does it over HTTP; a simulation of the line has a model of them instead.
pub trait Invoke: Send + Sync + 'static {
    /// Makes attempts until one answers, nothing more may be tried, the longest time is over, or the request is cancelled: that
    /// cuts the attempt under way. None starts after the request's `answer_by`. While it waits after a failure it leaves its place.
    fn invoke(
        &self,
        bundle: &Bundle,
        request: &Request,
        terms: Terms<'_>,
    ) -> impl Future<Output = Invoked> + Send;

    /// Asks a reviewer about a text that is held, as [`Invoke::invoke`] asks models. Whoever has no reviewers is always away.
    fn review(
        &self,
        _bundle: &Bundle,
        _held: HeldText<'_>,
        _terms: Terms<'_>,
    ) -> impl Future<Output = Reviewed> + Send {
        std::future::ready(Reviewed::not_asked(Unanswered::Failed("unknown_reviewer")))
    }

    /// What is to be expected of each target now. Whoever remembers nothing of them has nothing to say.
    fn outlooks(&self, _now: Instant) -> BTreeMap<TargetName, Outlook> {
        BTreeMap::new()
    }

    /// From now on this instance keeps to this part, from 0 to 1, of the targets' limits.
    fn set_share(&self, share: f64);
}

/// How a request may run.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Longest time.
    pub longest: Duration,
    /// Happens when the request is cancelled.
    pub cancellation: &'a Cancellation,
    /// Its place among the running calls.
    pub place: &'a Place,
}

/// What came of a request, before review.
#[derive(Debug)]
pub struct Invoked {
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
    /// What was said, and by which target.
    pub result: Result<(TargetName, Completion), Unanswered>,
}

/// An answer as a model gave it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completion {
    /// Its text, without the model's thoughts; never blank.
    pub text: String,
    /// It was cut at the output limit.
    pub truncated: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// `answer_by` had passed before an attempt could start.
    Expired,
    /// The request was cancelled.
    Cancelled,
    /// Error class or local reason.
    Failed(&'static str),
}
