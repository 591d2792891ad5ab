//! Tokens, in every dialect.
//!
//! | who | input | cached | reasoning |
//! |---|---|---|---|
//! | OpenAI, DashScope, vLLM | includes the cached part | `prompt_tokens_details.cached_tokens` | inside the output |
//! | Moonshot | the same | `cached_tokens` beside the counts | inside |
//! | DeepSeek | the same | `prompt_cache_hit_tokens` | inside |
//! | Claude | what is not cached | `cache_read_input_tokens`, `cache_creation_input_tokens` | inside |
//! | xAI, Gemini | includes the cached part | as OpenAI | beside the output |
//!
//! Claude tells what it wrote to its cache for an hour and for five minutes apart, and may leave out some of it there: what is
//! missing from the parts was written for five minutes, which costs less. OpenAI and DashScope tell such writes among the details
//! of the input.
//!
//! The total tells whether a part is counted inside another count or beside it. Counts that fit no dialect are kept as they
//! came, are marked, and are never priced. Zeros beside a text count as no counts.

use schemas::answered::{LONGEST_RAW_USAGE, Usage, UsageSource};
use serde_json::Value;

use super::parsed::Fields;
use crate::families::Line;

/// Tokens that begin a reply; they are counted with the prompt.
const REPLY: u64 = 3;
/// More tokens than any call can have: a count above it is a server's mistake.
const MOST_TOKENS: u64 = 1_000_000_000;

const INPUT: &[&str] = &[
    "prompt_tokens",
    "input_tokens",
    "promptTokens",
    "inputTokens",
    "prompt_token_count",
    "promptTokenCount",
    "prompt_eval_count",
];
const OUTPUT: &[&str] = &[
    "completion_tokens",
    "output_tokens",
    "completionTokens",
    "outputTokens",
    "candidates_token_count",
    "candidatesTokenCount",
    "eval_count",
];
const TOTAL: &[&str] = &["total_tokens", "totalTokens", "total_token_count", "totalTokenCount"];
const CACHED: &[&str] = &[
    "cached_tokens",
    "prompt_cache_hit_tokens",
    "cache_read_input_tokens",
    "cached_content_token_count",
    "cachedContentTokenCount",
    "cache_read_tokens",
];
const CREATED: &[&str] = &["cache_creation_input_tokens", "cache_write_tokens"];
const CREATED_DETAILS: &[&str] = &["cache_creation"];
const CREATED_FOR_AN_HOUR: &[&str] = &["ephemeral_1h_input_tokens"];
const CREATED_FOR_MINUTES: &[&str] = &["ephemeral_5m_input_tokens"];
const REASONING: &[&str] =
    &["reasoning_tokens", "thinking_tokens", "thoughts_token_count", "thoughtsTokenCount"];
const INPUT_DETAILS: &[&str] = &["prompt_tokens_details", "input_tokens_details", "promptTokensDetails"];
const OUTPUT_DETAILS: &[&str] =
    &["completion_tokens_details", "output_tokens_details", "completionTokensDetails"];

/// What a usage comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Nothing that can be believed.
    Unknown,
    Known(Usage),
    /// The counts as they came; they contradict each other.
    Contradictory(Usage),
}

impl Counted {
    /// The counts, and whether they contradict each other.
    pub(super) fn parts(self) -> (Option<Usage>, bool) {
        match self {
            Self::Unknown => (None, false),
            Self::Known(usage) => (Some(usage), false),
            Self::Contradictory(usage) => (Some(usage), true),
        }
    }
}

/// One count as it came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    Absent,
    /// Negative, broken, or beyond everything.
    Absurd,
    Of(u64),
}

/// What the call brought, whose tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing: it was refused, and may have cost nothing.
    Refused,
    /// No text, though it was worked on.
    Silent,
    /// A text.
    Text,
}

/// The counts of a call.
pub(super) fn count(counts: &Fields, work: Work) -> Counted {
    let (Count::Of(input), Count::Of(output)) = (named(counts, INPUT), named(counts, OUTPUT)) else {
        return Counted::Unknown;
    };
    if work != Work::Refused && input == 0 && output == 0 {
        return Counted::Unknown;
    }
    let (cached, reasoning) = (part(counts, CACHED, INPUT_DETAILS), part(counts, REASONING, OUTPUT_DETAILS));
    let (created, total) = (part(counts, CREATED, INPUT_DETAILS), named(counts, TOTAL));
    let hour = part(counts, CREATED_FOR_AN_HOUR, CREATED_DETAILS);
    let minutes = part(counts, CREATED_FOR_MINUTES, CREATED_DETAILS);
    let apart = ["cache_creation_input_tokens", "cache_read_input_tokens"]
        .iter()
        .any(|name| counts.contains_key(*name))
        && !counts.contains_key("prompt_tokens");
    let by_length = amount(hour) + amount(minutes);
    let created_in_all = if created == Count::Absent { by_length } else { amount(created) };
    let parsed = TokenCounts {
        input,
        cached: amount(cached),
        created: created_in_all,
        created_for_an_hour: amount(hour),
        output,
        reasoning: amount(reasoning),
    };
    let beside = if apart { parsed.cached + parsed.created } else { 0 };
    let impossible = [cached, reasoning, created, hour, minutes, total].contains(&Count::Absurd)
        || by_length > created_in_all
        || (work == Work::Text && (input + beside == 0 || output == 0));
    match parsed.explained(amount(total), apart).filter(|_| !impossible) {
        Some(usage) => Counted::Known(usage),
        None => Counted::Contradictory(parsed.usage(0, 0)),
    }
}

/// What a provider said of its usage, read again from its own words as `raw` keeps them; nothing where they cannot be believed.
pub fn of_raw(text: &str, work: Work) -> Option<Usage> {
    match count(&serde_json::from_str(text).ok()?, work) {
        Counted::Known(usage) => Some(usage),
        Counted::Unknown | Counted::Contradictory(_) => None,
    }
}

/// The counts in the provider's own words; nothing when there are none, or more of it than a record carries.
pub(super) fn raw(counts: &Fields) -> Option<String> {
    let is_told = !counts.is_empty();
    let text = is_told.then(|| serde_json::to_string(counts).ok()).flatten();
    text.filter(|text| text.len() <= LONGEST_RAW_USAGE)
}

/// Estimated tokens of these texts.
pub(super) fn estimated<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    texts.into_iter().map(|text| u64::from(catalogue::estimate::tokens(text))).sum()
}

/// Estimates are this many times too high at most: a vocabulary may have three digits in one token.
const TOO_HIGH: u64 = 4;
/// The estimate of a prompt from which on a count is compared with it.
const LONG: u64 = 1_000;

/// The provider counted far fewer tokens than the prompt has.
pub(super) fn is_cut(told: &Usage, prompt: &[Line<'_>]) -> bool {
    let estimate = estimated(prompt.iter().map(|line| line.text));
    told.source == UsageSource::Provider
        && estimate >= LONG
        && told.input > 0
        && told.input * TOO_HIGH < estimate
}

/// The usage of a reply that was not counted to its end: what was `told` so far, or [`of_prompt`], and beside it
/// the tokens that were generated `since`, `reasoning` of all.
pub(super) fn estimate(told: Usage, since: u64, reasoning: u64) -> Usage {
    let output = told.output + since;
    Usage {
        output,
        reasoning: told.reasoning.max(reasoning).min(output),
        source: UsageSource::Estimated,
        ..told
    }
}

/// The estimated tokens of a prompt, whose pictures are taken for so many.
pub(super) fn of_prompt(prompt: &[Line<'_>], image_tokens: u64) -> Usage {
    let lines = u64::from(catalogue::estimate::TOKENS_PER_LINE) * prompt.len() as u64 + REPLY;
    let input = estimated(prompt.iter().map(|line| line.text)) + image_tokens + lines;
    Usage { input, ..Usage::default() }
}

/// The counts as they came.
#[derive(Clone, Copy)]
struct TokenCounts {
    input: u64,
    cached: u64,
    created: u64,
    created_for_an_hour: u64,
    output: u64,
    reasoning: u64,
}

impl TokenCounts {
    /// The usage that is meant: the cached part inside the input or beside it, reasoning inside the output or beside it,
    /// whichever adds up to the total. Without a total parts are inside, unless the names of the counts say otherwise.
    fn explained(self, total: u64, apart: bool) -> Option<Usage> {
        let beside_input = self.cached + self.created;
        let ways = [(0, 0), (0, self.reasoning), (beside_input, 0), (beside_input, self.reasoning)];
        let adds_up = |more_input, more_output| match total {
            0 if apart => more_input == beside_input && more_output == 0,
            0 => more_input == 0 && more_output == 0,
            total => self.input + more_input + self.output + more_output == total,
        };
        let consistent =
            |usage: &Usage| usage.cached + self.created <= usage.input && usage.reasoning <= usage.output;
        let by_total = ways.into_iter().filter(|(input, output)| adds_up(*input, *output));
        // Some gateways for Claude leave the cached part out of the total.
        let by_name = apart.then_some((beside_input, 0)).filter(|_| self.input + self.output == total);
        by_total.chain(by_name).map(|(input, output)| self.usage(input, output)).find(consistent)
    }

    fn usage(self, more_input: u64, more_output: u64) -> Usage {
        Usage {
            input: self.input + more_input,
            cached: self.cached,
            input_cache_write_5m: self.created.saturating_sub(self.created_for_an_hour),
            input_cache_write_1h: self.created_for_an_hour,
            output: self.output + more_output,
            reasoning: self.reasoning,
            ..Usage::default()
        }
    }
}

/// The largest count of that name, beside the others or among their details.
fn part(counts: &Fields, names: &[&str], details: &[&str]) -> Count {
    let details = details.iter().filter_map(|name| counts.get(*name)?.as_object());
    let all = std::iter::once(counts)
        .chain(details)
        .flat_map(|fields| names.iter().filter_map(|name| fields.get(*name)));
    all.map(number).fold(Count::Absent, |most, next| match (most, next) {
        (Count::Absurd, _) | (_, Count::Absurd) => Count::Absurd,
        (Count::Of(a), Count::Of(b)) => Count::Of(a.max(b)),
        (Count::Absent, other) | (other, Count::Absent) => other,
    })
}

fn named(counts: &Fields, names: &[&str]) -> Count {
    let parsed = names.iter().filter_map(|name| counts.get(*name)).map(number);
    parsed.into_iter().find(|count| *count != Count::Absent).unwrap_or(Count::Absent)
}

fn amount(count: Count) -> u64 {
    match count {
        Count::Of(amount) => amount,
        Count::Absent | Count::Absurd => 0,
    }
}

/// `1000`, `1000.0` and `"1000"` are one number; null, lists and objects are none.
fn number(value: &Value) -> Count {
    let whole = |number: f64| {
        let fits = number.fract() == 0.0 && (0.0..=MOST_TOKENS as f64).contains(&number);
        if fits { Count::Of(number as u64) } else { Count::Absurd }
    };
    match value {
        Value::Number(number) => number.as_f64().map_or(Count::Absurd, whole),
        Value::String(text) if text.trim().is_empty() => Count::Absent,
        Value::String(text) => text.trim().parse().map_or(Count::Absurd, whole),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Count::Absent,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The counts of a reply, and the expected usage: input, cached, output, reasoning.
    const DIALECTS: &[(&str, [u64; 4])] = &[
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}"#, [1000, 0, 200, 0]),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200}"#, [1000, 0, 200, 0]),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "prompt_tokens_details": {"cached_tokens": 900}, "completion_tokens_details": {"reasoning_tokens": 50}}"#,
            [1000, 900, 200, 50],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "cached_tokens": 900}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "cached_tokens": 900, "prompt_tokens_details": {"cached_tokens": 0}}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "prompt_cache_hit_tokens": 900, "prompt_cache_miss_tokens": 100}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200, "input_tokens_details": {"cached_tokens": 900}}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"input_tokens": 100, "output_tokens": 200, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 0}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"input_tokens": 100, "output_tokens": 200, "cache_read_input_tokens": 900, "total_tokens": 300}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "cache_read_input_tokens": 900, "total_tokens": 1200}"#,
            [1000, 900, 200, 0],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1300, "completion_tokens_details": {"reasoning_tokens": 100}}"#,
            [1000, 0, 300, 100],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1700, "prompt_tokens_details": {"cached_tokens": 128}, "completion_tokens_details": {"reasoning_tokens": 500}}"#,
            [1000, 128, 700, 500],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "reasoning_tokens": 50}"#,
            [1000, 0, 200, 50],
        ),
        (
            r#"{"promptTokenCount": 1000, "candidatesTokenCount": 200, "thoughtsTokenCount": 100, "totalTokenCount": 1300}"#,
            [1000, 0, 300, 100],
        ),
        (
            r#"{"prompt_tokens": 1000.0, "completion_tokens": "200", "total_tokens": "1200.0"}"#,
            [1000, 0, 200, 0],
        ),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 0}"#, [1000, 0, 200, 0]),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": null, "cached_tokens": "", "prompt_tokens_details": [], "completion_tokens_details": null}"#,
            [1000, 0, 200, 0],
        ),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "prompt_tokens_details": {}, "completion_tokens_details": "none"}"#,
            [1000, 0, 200, 0],
        ),
        (r#"{"prompt_eval_count": 1000, "eval_count": 200, "done": true}"#, [1000, 0, 200, 0]),
    ];

    const UNBELIEVABLE: &[&str] = &[
        r#"{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}"#,
        r#"{"prompt_tokens": 1000}"#,
        r#"{"total_tokens": 1200}"#,
        r#"{"prompt_tokens": -5, "completion_tokens": 200}"#,
        r#"{"prompt_tokens": 1000, "completion_tokens": 200.5}"#,
        r#"{"prompt_tokens": "many", "completion_tokens": 200}"#,
        r#"{"prompt_tokens": 18446744073709551615, "completion_tokens": 1}"#,
        r#"{"prompt_tokens": 1, "completion_tokens": 1000000001}"#,
        r#"{"prompt_tokens": [], "completion_tokens": {}}"#,
    ];

    /// What contradicts itself, and what is kept of it.
    const CONTRADICTIONS: &[(&str, [u64; 4])] = &[
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "cached_tokens": 1001}"#, [1000, 1001, 200, 0]),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "completion_tokens_details": {"reasoning_tokens": 201}}"#,
            [1000, 0, 200, 201],
        ),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1250}"#, [1000, 0, 200, 0]),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1000}"#, [1000, 0, 200, 0]),
        (
            r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1300, "completion_tokens_details": {"reasoning_tokens": 50}}"#,
            [1000, 0, 200, 50],
        ),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 200, "cached_tokens": -1}"#, [1000, 0, 200, 0]),
        (r#"{"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}"#, [1000, 0, 0, 0]),
        (r#"{"prompt_tokens": 0, "completion_tokens": 200, "total_tokens": 200}"#, [0, 0, 200, 0]),
    ];

    fn counted(counts: &str) -> Counted {
        let counts: Value = serde_json::from_str(counts).unwrap();
        count(counts.as_object().unwrap(), Work::Text)
    }

    fn usage([input, cached, output, reasoning]: [u64; 4]) -> Usage {
        Usage { input, cached, output, reasoning, ..Usage::default() }
    }

    #[test]
    fn a_count_far_below_what_the_prompt_has_tells_that_it_was_cut() {
        let told = |input| Usage { input, output: 1, ..Usage::default() };
        let prompt = |text: &'static str| [Line { role: schemas::request::Role::User, text, images: &[] }];
        let digits: &'static str = "1234567890".repeat(200).leak();
        let chinese: &'static str = "今天天气很好".repeat(500).leak();
        assert!(!is_cut(&told(667), &prompt(digits)), "three digits to a token");
        assert!(!is_cut(&told(1_800), &prompt(chinese)));
        assert!(is_cut(&told(512), &prompt(chinese)) && is_cut(&told(499), &prompt(digits)));
        assert!(!is_cut(&told(1), &prompt("short")) && !is_cut(&told(0), &prompt(chinese)));
        let guessed = Usage { source: UsageSource::Estimated, ..told(1) };
        assert!(!is_cut(&guessed, &prompt(chinese)));
    }

    #[test]
    fn every_dialect_comes_to_the_same_counts() {
        for (parsed, expected) in DIALECTS {
            assert_eq!(counted(parsed), Counted::Known(usage(*expected)), "{parsed}");
        }
    }

    #[test]
    fn what_was_written_to_a_cache_is_counted_by_how_long_it_is_kept() {
        // Input in all, read, written for five minutes and for an hour.
        let cases = [
            (
                r#"{"input_tokens": 36, "output_tokens": 20, "cache_read_input_tokens": 64, "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}"#,
                [130, 64, 10, 20],
            ),
            // The parts cover the first round of tools only: the rest is written for five minutes.
            (
                r#"{"input_tokens": 36, "output_tokens": 20, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}"#,
                [136, 0, 80, 20],
            ),
            (
                r#"{"input_tokens": 36, "output_tokens": 20, "cache_creation_input_tokens": 100}"#,
                [136, 0, 100, 0],
            ),
            // The whole prompt came out of the cache.
            (
                r#"{"input_tokens": 0, "output_tokens": 20, "cache_read_input_tokens": 64, "cache_creation_input_tokens": 0}"#,
                [64, 64, 0, 0],
            ),
            (
                r#"{"input_tokens": 50, "output_tokens": 20, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 50, "total_tokens": 1020}"#,
                [1000, 900, 50, 0],
            ),
            // Writes that are inside the prompt.
            (
                r#"{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 50}}"#,
                [100, 30, 50, 0],
            ),
        ];
        for (counts, [input, cached, minutes, hour]) in cases {
            let expected = Usage {
                input,
                cached,
                input_cache_write_5m: minutes,
                input_cache_write_1h: hour,
                output: 20,
                ..Usage::default()
            };
            assert_eq!(counted(counts), Counted::Known(expected), "{counts}");
        }
        let more_than_all = r#"{"input_tokens": 36, "output_tokens": 20, "cache_creation_input_tokens": 10,
            "cache_creation": {"ephemeral_1h_input_tokens": 20}}"#;
        assert!(matches!(counted(more_than_all), Counted::Contradictory(_)));
    }

    #[test]
    fn what_nobody_can_believe_is_unknown_and_not_free() {
        for parsed in UNBELIEVABLE {
            assert_eq!(counted(parsed), Counted::Unknown, "{parsed}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_kept_as_told_and_marked() {
        for (parsed, kept) in CONTRADICTIONS {
            assert_eq!(counted(parsed), Counted::Contradictory(usage(*kept)), "{parsed}");
        }
    }

    #[test]
    fn only_a_refused_call_may_have_cost_nothing() {
        let zero = json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0});
        assert_eq!(count(zero.as_object().unwrap(), Work::Refused), Counted::Known(usage([0, 0, 0, 0])));
        assert_eq!(count(zero.as_object().unwrap(), Work::Silent), Counted::Unknown);
        let input = json!({"prompt_tokens": 1000, "completion_tokens": 0});
        assert_eq!(count(input.as_object().unwrap(), Work::Silent), Counted::Known(usage([1000, 0, 0, 0])));
    }
}
