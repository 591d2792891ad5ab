//! The calls of a replay.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use call::rehearse::Ended;
use call::{Ceiling, Invoke, Invoker, Rules, Settings, Unpriced, answer};
use catalogue::{Bundle, Reviewer};
use conversation::Ready;
use outbound::{BuildError, Class};
use pipeline::Clock;
use schemas::Millis;
use schemas::answered::{Attempt, Outcome};
use schemas::ids::TargetName;
use schemas::money::Money;
use schemas::request::Request;
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::Instant;

use super::budget::Budget;
use super::limits::{Gate, Limits};
use super::purse::{Purse, Reserve};
use super::{Live, Models, Unasked};

/// Most attempts that a request of a replay gets, over all targets of its chain: what it may cost is that many times the dearest of them.
pub const ATTEMPTS: u32 = 3;
/// How long a request that no target serves waits before it is tried again, holding its room, so that others wait as well. After the last the
/// replay ends.
const UNSERVED: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// Why nobody was asked, where that is the targets' doing: open breakers, a pace or a retry budget that is used up.
const AWAY: [&str; 3] = ["unavailable", "saturated", "budget"];

/// Asks models for a replay.
pub struct Asking<I = Invoker> {
    invoker: I,
    purse: Arc<Purse>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    /// Why nobody is asked any more.
    ended: watch::Sender<Option<Unasked>>,
}

/// Why calls cannot be paid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpayable {
    /// Nobody knows what they cost.
    #[error(transparent)]
    Price(#[from] Unpriced),
    /// They are paid in a currency of which nothing may be spent.
    #[error("{name:?} is paid in {currency}, and the budget {budget} has none: currencies are not converted")]
    Currency {
        /// The target or reviewer.
        name: TargetName,
        /// Its currency.
        currency: String,
        /// What may be spent.
        budget: String,
    },
}

impl Unpayable {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Price(_) => "price",
            Self::Currency { .. } => "currency",
        }
    }
}

/// Whether every target and reviewer that apps of the bundle may call has a price at that time, in a currency that the budget has. Without a limit
/// nothing is refused.
///
/// # Errors
/// [`Unpayable`] names the first that cannot be paid.
pub fn payable(bundle: &Bundle, budget: &Budget, at: Millis) -> Result<(), Unpayable> {
    if *budget == Budget::UNLIMITED {
        return Ok(());
    }
    let judged = |name: &TargetName| match bundle.reviewers.get(name) {
        Some(Reviewer::Judge { target }) => target.clone(),
        Some(Reviewer::Moderation { .. } | Reviewer::Webhook { .. }) | None => name.clone(),
    };
    let chained = bundle.apps.keys().flat_map(|app| bundle.called_for(app)).cloned();
    let reviewers =
        bundle.apps.values().filter_map(|app| app.review.as_ref()).map(|policy| judged(&policy.reviewer));
    let names: BTreeSet<_> = chained.chain(reviewers).collect();
    names.iter().try_for_each(|name| payable_target(bundle, name, budget, at))
}

/// The same of one target, or of a reviewer's server.
///
/// # Errors
/// [`Unpayable`] when it cannot be paid.
pub fn payable_target(
    bundle: &Bundle,
    name: &TargetName,
    budget: &Budget,
    at: Millis,
) -> Result<(), Unpayable> {
    if *budget == Budget::UNLIMITED {
        return Ok(());
    }
    match currency(bundle, name, at)? {
        Some(currency) if !budget.allows(&currency) => {
            Err(Unpayable::Currency { name: name.clone(), currency, budget: budget.to_string() })
        }
        _ => Ok(()),
    }
}

/// The currency that a target or a reviewer's server is paid in; none for one that the bundle has not.
fn currency(bundle: &Bundle, name: &TargetName, at: Millis) -> Result<Option<String>, Unpriced> {
    let unpriced = || Unpriced { name: name.clone() };
    if let Some(target) = bundle.targets.get(name) {
        return bundle.price(target, at).map(|price| Some(price.currency.clone())).ok_or_else(unpriced);
    }
    let Some(service) = bundle.reviewers.get(name).and_then(Reviewer::service) else { return Ok(None) };
    service.price.as_ref().map(|price| Some(price.currency.clone())).ok_or_else(unpriced)
}

impl<I> std::fmt::Debug for Asking<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking").field("purse", &self.purse).field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Asking {
    /// Prepares calls. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(
        settings: Settings,
        limits: Limits,
        purse: Arc<Purse>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let invoker = Invoker::new(settings.with_attempts(ATTEMPTS), Arc::clone(&clock))?;
        Ok(Self::through(invoker, limits, purse, clock))
    }
}

impl<I> Asking<I> {
    /// With something else that asks the models; it makes at most [`ATTEMPTS`] attempts for a request.
    pub fn through(invoker: I, limits: Limits, purse: Arc<Purse>, clock: Arc<dyn Clock>) -> Self {
        Self { invoker, purse, gate: Gate::new(limits), clock, ended: watch::Sender::new(None) }
    }

    /// What was spent.
    pub fn purse(&self) -> &Purse {
        &self.purse
    }

    /// From now on nobody is asked any more; calls that run come to their end.
    pub fn stop(&self) {
        self.end(Unasked::Stopped);
    }

    /// The first reason stays.
    fn end(&self, why: Unasked) {
        self.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            ended.get_or_insert(why);
            is_first
        });
    }

    /// Done once nobody is asked any more.
    async fn over(&self) -> Unasked {
        let mut ended = self.ended.subscribe();
        let why = ended.wait_for(Option::is_some).await.ok().and_then(|why| *why);
        why.unwrap_or(Unasked::Stopped)
    }
}

/// A call that may be made: its room, and the money that is set apart for it.
struct Admitted<'a> {
    _room: SemaphorePermit<'a>,
    reserve: Reserve<'a>,
    /// Absent where nothing is limited and nobody knows the price.
    ceiling: Option<Ceiling>,
}

impl<I: Invoke> Asking<I> {
    async fn admitted(&self, bundle: &Bundle, request: &Request) -> Result<Admitted<'_>, Unasked> {
        let room = self.gate.enter().await.ok_or(Unasked::Stopped)?;
        let ceiling = match Ceiling::of(bundle, request, ATTEMPTS, self.clock.now()) {
            Ok(ceiling) => Some(ceiling),
            Err(_) if *self.purse.budget() == Budget::UNLIMITED => None,
            Err(unpriced) => {
                tracing::warn!(
                    target = unpriced.name.as_str(),
                    "a target has no known price and is not asked"
                );
                return Err(Unasked::Unpriced);
            }
        };
        let most = ceiling.as_ref().map_or_else(Vec::new, Ceiling::most);
        let reserve = self.purse.reserve(most).await.map_err(|_| Unasked::Budget)?;
        Ok(Admitted { _room: room, reserve, ceiling })
    }
}

/// What attempts are taken to have cost; without a ceiling, what is known of it.
pub(crate) fn spent<'a>(
    ceiling: Option<&Ceiling>,
    attempts: impl IntoIterator<Item = &'a Attempt>,
) -> Vec<Money> {
    match ceiling {
        Some(ceiling) => ceiling.spent(attempts),
        None => attempts.into_iter().filter_map(|attempt| attempt.cost.clone()).collect(),
    }
}

impl<I: Invoke> Models for Asking<I> {
    /// Once the replay is ended, requests that wait for room, money or a target end; those that are under way are waited for. What is refused for
    /// want of money, a price or a target ends the replay.
    async fn answer(&self, ready: &Ready, request: &Request) -> Result<Live, Unasked> {
        let answered = self.answered(ready, request).await;
        if let Err(why) = answered {
            self.end(why);
        }
        answered
    }

    fn ended(&self) -> Option<Unasked> {
        *self.ended.borrow()
    }
}

impl<I: Invoke> Asking<I> {
    async fn answered(&self, ready: &Ready, request: &Request) -> Result<Live, Unasked> {
        let Admitted { _room, reserve, ceiling } = tokio::select! {
            biased;
            why = self.over() => return Err(why),
            admitted = self.admitted(&ready.bundle, request) => admitted?,
        };
        let rules = Rules { bundle: Arc::clone(&ready.bundle), engines: Arc::clone(&ready.engines) };
        let mut waits = UNSERVED.into_iter();
        loop {
            let began = Instant::now();
            let ended = answer(&self.invoker, &rules, request, self.clock.as_ref()).await;
            let duration = began.elapsed();
            if !is_unserved(&ended) {
                reserve.settle(spent(ceiling.as_ref(), ended.all_attempts()));
                let Ended { outcome, attempts, review } = ended;
                return Ok(Live { outcome, attempts, review, duration });
            }
            let why = match waits.next() {
                Some(wait) => tokio::select! {
                    biased;
                    why = self.over() => why,
                    () = tokio::time::sleep(wait) => continue,
                },
                None => Unasked::Unserved,
            };
            tracing::warn!(
                outcome = ended.outcome.label(),
                reason = reason(&ended),
                "no target serves a request"
            );
            reserve.settle(Vec::new());
            return Err(why);
        }
    }
}

fn reason(ended: &Ended) -> &str {
    match &ended.outcome {
        Outcome::Failed { reason, .. } => reason,
        _ => "",
    }
}

/// Whether that end is of the targets and not of the request: none was asked, or each refused whoever asks. Nothing of it can be billed.
fn is_unserved(ended: &Ended) -> bool {
    const REFUSALS: [Class; 6] = [
        Class::RateLimited,
        Class::RampLimited,
        Class::Overloaded,
        Class::QuotaExhausted,
        Class::Auth,
        Class::ModelUnavailable,
    ];
    let refuses = |attempt: &Attempt| {
        let error = attempt.error.as_deref();
        let is_refusal = REFUSALS.iter().any(|class| error == Some(class.label()));
        is_refusal && attempt.cost.is_none() && !attempt.may_be_billed
    };
    let nobody_asked = ended.all_attempts().next().is_none();
    match &ended.outcome {
        Outcome::Failed { verdict: None, .. } if nobody_asked => AWAY.contains(&reason(ended)),
        Outcome::Failed { verdict: None, .. } | Outcome::Expired => {
            !nobody_asked && ended.all_attempts().all(refuses)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
