//! One request outside of any topic: whoever asks has its outcome, and writes it where he will.

use std::time::Duration;

use pipeline::Clock;
use pipeline::call::{Cancellation, Place};
use schemas::request::Request;

use crate::invoke::{Invoke, Terms};
use crate::rehearse::Ended;
use crate::rules::Rules;
use crate::work::{Work, Worked};

/// What a request comes to, by the code of the running step: the same attempts, the same review. It has as long from now on as it had when it was
/// decided, whenever that was.
pub async fn answer<I: Invoke>(invoker: &I, rules: &Rules, request: &Request, clock: &dyn Clock) -> Ended {
    let window = request.answer_by.saturating_sub(request.decided_at).max(0);
    let now = clock.now();
    let request = Request { decided_at: now, answer_by: now.saturating_add(window), ..request.clone() };
    let (cancellation, place) = (Cancellation::never(), Place::unwatched());
    let longest = Duration::from_millis(window.unsigned_abs());
    let terms = Terms { longest, cancellation: &cancellation, place: &place };
    let Worked { outcome, attempts, review, .. } =
        Work { invoker, rules, request: &request, terms, clock }.run().await;
    Ended { outcome, attempts, review }
}
