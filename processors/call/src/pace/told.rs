//! What providers tell of their limits in the headers of a reply.
//!
//! OpenAI and Qianfan share most names; gateways before other providers pass them on or imitate them. So every form is read
//! wherever it comes.

use std::time::{Duration, SystemTime};

use outbound::{Counted, HeaderMap, Told};

/// The headers of one limit. OpenAI's reset is a duration, Anthropic's an instant, and Qianfan has none: its window is a minute.
struct Headers {
    counted: Counted,
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const ALL: [Headers; 8] = [
    Headers {
        counted: Counted::Calls,
        limit: "x-ratelimit-limit-requests",
        remaining: "x-ratelimit-remaining-requests",
        reset: "x-ratelimit-reset-requests",
    },
    Headers {
        counted: Counted::Tokens,
        limit: "x-ratelimit-limit-tokens",
        remaining: "x-ratelimit-remaining-tokens",
        reset: "x-ratelimit-reset-tokens",
    },
    Headers {
        counted: Counted::Input,
        limit: "x-ratelimit-limit-input-tokens",
        remaining: "x-ratelimit-remaining-input-tokens",
        reset: "x-ratelimit-reset-input-tokens",
    },
    Headers {
        counted: Counted::Output,
        limit: "x-ratelimit-limit-output-tokens",
        remaining: "x-ratelimit-remaining-output-tokens",
        reset: "x-ratelimit-reset-output-tokens",
    },
    Headers {
        counted: Counted::Calls,
        limit: "anthropic-ratelimit-requests-limit",
        remaining: "anthropic-ratelimit-requests-remaining",
        reset: "anthropic-ratelimit-requests-reset",
    },
    Headers {
        counted: Counted::Tokens,
        limit: "anthropic-ratelimit-tokens-limit",
        remaining: "anthropic-ratelimit-tokens-remaining",
        reset: "anthropic-ratelimit-tokens-reset",
    },
    Headers {
        counted: Counted::Input,
        limit: "anthropic-ratelimit-input-tokens-limit",
        remaining: "anthropic-ratelimit-input-tokens-remaining",
        reset: "anthropic-ratelimit-input-tokens-reset",
    },
    Headers {
        counted: Counted::Output,
        limit: "anthropic-ratelimit-output-tokens-limit",
        remaining: "anthropic-ratelimit-output-tokens-remaining",
        reset: "anthropic-ratelimit-output-tokens-reset",
    },
];

/// Everything that the headers of a reply, received at this time, tell of limits. What cannot be read is left out.
pub(crate) fn told(headers: &HeaderMap, received: SystemTime) -> impl Iterator<Item = Told> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    ALL.iter().filter_map(move |names| {
        let number = |name| text(name)?.parse::<f64>().ok();
        let reset = text(names.reset).and_then(|reset| duration(reset).or_else(|| until(reset, received)));
        let (limit, remaining) = (number(names.limit)?, number(names.remaining)?);
        Some(Told { counted: names.counted, limit, remaining, reset })
    })
}

/// A duration such as `6ms`, `1.2s`, `6m0s` or `1h2m3s`; a bare number has seconds.
fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds) = (text, 0.0);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        seconds += number.parse::<f64>().ok()? * in_seconds(unit)?;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

fn in_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "d" => 86_400.0,
        "h" => 3_600.0,
        "m" => 60.0,
        "s" | "" => 1.0,
        "ms" => 0.001,
        "us" => 0.000_001,
        _ => return None,
    })
}

/// The time until an instant of RFC 3339; none for one that is past.
fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let utc = text.strip_suffix("+00:00").map(|time| format!("{time}Z"));
    let at = humantime::parse_rfc3339(utc.as_deref().unwrap_or(text)).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests;
