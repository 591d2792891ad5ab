//! Calls behind a purse: what there is no money for ends as failed, without a call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::{Ceiling, HeldText, Invoke, Invoked, Reviewed, Terms, Unanswered, Unpriced};
use catalogue::Bundle;
use outbound::Outlook;
use pipeline::Clock;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::request::Request;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout};

use super::metrics;
use crate::live::ask::{ATTEMPTS, spent};
use crate::live::budget::Budget;
use crate::live::limits::{Gate, Limits};
use crate::live::purse::{Purse, Reserve};

/// Why no call is made.
const BUDGET: &str = "budget";
const UNPRICED: &str = "unpriced";
const LATE: &str = "late";

/// Asks models while there is money; it makes at most [`ATTEMPTS`] attempts for a request if `invoker` does.
pub struct Paid<I> {
    invoker: I,
    purse: Arc<Purse>,
    gate: Gate,
    clock: Arc<dyn Clock>,
}

/// A call that may be made.
struct Admitted<'a> {
    _room: SemaphorePermit<'a>,
    reserve: Reserve<'a>,
    ceiling: Option<Ceiling>,
    /// What is left of its time.
    longest: Duration,
}

impl<I> std::fmt::Debug for Paid<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paid").field("purse", &self.purse).finish_non_exhaustive()
    }
}

impl<I> Paid<I> {
    /// Calls of `invoker`, paid from the purse.
    pub fn new(invoker: I, limits: Limits, purse: Arc<Purse>, clock: Arc<dyn Clock>) -> Self {
        Self { invoker, purse, gate: Gate::new(limits), clock }
    }

    /// Room and money for a call, or why there is none: it waits no longer than the call may take.
    async fn admitted(
        &self,
        ceiling: Result<Ceiling, Unpriced>,
        terms: Terms<'_>,
    ) -> Result<Admitted<'_>, Unanswered> {
        let refused = |reason| {
            metrics::refused(reason);
            Unanswered::Failed(reason)
        };
        let ceiling = match ceiling {
            Ok(ceiling) => Some(ceiling),
            Err(_) if *self.purse.budget() == Budget::UNLIMITED => None,
            Err(_) => return Err(refused(UNPRICED)),
        };
        let most = ceiling.as_ref().map_or_else(Vec::new, Ceiling::most);
        let began = Instant::now();
        let admitted = async {
            let room = self.gate.enter().await?;
            Some((room, self.purse.reserve(most).await))
        };
        let admitted = tokio::select! {
            biased;
            () = terms.cancellation.happened() => return Err(Unanswered::Cancelled),
            admitted = timeout(terms.longest, admitted) => admitted,
        };
        match admitted {
            Ok(Some((room, Ok(reserve)))) => {
                let longest = terms.longest.saturating_sub(began.elapsed());
                Ok(Admitted { _room: room, reserve, ceiling, longest })
            }
            Ok(Some((_, Err(_)))) => Err(refused(BUDGET)),
            Ok(None) | Err(_) => Err(refused(LATE)),
        }
    }

    fn settle(&self, reserve: Reserve<'_>, ceiling: Option<&Ceiling>, attempts: &[Attempt]) {
        reserve.settle(spent(ceiling, attempts));
        metrics::spent(&self.purse.spent());
    }
}

impl<I: Invoke> Invoke for Paid<I> {
    async fn invoke(&self, bundle: &Bundle, request: &Request, terms: Terms<'_>) -> Invoked {
        let ceiling = Ceiling::of(bundle, request, ATTEMPTS, self.clock.now()).map(Ceiling::without_review);
        match self.admitted(ceiling, terms).await {
            Ok(Admitted { _room, reserve, ceiling, longest }) => {
                let invoked = self.invoker.invoke(bundle, request, Terms { longest, ..terms }).await;
                self.settle(reserve, ceiling.as_ref(), &invoked.attempts);
                invoked
            }
            Err(why) => Invoked { attempts: Vec::new(), result: Err(why) },
        }
    }

    async fn review(&self, bundle: &Bundle, held: HeldText<'_>, terms: Terms<'_>) -> Reviewed {
        let ceiling = Ceiling::of_review(bundle, &held, ATTEMPTS, self.clock.now());
        match self.admitted(ceiling, terms).await {
            Ok(Admitted { _room, reserve, ceiling, longest }) => {
                let reviewed = self.invoker.review(bundle, held, Terms { longest, ..terms }).await;
                self.settle(reserve, ceiling.as_ref(), &reviewed.attempts);
                reviewed
            }
            Err(why) => Reviewed::not_asked(why),
        }
    }

    fn outlooks(&self, now: Instant) -> BTreeMap<TargetName, Outlook> {
        self.invoker.outlooks(now)
    }

    fn set_share(&self, share: f64) {
        self.invoker.set_share(share);
    }
}

#[cfg(test)]
mod tests;
