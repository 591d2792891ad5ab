//! The most that a request can cost before it is made, and what it is taken to have cost afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use catalogue::{Bundle, ReviewTime, Reviewer, estimate};
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::money::Money;
use schemas::request::{Request, RequestKind};
use schemas::text::Text;

use crate::reviewers::HeldText;

/// Tokens that vendors put around a prompt, beyond the estimate of its texts, and the part of the estimate that is added for vocabularies which are less
/// compact than those that were measured.
const MARGIN_TOKENS: u64 = 64;
const MARGIN_PART: u64 = 5;

/// A target or a reviewer without a price, so that nobody knows what a call may cost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} has no known price: add a [[price]] row for its model, or the reviewer's price")]
pub struct Unpriced {
    /// Its name.
    pub name: TargetName,
}

impl Unpriced {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        "unpriced"
    }
}

/// The most that one call of each target and reviewer of a request can cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// Most attempts at the answer, and at its review.
    attempts: u32,
    answer: BTreeMap<TargetName, Money>,
    review: BTreeMap<TargetName, Money>,
}

/// A prompt and an answer, in tokens.
#[derive(Clone, Copy)]
struct Size {
    input: u64,
    output: u64,
}

impl Ceiling {
    /// Of a request that is made from that time on, with at most so many attempts ([`crate::Settings::with_attempts`]). Targets that the bundle does
    /// not have are not called and cost nothing.
    ///
    /// # Errors
    /// [`Unpriced`] names the first target or reviewer without a price.
    pub fn of(bundle: &Bundle, request: &Request, attempts: u32, at: Millis) -> Result<Self, Unpriced> {
        let until = at.saturating_add(request.answer_by.saturating_sub(request.decided_at).max(0));
        let times = [at, until];
        let size = Size { input: prompt_tokens(bundle, request), output: request.max_output_tokens.into() };
        let (mut answer, mut review) = (BTreeMap::new(), BTreeMap::new());
        match request.kind {
            RequestKind::Answer | RequestKind::Summary => {
                for name in &request.chain {
                    answer.extend(target(bundle, name, size, times)?);
                }
                let app = bundle.apps.get(request.lane.conversation.app());
                let policy = app.and_then(|app| app.review.as_ref());
                if let Some(policy) = policy.filter(|policy| policy.answers == ReviewTime::Before) {
                    // The reviewer reads the whole answer, in one line of a JSON text.
                    let size = Size { input: padded(size.output.saturating_mul(2)), ..size };
                    review.extend(reviewer(bundle, &policy.reviewer, size, times)?);
                }
            }
            RequestKind::Review | RequestKind::AnswerReview => {
                for name in request.chain.iter().take(1) {
                    review.extend(reviewer(bundle, name, size, times)?);
                }
            }
        }
        Ok(Self { attempts, answer, review })
    }

    /// Of the review of a text that belongs to the request.
    ///
    /// # Errors
    /// [`Unpriced`] when the reviewer has no price.
    pub fn of_review(
        bundle: &Bundle,
        held: &HeldText<'_>,
        attempts: u32,
        at: Millis,
    ) -> Result<Self, Unpriced> {
        // As a JSON text in one line.
        let input = padded(u64::from(estimate::tokens(held.text)).saturating_mul(2));
        let size = Size { input, output: held.request.max_output_tokens.into() };
        let review = reviewer(bundle, held.reviewer, size, [at, held.due.max(at)])?;
        Ok(Self { attempts, answer: BTreeMap::new(), review: review.into_iter().collect() })
    }

    /// The same without the review of its answer, which is paid by itself.
    #[must_use]
    pub fn without_review(self) -> Self {
        Self { review: BTreeMap::new(), ..self }
    }

    /// The most that the request can cost, of each currency: in the worst case every attempt goes to the dearest target.
    pub fn most(&self) -> Vec<Money> {
        let mut sums = BTreeMap::new();
        for part in [&self.answer, &self.review] {
            let mut dearest: BTreeMap<&str, i128> = BTreeMap::new();
            for money in part.values() {
                let known = dearest.entry(&money.currency).or_default();
                *known = (*known).max(money.pico);
            }
            for (currency, pico) in dearest {
                add(&mut sums, currency, pico.saturating_mul(self.attempts.into()));
            }
        }
        amounts(sums)
    }

    /// What attempts are taken to have cost: what is known, and the most of each one that may be billed and whose cost is not known.
    pub fn spent<'a>(&self, attempts: impl IntoIterator<Item = &'a Attempt>) -> Vec<Money> {
        let mut sums = BTreeMap::new();
        for attempt in attempts {
            if let Some(cost) = self.cost(attempt) {
                add(&mut sums, &cost.currency, cost.pico);
            }
        }
        amounts(sums)
    }

    /// What an attempt of an earlier run is taken to have cost, whose request is not at hand: what is known, and if it may be billed and its cost is not
    /// known, that of a full window and the longest answer, at the price of a time: the attempts of a replay tell the log's time, and not that of the call.
    /// Nothing where the bundle has no price for it.
    pub fn of_attempt(bundle: &Bundle, attempt: &Attempt, at: Millis) -> Option<Money> {
        let worst = || {
            let window = bundle.targets.get(&attempt.target).map_or(0, |target| target.context_tokens.into());
            let size = Size { input: window, output: window };
            if bundle.reviewers.contains_key(&attempt.target) {
                return reviewer(bundle, &attempt.target, size, [at, at]).ok().flatten();
            }
            target(bundle, &attempt.target, size, [at, at]).ok().flatten()
        };
        match &attempt.cost {
            None if attempt.may_be_billed => worst().map(|(_, money)| money),
            cost => cost.clone(),
        }
    }

    fn cost<'a>(&'a self, attempt: &'a Attempt) -> Option<&'a Money> {
        let most = || self.answer.get(&attempt.target).or_else(|| self.review.get(&attempt.target));
        attempt.cost.as_ref().or_else(|| most().filter(|_| attempt.may_be_billed))
    }
}

/// The dearer of the prices that hold when the call may begin and when it must have begun.
fn target(
    bundle: &Bundle,
    name: &TargetName,
    size: Size,
    times: [Millis; 2],
) -> Result<Option<(TargetName, Money)>, Unpriced> {
    let Some(target) = bundle.targets.get(name) else { return Ok(None) };
    let output = u64::from(target.max_output_tokens(u32::try_from(size.output).unwrap_or(u32::MAX)));
    let took = Duration::from_millis(target.timeout_ms);
    let most = |at| bundle.price(target, at)?.at_most(size.input, output, took);
    let found: Option<Vec<Money>> = times.into_iter().map(most).collect();
    let dearest = found.into_iter().flatten().max_by_key(|money| money.pico);
    let money = dearest.ok_or_else(|| Unpriced { name: name.clone() })?;
    Ok(Some((name.clone(), money)))
}

fn reviewer(
    bundle: &Bundle,
    name: &TargetName,
    size: Size,
    times: [Millis; 2],
) -> Result<Option<(TargetName, Money)>, Unpriced> {
    match bundle.reviewers.get(name) {
        None => Ok(None),
        Some(Reviewer::Judge { target: judge }) => target(bundle, judge, size, times),
        Some(Reviewer::Moderation { service, .. } | Reviewer::Webhook { service }) => {
            let price = service.price.clone().ok_or_else(|| Unpriced { name: name.clone() })?;
            Ok(Some((name.clone(), price)))
        }
    }
}

/// An upper bound of the prompt's tokens, pictures as the dearest family of the chain takes them.
fn prompt_tokens(bundle: &Bundle, request: &Request) -> u64 {
    let providers =
        request.chain.iter().filter_map(|name| bundle.targets.get(name)).map(|target| target.provider);
    let image = providers.map(estimate::image_tokens).max().unwrap_or_default();
    let line = |line: &schemas::request::PromptLine| {
        let text = match &line.text {
            Text::Plain(text) => estimate::tokens(text),
            Text::Sealed(sealed) => u32::try_from(sealed.bytes.len()).unwrap_or(u32::MAX),
        };
        let images = u64::try_from(line.images.len()).unwrap_or(u64::MAX).saturating_mul(image.into());
        images.saturating_add(u64::from(text)).saturating_add(estimate::TOKENS_PER_LINE.into())
    };
    padded(request.prompt.iter().map(line).fold(0, u64::saturating_add))
}

fn padded(tokens: u64) -> u64 {
    tokens.saturating_add(tokens / MARGIN_PART).saturating_add(MARGIN_TOKENS)
}

fn add(sums: &mut BTreeMap<String, i128>, currency: &str, pico: i128) {
    let sum = sums.entry(currency.to_owned()).or_default();
    *sum = sum.saturating_add(pico);
}

fn amounts(sums: BTreeMap<String, i128>) -> Vec<Money> {
    sums.into_iter().map(|(currency, pico)| Money { currency, pico }).collect()
}

#[cfg(test)]
mod tests;
