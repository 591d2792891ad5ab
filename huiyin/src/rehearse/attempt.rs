//! Attempts that were never made, as records tell of them.

use std::time::Duration;

use anyhow::Context;
use catalogue::Bundle;
use catalogue::estimate::tokens;
use catalogue::target::Provider;
use schemas::Millis;
use schemas::answered::{Attempt, Usage, UsageSource};
use schemas::ids::TargetName;
use schemas::request::Request;
use schemas::text::Text;

/// Tokens of a prompt, estimated as the fold estimates them.
pub(crate) fn prompt_tokens(request: &Request) -> u64 {
    let line = |text: &Text| u64::from(tokens(text.plain().unwrap_or_default()));
    request.prompt.iter().map(|it| line(&it.text) + u64::from(catalogue::estimate::TOKENS_PER_LINE)).sum()
}

/// How many pictures a model is shown.
pub(crate) fn images(request: &Request) -> usize {
    request.prompt.iter().map(|line| line.images.len()).sum()
}

/// What they are taken for at most by a provider, in tokens.
pub(crate) fn image_tokens(request: &Request, provider: Provider) -> u64 {
    images(request) as u64 * u64::from(catalogue::estimate::image_tokens(provider))
}

/// The attempt at which a target gave this answer.
pub(super) fn made(
    bundle: &Bundle,
    request: &Request,
    name: &TargetName,
    text: &str,
    at: Millis,
) -> anyhow::Result<Attempt> {
    let target = bundle.targets.get(name).with_context(|| format!("there is no target {name}"))?;
    let input = prompt_tokens(request) + image_tokens(request, target.provider);
    let output = u64::from(tokens(text));
    let usage = Usage { input, output, source: UsageSource::Estimated, ..Usage::default() };
    let price = bundle.price(target, at);
    Ok(Attempt {
        provider: target.provider.label().to_owned(),
        model: target.model.clone(),
        region: target.region.clone(),
        cost: price.and_then(|price| price.cost(Some(&usage), Duration::ZERO)),
        price: price.map(catalogue::price::Price::id),
        usage: Some(usage),
        may_be_billed: true,
        ..blank(name, at)
    })
}

/// The attempt at which a reviewer answered.
pub(super) fn of_reviewer(name: &TargetName, at: Millis) -> Attempt {
    Attempt { provider: "reviewer".to_owned(), ..blank(name, at) }
}

fn blank(target: &TargetName, at: Millis) -> Attempt {
    Attempt {
        number: 1,
        target: target.clone(),
        provider: String::new(),
        model: String::new(),
        model_answered: None,
        region: String::new(),
        key: None,
        started_at: at,
        duration_ms: 0,
        time_to_first_token_ms: None,
        error: None,
        code: None,
        detail: None,
        status: Some(200),
        provider_request: None,
        finish: None,
        flagged: None,
        usage: None,
        raw_usage: None,
        usage_contradicts: false,
        may_be_billed: false,
        cost: None,
        price: None,
    }
}
