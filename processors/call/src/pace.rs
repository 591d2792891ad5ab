//! What a target's provider allows: as configured, as it tells in its replies, and what a call takes of it.

mod told;

use std::collections::BTreeMap;

use catalogue::{Provider, estimate};
use common::Problems;
use outbound::{Failure, Limits, Tokens};
use schemas::answered::Usage;

use crate::config::{RawCall, RawEndpoint};
use crate::families::Question;

pub(crate) use self::told::told;

/// Part of each limit that is kept for apps that have not had their turn lately, so that a storm of one costs the others no wait.
const KEPT: f64 = 0.05;
/// Tokens of a prompt beyond those of its lines.
const TOKENS_PER_PROMPT: u32 = 3;

/// Limits by name of the target.
pub(crate) fn limits(raw: &RawCall, problems: &mut Problems) -> BTreeMap<String, Limits> {
    let mut limits = BTreeMap::new();
    for entry in &raw.target {
        let name = entry.name.get_ref();
        match of(entry) {
            Ok(of) => drop(limits.insert(name.clone(), of)),
            Err(key) => {
                let place = format!("call.target {name:?}");
                problems.add_at(&place, &entry.name, format!("its {key} must be more than zero"));
            }
        }
    }
    limits
}

fn of(entry: &RawEndpoint) -> Result<Limits, &'static str> {
    let positive = |key, limit: Option<f64>| match limit {
        Some(limit) if !(limit > 0.0 && limit.is_finite()) => Err(key),
        limit => Ok(limit),
    };
    if entry.max_concurrent == Some(0) {
        return Err("max_concurrent");
    }
    Ok(Limits {
        per_second: positive("requests_per_second", entry.requests_per_second)?,
        per_minute: positive("requests_per_minute", entry.requests_per_minute)?,
        tokens_per_minute: positive("tokens_per_minute", entry.tokens_per_minute)?,
        input_tokens_per_minute: positive("input_tokens_per_minute", entry.input_tokens_per_minute)?,
        output_tokens_per_minute: positive("output_tokens_per_minute", entry.output_tokens_per_minute)?,
        at_once: entry.max_concurrent,
        kept: KEPT,
    })
}

/// Limits of a server that counts calls only.
///
/// # Errors
/// The key of a limit that is not more than zero.
pub(crate) fn calls(per_minute: Option<f64>, at_once: Option<u32>) -> Result<Limits, &'static str> {
    if per_minute.is_some_and(|limit| !(limit > 0.0 && limit.is_finite())) {
        return Err("requests_per_minute");
    }
    if at_once == Some(0) {
        return Err("max_concurrent");
    }
    Ok(Limits { per_minute, at_once, kept: KEPT, ..Limits::default() })
}

/// What a call of that family is reserved for: an upper bound of its prompt, and all that it may say.
pub(crate) fn estimate(question: &Question<'_>, provider: Provider) -> Tokens {
    let lines = question.prompt.iter();
    let of_line = lines.map(|line| estimate::tokens(line.text).saturating_add(estimate::TOKENS_PER_LINE));
    let images = u32::try_from(question.images()).unwrap_or(u32::MAX);
    let shown = images.saturating_mul(estimate::image_tokens(provider));
    let input = of_line.fold(TOKENS_PER_PROMPT.saturating_add(shown), u32::saturating_add);
    Tokens { input, output: question.request.max_output_tokens }
}

/// What a call took of limits that count tokens: nothing when it was refused, and `None` when nobody knows.
pub(crate) fn used(provider: Provider, usage: Option<&Usage>, failure: Option<&Failure>) -> Option<Tokens> {
    let Some(usage) = usage else {
        return failure.filter(|failure| !failure.ambiguous).map(|_| Tokens::default());
    };
    // Anthropic's limits of input do not count what is read from its cache, for most models.
    let free = if provider == Provider::Claude { usage.cached } else { 0 };
    let whole = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
    Some(Tokens { input: whole(usage.input.saturating_sub(free)), output: whole(usage.output) })
}

#[cfg(test)]
mod tests {
    use outbound::Class;
    use schemas::answered::UsageSource;
    use schemas::request::Request;

    use super::*;

    #[test]
    fn a_call_reserves_its_prompt_and_its_whole_cap() {
        let example = include_str!("../../../schemas/examples/requests/valid-answer.json");
        let mut request: Request = serde_json::from_str(example).unwrap();
        request.prompt.truncate(1);
        request.prompt[0].text = "工".repeat(100).into();
        request.max_output_tokens = 500;
        let question = Question::of(&request).unwrap();
        assert_eq!(estimate(&question, Provider::Openai), Tokens { input: 110 + 4 + 3, output: 500 });
        request.prompt[0].images = vec!["https://x.example/a".into(); 2];
        let question = Question::of(&request).unwrap();
        let shown = 2 * estimate::image_tokens(Provider::Claude);
        assert_eq!(estimate(&question, Provider::Claude), Tokens { input: 117 + shown, output: 500 });
    }

    #[test]
    fn a_call_is_settled_with_what_it_used() {
        let usage = Usage {
            input: 100,
            cached: 60,
            input_cache_write_5m: 0,
            input_cache_write_1h: 0,
            output: 20,
            reasoning: 5,
            source: UsageSource::Provider,
        };
        let all = Tokens { input: 100, output: 20 };
        assert_eq!(used(Provider::Openai, Some(&usage), None), Some(all));
        let uncached = Tokens { input: 40, output: 20 };
        assert_eq!(used(Provider::Claude, Some(&usage), None), Some(uncached));
        let refused = Failure::new(Class::RateLimited, "");
        assert_eq!(used(Provider::Openai, None, Some(&refused)), Some(Tokens::default()));
        let lost = Failure::new(Class::Timeout, "").possibly_done();
        assert_eq!(used(Provider::Openai, None, Some(&lost)), None, "nobody knows");
        assert_eq!(used(Provider::Openai, None, None), None);
    }
}
