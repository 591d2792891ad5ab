//! What an error means, by its code, its words and its status: the part that families share.
//!
//! Codes come first, since only the vendor chooses them. The words of a message come next, but only where they cannot harm
//! others: a message may quote what a person wrote, so neither the words of a 400 nor those of a long message lead to a class
//! for which a target is left alone. The status decides last.

use outbound::Class;

use super::codes;
use super::finish::squeezed;
use super::provider_error::ProviderError;

/// The class of an error; a success with an error in its body has its status.
pub(crate) fn class(status: u16, error: &ProviderError) -> Class {
    // A request that is larger than the limit of tokens per minute is too large; waiting does not help, and the target is
    // well.
    named(error)
        .filter(|class| status != 413 || matches!(class, Class::ContextTooLong | Class::ContentBlocked))
        .or_else(|| by_message(status, &error.message.as_deref()?.to_lowercase()))
        .unwrap_or_else(|| by_status(status, error))
}

/// The class of a vendor's word that names itself.
pub(super) fn named(error: &ProviderError) -> Option<Class> {
    codes::class(error)
        .or_else(|| by_word(error.code.as_deref()?))
        .or_else(|| by_word(error.kind.as_deref()?))
}

/// Longest message whose words may lead to a target being left alone, in characters.
const SHORT: usize = 80;

/// Stems of codes and types, in the order in which they are looked for.
const WORDS: [(Class, &[&str]); 9] = [
    (
        Class::ContextTooLong,
        &[
            "contextlength",
            "contextsize",
            "contextwindow",
            "contexttoolong",
            "tokenstoolong",
            "characterstoolong",
            "prompttoolong",
            "inputtoolong",
        ],
    ),
    (
        Class::ContentBlocked,
        &[
            "contentfilter",
            "contentpolicy",
            "contentblocked",
            "contentrisk",
            "contentsafety",
            "contentmoderation",
            "sensitive",
            "moderationblocked",
            "datainspection",
            "unsafe",
            "prohibitedcontent",
            "guardrail",
            "invalidprompt",
            "promptblocked",
            "highrisk",
            "responsibleai",
            "policyviolation",
            "ipinfringement",
            "roleblocked",
            "ruleblocked",
        ],
    ),
    (Class::RampLimited, &["slowdown", "burstrate", "ramplimit"]),
    // Before rates: some vendors call an empty account a limit.
    (
        Class::QuotaExhausted,
        &[
            "arrearage",
            "overdue",
            "insufficientbalance",
            "balancenotenough",
            "creditbalance",
            "insufficientcredit",
            "billing",
            "userquota",
            "tokenquota",
            "exceededcurrentquota",
            "freetieronly",
            "commoditynotpurchased",
            "spendlimit",
            "paymentrequired",
            "codingplan",
        ],
    ),
    (Class::RateLimited, &["ratelimit", "throttl", "toomanyrequest", "limitrequests", "concurrency", "qps"]),
    (Class::Overloaded, &["overload", "systembusy", "serverbusy", "modelserving", "serviceunavailable"]),
    (Class::Timeout, &["timeout", "timedout"]),
    (
        Class::ModelUnavailable,
        &[
            "modelnotfound",
            "modelnotsupported",
            "modelnotexist",
            "invalidmodel",
            "modeloffline",
            "unknownmodel",
            "notfounderror",
            "modeldecommissioned",
        ],
    ),
    (
        Class::Auth,
        &[
            "apikey",
            "authentication",
            "permission",
            "unauthorized",
            "accessdenied",
            "invalidiamtoken",
            "invalidappid",
            "notauthorized",
        ],
    ),
];

fn by_word(word: &str) -> Option<Class> {
    let word = squeezed(word);
    WORDS.iter().find(|(_, stems)| stems.iter().any(|stem| word.contains(stem))).map(|(class, _)| *class)
}

/// The prompt is longer than the target takes, in the words of OpenAI, vLLM, SGLang, llama.cpp, Ollama, TGI, DashScope,
/// Qianfan, Zhipu, Moonshot, Mistral, Claude, Gemini, Bedrock and Cohere.
const CONTEXT: &[&str] = &[
    "context length",
    "context window",
    "available context size",
    "exceeds the context",
    "max_model_len",
    "maximum model length",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input too long",
    "too many tokens",
    "input length",
    "maximum number of tokens",
    "model token limit",
    "reduce the length of",
    "reduce your prompt",
    "too large for model",
    "`inputs` tokens",
    "inputs tokens",
    "input tokens exceed",
    "tokens_too_long",
    "maximum sequence length",
    "max sequence length",
    "token count exceeds",
    "上下文",
    "超长",
    "输入过长",
    "长度超",
    "超过最大长度",
    "超出最大长度",
    "超过模型最大",
    "超出模型最大",
];

/// Words of filters.
const BLOCKED: &[&str] = &[
    "content management policy",
    "content policy",
    "usage policies",
    "inappropriate content",
    "content exists risk",
    "considered high risk",
    "was flagged",
    "safety system",
    "sensitive content",
    "sensitive information",
    "sensitive word",
    "敏感",
    "违规",
    "不合规",
    "违法",
    "不安全",
    "内容安全",
    "安全审核",
    "内容审核",
    "审核不通过",
];

const MONEY: &[&str] = &[
    "额度不足",
    "额度已用",
    "余额不足",
    "欠费",
    "insufficient balance",
    "balance is too low",
    "insufficient credit",
    "insufficient funds",
    "free allocated quota",
    "free tier of the model",
    "out of credit",
];

const RATE: &[&str] = &["rate limit", "too many requests", "过于频繁", "请求频率", "并发", "qps"];

/// What speaks of calls that run at a time, or wait for their place at a server of one's own.
const AT_ONCE: [&str; 6] =
    ["concurren", "并发", "parallel requests", "pending requests", "requests in flight", "queue is full"];
/// Spark's limit of calls that an application may have at a time.
const SPARK_AT_ONCE: &str = "11203";

fn by_message(status: u16, message: &str) -> Option<Class> {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let parsed = (200..300).contains(&status);
    // These leave the target alone for a while, so that the message must be too short to quote anybody.
    let short = message.chars().count() <= SHORT;
    if short && (parsed || matches!(status, 402 | 403 | 429)) && says(MONEY) {
        return Some(Class::QuotaExhausted);
    }
    if short && (parsed || status == 403) && says(RATE) {
        return Some(Class::RateLimited);
    }
    if (parsed || matches!(status, 400 | 413 | 422 | 500)) && says(CONTEXT) {
        return Some(Class::ContextTooLong);
    }
    ((parsed || matches!(status, 400 | 403 | 422)) && says(BLOCKED)).then_some(Class::ContentBlocked)
}

/// Whether the error, where it is a limit, is one of calls that run at a time. Codes say so at Spark, words elsewhere.
pub(super) fn speaks_of_calls_at_once(error: &ProviderError) -> bool {
    let squeezed = |word: &String| squeezed(word);
    let coded = [&error.code, &error.kind].into_iter().flatten().map(squeezed);
    let mut said = coded.chain(error.message.iter().map(|message| message.to_lowercase()));
    said.any(|said| AT_ONCE.iter().any(|words| said.contains(words)))
        || error.code.as_deref() == Some(SPARK_AT_ONCE)
}

fn by_status(status: u16, error: &ProviderError) -> Class {
    match status {
        // A success whose body says that it failed.
        0..300 => Class::ServerError,
        // Moved for good, or somewhere else for now: this address will not answer this request.
        301 | 308 => Class::ModelUnavailable,
        300..400 => Class::BadRequest,
        // Probably a firewall that dislikes this text, not an endpoint that refuses our key.
        403 if error.is_silent() => Class::BadRequest,
        408 | 409 => Class::Timeout,
        502 | 504 | 520..=524 => Class::ServerError,
        _ => Class::of_status(status).unwrap_or(Class::ServerError),
    }
}
