//! What the step needs of whoever asks the models.

use std::future::Future;
use std::time::Duration;

use catalogue::Bundle;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;

/// Asks models. [`crate::Invoker`] does it over HTTP; a simulation of the line has a model of them instead.
pub trait Invoke: Send + Sync + 'static {
    /// Makes attempts until one answers, nothing more may be tried, or `longest` is over. None starts after the request's
    /// `answer_by`.
    fn invoke(
        &self,
        bundle: &Bundle,
        request: &Request,
        longest: Duration,
    ) -> impl Future<Output = Invoked> + Send;

    /// From now on this instance keeps to this part, from 0 to 1, of the targets' limits.
    fn set_share(&self, share: f64);
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
    /// Error class or local reason.
    Failed(&'static str),
}
