//! Why generation ended: the vendors' words.
//!
//! The words for a finished text are a closed list. Words for a stop by a filter and for a fault are recognised by their
//! stems, since vendors have many of each and neither must be sent as an answer. Any other word is counted and named, and a
//! text beside it counts as finished.

/// What a vendor's word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model came to its end.
    Done,
    /// It was cut at a limit of tokens.
    Length,
    /// A filter stopped it.
    Blocked,
    /// Something broke on the way.
    Broken,
    /// Nobody here knows the word.
    Unknown,
}

const DONE: &[&str] = &[
    "",
    "null",
    "none",
    "stop",
    "stopped",
    "stopsequence",
    "stoptoken",
    "endturn",
    "endofturn",
    "eos",
    "eostoken",
    "eot",
    "eottoken",
    "end",
    "done",
    "normal",
    "complete",
    "completed",
    "finish",
    "finished",
    "success",
    "toolcalls",
    "toolcall",
    "tooluse",
    "functioncall",
    "pauseturn",
];

const LENGTH: &[&str] = &[
    "length",
    "maxlength",
    "maxtokens",
    "maxtoken",
    "maxoutputtokens",
    "maxcompletiontokens",
    "maxnewtokens",
    "tokenlimit",
    "tokenslimit",
    "modellength",
    "modelcontextwindowexceeded",
    "contextlength",
    "truncated",
    "outputlimit",
    "lengthlimit",
    "limit",
];

/// Words of filters: Zhipu's `sensitive`, Gemini's `SAFETY`, `RECITATION`, `PROHIBITED_CONTENT`, `BLOCKLIST`, `SPII`,
/// Claude's `refusal`, Bedrock's `guardrail_intervened`, Cohere's `ERROR_TOXIC`, and so on.
const BLOCKED_STEMS: &[&str] = &[
    "contentfilter",
    "filtered",
    "sensitive",
    "safety",
    "unsafe",
    "recitation",
    "prohibited",
    "blocked",
    "blocklist",
    "spii",
    "risk",
    "refusal",
    "refused",
    "moderat",
    "guardrail",
    "contentpolicy",
    "policyviolation",
    "violat",
    "inspection",
    "toxic",
    "censor",
    "modelarmor",
];

const BROKEN_STEMS: &[&str] = &[
    "error",
    "fail",
    "abort",
    "cancel",
    "timeout",
    "timedout",
    "interrupt",
    "exception",
    "overload",
    "insufficient",
    "disconnect",
    "malformed",
    "unavailable",
    "crash",
    "incomplete",
];

impl Finish {
    pub(super) fn of(word: &str) -> Self {
        let word = squeezed(word);
        let any = |stems: &[&str]| stems.iter().any(|stem| word.contains(stem));
        match word.as_str() {
            word if DONE.contains(&word) => Self::Done,
            word if LENGTH.contains(&word) => Self::Length,
            _ if any(BLOCKED_STEMS) => Self::Blocked,
            _ if any(BROKEN_STEMS) => Self::Broken,
            _ => Self::Unknown,
        }
    }
}

/// A word without case, hyphens, underscores, dots and spaces: vendors agree on nothing else.
pub(super) fn squeezed(word: &str) -> String {
    let kept = |c: &char| !matches!(c, '-' | '_' | '.' | ' ' | '/' | ':');
    word.trim().chars().filter(kept).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE_WORDS: &str = "stop STOP Stop end_turn end-turn END_TURN eos eos_token stop_sequence tool_calls tool_use \
        function_call normal null COMPLETE";
    const LENGTH_WORDS: &str = "length LENGTH max_tokens MAX_TOKENS max-tokens maxTokens model_length max_output_tokens \
        model_context_window_exceeded";
    const BLOCKED_WORDS: &str = "content_filter content-filter contentFilter CONTENT_FILTERED sensitive SAFETY IMAGE_SAFETY \
        RECITATION PROHIBITED_CONTENT BLOCKLIST SPII content_blocked risk high_risk risk_control refusal refused moderation \
        guardrail_intervened content_policy_violation data_inspection_failed output_sensitive ERROR_TOXIC MODEL_ARMOR unsafe";
    const BROKEN_WORDS: &str = "network_error NETWORK-ERROR error ERROR failed failure abort aborted cancelled canceled timeout \
        interrupted insufficient_system_resource MALFORMED_FUNCTION_CALL server_error internal_error exception";
    const UNKNOWN_WORDS: &str = "OTHER FINISH_REASON_UNSPECIFIED banana 3 停止";

    #[test]
    fn every_word_of_the_vendors_has_its_meaning() {
        for (expected, words) in [
            (Finish::Done, DONE_WORDS),
            (Finish::Length, LENGTH_WORDS),
            (Finish::Blocked, BLOCKED_WORDS),
            (Finish::Broken, BROKEN_WORDS),
            (Finish::Unknown, UNKNOWN_WORDS),
        ] {
            for word in words.split_whitespace() {
                assert_eq!(Finish::of(word), expected, "{word:?}");
            }
        }
        assert_eq!((Finish::of(""), Finish::of(" stop ")), (Finish::Done, Finish::Done));
    }
}
