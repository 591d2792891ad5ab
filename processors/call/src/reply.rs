//! The tolerant reader of replies, which all families share: it takes what is there and notes what was odd. Everything here
//! is pure.
//!
//! A [`Reading`] takes the bytes of a reply as they come. They become JSON [`documents`] (one, or those of a stream). The family
//! reads these into a [`ParsedReply`]: text, reason of the end, tokens, error. This module makes one completion or one failure of
//! that. A plain reply is read like a stream of one piece. Text and usage are kept
//! whatever else is odd. A reply without either is a failure of the wire, which says what came instead.
//!
//! The first of these that applies decides: a status that is no success; a real error in the body (an empty one is none); the
//! sign of a filter, which makes the text unusable; a finish reason that means a fault; a stream without its end; no text; a
//! text. What a complete reply says, errors included, does not count against the health of its target.

mod code;
mod codes;
mod content;
mod documents;
mod errors;
mod events;
mod finish;
mod growth;
mod json;
mod marks;
mod parsed;
mod provider_error;
mod reading;
mod reasoning;
mod scan;
mod shape;
mod usage;

use std::time::Duration;

use outbound::{Class, Failure, Reply, Url};
use schemas::answered::{Flagged, Usage};

use self::finish::Finish;
use crate::families::Family;
use crate::invoke::Completion;

pub(crate) use self::codes::{baidu as baidu_number, spark as spark_number};
pub(crate) use self::errors::class;
pub(crate) use self::finish::squeezed;
pub(crate) use self::growth::Collected;
pub(crate) use self::parsed::{Fields, ParsedReply};
pub(crate) use self::provider_error::{Form, ProviderError, is_word};
pub(crate) use self::reading::{Asked, Progress, Reading};
pub use self::usage::{Work, of_raw as usage_told};

/// Longest word of a provider that goes into a record, in characters.
const WORD: usize = 128;
/// Longest address in a failure's detail, in characters.
const ADDRESS: usize = 200;
/// The estimate of tokens is higher than what vocabularies count, up to threefold for digits. An answer of more than four
/// times the cap is therefore longer than the cap in any vocabulary.
const BEYOND: u32 = 4;

/// What was read of a reply: a completion or a failure, and in either case what else it says.
#[derive(Debug)]
pub(crate) struct ReadReply {
    pub(crate) result: Result<Completion, Failure>,
    pub(crate) notes: Notes,
}

/// What goes into the record of the attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) status: Option<u16>,
    pub(crate) model: Option<String>,
    pub(crate) provider_request: Option<String>,
    pub(crate) finish: Option<String>,
    /// What of the prompt the provider's filter objects to.
    pub(crate) flagged: Option<Flagged>,
    pub(crate) usage: Option<Usage>,
    /// What the provider said of its usage, in its own words.
    pub(crate) raw_usage: Option<String>,
    /// The counts contradict each other; they are as the provider sent them.
    pub(crate) usage_contradicts: bool,
    /// From the start of the attempt to the first text or thought of a stream.
    pub(crate) time_to_first_token: Option<Duration>,
    /// What was odd and did no harm.
    pub(crate) oddities: Vec<Oddity>,
}

/// What of a prompt a filter objects to, as a provider tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objection {
    /// The question.
    Question,
    /// The round of this number, counted from 1 from the beginning of the prompt as it was sent.
    Round(u32),
    /// Something that is not named.
    Conversation,
}

/// What may be odd about a reply that was read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// The word for its end is in no list.
    UnknownFinish,
    /// It is far longer than the output cap.
    Overlong,
    /// It is a stream, and none was asked for.
    UnaskedStream,
    /// It came as a whole although a stream was asked for.
    UnaskedWhole,
    /// The provider counted far fewer tokens than the prompt has: the server's window is smaller than the target's, and it leaves
    /// out what is beyond.
    PromptCut,
    /// Reasoning of the model, or marks of its chat template, were in the text.
    InnerVoice,
}

impl Oddity {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::UnknownFinish => "unknown_finish",
            Self::Overlong => "overlong",
            Self::UnaskedStream => "unasked_stream",
            Self::UnaskedWhole => "unasked_whole",
            Self::PromptCut => "prompt_cut",
            Self::InnerVoice => "inner_voice",
        }
    }
}

/// The failure that the reply stands for, if any.
fn failure(
    family: &dyn Family,
    reply: &Reply,
    length: usize,
    parsed: &ParsedReply,
    is_blank: bool,
) -> Option<Failure> {
    let status = reply.status.as_u16();
    let finish = parsed.ending();
    let class = |error: &ProviderError| {
        let error = ProviderError { retry_after: reply.retry_after(), ..error.clone() };
        family.class(status, &error)
    };
    if !reply.status.is_success() {
        let error = parsed.error.clone().unwrap_or_default();
        return Some(told(reply.failure(class(&error), refusal(reply, length, &error)), &error));
    }
    let beside = parsed.error.as_ref().filter(|error| is_blank || error.counts_beside_a_text());
    if let Some(error) = beside {
        let failure = reply.failure(class(error), "the provider tells an error in a success");
        let failure = told(failure, error);
        // A filter that speaks within a success may have read an answer, which is billed.
        let failure = if failure.class == Class::ContentBlocked { failure.possibly_done() } else { failure };
        // Where the wire itself has a status in every reply, that is how the endpoint tells of its health.
        return Some(if error.form == Form::Status { failure } else { failure.told_in_words() });
    }
    let ended = |class, what: &str, code: &str| {
        let detail = format!("{what}{}", finish_told(parsed));
        Some(reply.failure(class, detail).with_code(code).possibly_done().told_in_words())
    };
    let by_word = parsed.finish.as_deref().filter(|word| is_word(word)).unwrap_or("finish");
    if let Some(sign) = parsed.blocked {
        return ended(Class::ContentBlocked, "the provider stopped the answer", sign);
    }
    match finish {
        Finish::Blocked => return ended(Class::ContentBlocked, "the provider stopped the answer", by_word),
        Finish::Broken => return ended(Class::Protocol, "the provider says that it broke off", by_word),
        Finish::Done | Finish::Length | Finish::Unknown => {}
    }
    if !parsed.is_completion {
        let what = format!("read the reply: it is no completion{}", described(reply, length));
        return Some(reply.failure(Class::Protocol, what).with_code("unreadable"));
    }
    match (parsed.is_cut(), is_blank, finish) {
        (true, ..) => {
            let what = format!("read the reply: its stream has a hole or no end{}", described(reply, length));
            Some(reply.failure(Class::Protocol, what).with_code("cut"))
        }
        (_, true, Finish::Length) => {
            ended(Class::CapUsedUp, "the output cap was used up before anything was said", "length")
        }
        (_, true, _) => ended(Class::Empty, "the reply says nothing", "empty"),
        (_, false, _) => None,
    }
}

fn told(failure: Failure, error: &ProviderError) -> Failure {
    let failure = failure.of_calls_at_once(errors::speaks_of_calls_at_once(error));
    match error.code.as_ref().or(error.kind.as_ref()) {
        Some(code) => failure.with_code(code),
        None => failure,
    }
}

/// Describes a refusal without the provider's message, which may quote the prompt.
fn refusal(reply: &Reply, length: usize, error: &ProviderError) -> String {
    let status = reply.status.as_u16();
    if reply.status.is_redirection() {
        let to = reply.header("location").map_or_else(|| "nowhere".to_owned(), address);
        return format!("the provider's address has moved: http status {status} to {to}");
    }
    let form = if error.is_silent() { described(reply, length) } else { String::new() };
    format!("the provider refused with http status {status}{form}")
}

/// Host and path of a new address: its query may hold secrets.
fn address(location: &str) -> String {
    let bare = |url: &Url| {
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
    };
    let address = match location.parse::<Url>() {
        Ok(url) => bare(&url),
        // Relative to the address that was asked.
        Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    address.chars().filter(char::is_ascii_graphic).take(ADDRESS).collect()
}

/// Describes what came in place of a completion.
fn described(reply: &Reply, length: usize) -> String {
    let header = |name: &str| reply.header(name).map_or_else(|| "-".to_owned(), word);
    format!(
        " (content type {}, encoding {}, {} bytes, begins {})",
        header("content-type"),
        header("content-encoding"),
        length,
        shape::shape(&reply.body)
    )
}

fn finish_told(parsed: &ParsedReply) -> String {
    parsed
        .finish
        .as_deref()
        .filter(|word| is_word(word))
        .map_or_else(String::new, |word| format!(" ({word})"))
}

impl Completion {
    /// Cut to the longest text that a server which honours the cap could have sent.
    fn within(self, most_tokens: u32) -> Self {
        let most = most_tokens.saturating_mul(BEYOND);
        if catalogue::estimate::tokens(&self.text) <= most {
            return self;
        }
        let mut left = u64::from(most) * 10;
        let fits = |(_, c): &(usize, char)| {
            let cost = u64::from(catalogue::estimate::tenths(*c));
            left.checked_sub(cost).inspect(|rest| left = *rest).is_some()
        };
        let end = self.text.char_indices().take_while(fits).last().map_or(0, |(at, c)| at + c.len_utf8());
        Self { text: self.text[..end].to_owned(), truncated: true }
    }
}

fn word(text: &str) -> String {
    text.chars().take(WORD).collect()
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
