//! `OpenAI`'s chat completions, as strict as the original or as lenient as the servers that imitate it.

mod check;
mod errors;

use super::completion::{Completion, Finish};
use super::dialect::{Arrival, Dialect, Piece};
use super::family::Family;
use super::fields::{self, Complaint};
use super::framing::{Framing, StreamFrame};
use super::limits::{Level, Quota};
use super::openai_like as like;
use super::refusal::{Refusal, Row, Trouble};
use super::request::{ChatRequest, UsagePlace};
use super::rules::Rules;
use super::tokens;
use serde_json::{Value, json};
use std::time::Duration;

/// `/openai/v1/chat/completions`.
pub(crate) static OPENAI: Openai = Openai { is_strict: true };
/// `/v1/chat/completions`: an OpenAI-like server that takes what it is given.
pub(crate) static PLAIN: Openai = Openai { is_strict: false };

/// The wire.
pub(crate) struct Openai {
    is_strict: bool,
}

impl Openai {
    fn message(&self, completion: &Completion) -> Value {
        let shows_thoughts = !self.is_strict && completion.is_null;
        let mut message = like::message(completion, shows_thoughts);
        message["refusal"] = Value::Null;
        if completion.finish == Finish::Refused {
            (message["refusal"], message["content"]) = (json!(completion.text), Value::Null);
        }
        message
    }

    fn framed(&self, mut chunk: Value, usage: UsagePlace) -> StreamFrame {
        chunk["service_tier"] = "default".into();
        chunk["system_fingerprint"] = "fp_simulator".into();
        if usage == UsagePlace::OwnChunk {
            chunk["usage"] = Value::Null;
        }
        StreamFrame::data(chunk.to_string())
    }
}

impl Dialect for Openai {
    fn family(&self) -> Family {
        Family::Openai
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        errors::ROWS
    }

    fn is_strict(&self) -> bool {
        self.is_strict
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        check::read(&arrival.bytes).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal> {
        check::cap(request, rules).map_err(|complaint| self.unsupported(&complaint))?;
        if !self.is_strict {
            return Ok(());
        }
        if let Err(name) = fields::only(&request.fields, check::KNOWN) {
            let complaint = Complaint::general(format!("Unrecognized request argument supplied: {name}"));
            return Err(self.complain(&complaint));
        }
        check::form(request, rules).map_err(|complaint| self.complain(&complaint))?;
        check::sampling(request, rules).map_err(|complaint| {
            let refusal = self.refuse(Trouble::UnsupportedValue).saying(complaint.message.clone());
            refusal.about(complaint.param)
        })
    }

    fn id(&self, number: u64) -> String {
        format!("chatcmpl-{number:012}")
    }

    fn shows_thoughts(&self) -> bool {
        false
    }

    fn reserve(&self, request: &ChatRequest) -> u64 {
        tokens::of_prompt(&request.turns).max(request.cap.unwrap_or_default())
    }

    fn too_long(&self, prompt: u64, most: u64) -> Refusal {
        let text = format!(
            "This model's maximum context length is {most} tokens. However, your messages resulted in {prompt} tokens."
        );
        self.refuse(Trouble::ContextTooLong).saying(text).about(self.is_strict.then_some("messages"))
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut body = like::whole(completion, &self.message(completion));
        if completion.tells_usage {
            body["usage"] = like::usage(completion.usage);
        }
        body["service_tier"] = "default".into();
        body["system_fingerprint"] = "fp_simulator".into();
        body
    }

    fn opening(&self, completion: &Completion) -> Vec<StreamFrame> {
        let delta = json!({ "role": "assistant", "content": "", "refusal": null });
        vec![self.framed(like::chunk(completion, &delta, None), UsagePlace::Absent)]
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let mut chunk = like::piece(completion, piece);
        if completion.finish == Finish::Refused {
            chunk["choices"][0]["delta"] = json!({ "refusal": piece.text });
        }
        vec![self.framed(chunk, piece.usage_place)]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        like::closing(completion, usage)
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(like::done())
    }

    fn headers(&self, number: u64) -> Vec<(&'static str, String)> {
        let id = ("x-request-id", format!("req_{number}"));
        if !self.is_strict {
            return vec![id];
        }
        let version = ("openai-version", "2020-10-01".to_owned());
        vec![id, version, ("openai-processing-ms", "1".to_owned())]
    }

    fn quota_headers(&self, quota: &Quota) -> Vec<(&'static str, String)> {
        const REQUESTS: [&str; 3] =
            ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
        const TOKENS: [&str; 3] =
            ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];
        let told = |names: [&'static str; 3], level: Option<Level>| {
            let texts = level
                .map(|level| [level.limit.to_string(), level.remaining.to_string(), duration(level.reset)]);
            names.into_iter().zip(texts.into_iter().flatten())
        };
        told(REQUESTS, quota.requests).chain(told(TOKENS, quota.tokens)).collect()
    }

    fn error(&self, refusal: &Refusal, _number: u64) -> Value {
        let Refusal { message, kind, param, .. } = refusal;
        json!({ "error": { "message": message, "type": kind, "param": param, "code": refusal.code() } })
    }
}

impl Openai {
    fn unsupported(&self, complaint: &Complaint) -> Refusal {
        self.refuse(Trouble::UnsupportedField).saying(complaint.message.clone()).about(complaint.param)
    }
}

/// A duration as these headers write it: `6ms`, `1.2s`, `6m0s`.
fn duration(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_millis() % 60_000);
    if time < Duration::from_secs(1) {
        return format!("{}ms", time.as_millis());
    }
    let seconds = Duration::from_millis(u64::try_from(seconds).unwrap_or_default()).as_secs_f64();
    if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn resets_are_written_as_durations() {
        let written = [6, 1_200, 360_000, 61_500].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(written, ["6ms", "1.2s", "6m0s", "1m1.5s"]);
    }
}
