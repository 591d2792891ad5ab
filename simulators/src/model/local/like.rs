//! The OpenAI-like wires of Ollama, vLLM and llama.cpp.

use super::rows;
use crate::model::completion::Completion;
use crate::model::config::CodeForm;
use crate::model::dialect::{Arrival, Dialect, Overlong, Piece};
use crate::model::family::Family;
use crate::model::fields::{self, Complaint, given};
use crate::model::framing::{Framing, StreamFrame};
use crate::model::openai_like as like;
use crate::model::refusal::{Refusal, Row, Trouble};
use crate::model::request::{ChatRequest, UsagePlace};
use crate::model::rules::Rules;
use serde_json::{Value, json};

/// `/ollama/v1/chat/completions`.
pub(crate) static OLLAMA_LIKE: Like = Like { server: Server::Ollama };
/// `/vllm/v1/chat/completions` and `/local/v1/chat/completions`.
pub(crate) static VLLM: Like = Like { server: Server::Vllm };
/// `/llamacpp/v1/chat/completions`.
pub(crate) static LLAMA_CPP: Like = Like { server: Server::LlamaCpp };

/// Window of Ollama where nobody asked for another.
pub(crate) const OLLAMA_WINDOW: u64 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Ollama,
    Vllm,
    LlamaCpp,
}

/// A wire.
pub(crate) struct Like {
    server: Server,
}

impl Like {
    fn body(&self, bytes: &[u8]) -> Result<ChatRequest, Complaint> {
        let body = fields::object(bytes)?;
        let cap = |name| fields::integer(&body, name, 0..=u64::MAX);
        // Ollama does not know the newer name and goes on without a limit.
        let newer = if self.server == Server::Ollama { None } else { cap("max_completion_tokens")? };
        let template = given(&body, "chat_template_kwargs");
        let is_ollama = self.server == Server::Ollama;
        Ok(ChatRequest {
            model: fields::model(&body)?,
            turns: fields::turns(body.get("messages"))?,
            cap: cap("max_tokens")?.or(newer),
            stream: fields::flag(&body, "stream")?.unwrap_or_default(),
            usage: like::usage_place(&body),
            thinking: template.and_then(|template| template.get("enable_thinking")?.as_bool()),
            window: is_ollama.then_some(OLLAMA_WINDOW),
            fields: body,
            ..ChatRequest::default()
        })
    }

    /// The name of the thoughts' field.
    fn thoughts(&self) -> &'static str {
        if self.server == Server::Ollama { "reasoning" } else { "reasoning_content" }
    }

    fn renamed(&self, message: &mut Value) {
        if let Some(fields) = message.as_object_mut()
            && let Some(thought) = fields.shift_remove("reasoning_content")
        {
            fields.insert(self.thoughts().to_owned(), thought);
        }
    }
}

impl Dialect for Like {
    fn family(&self) -> Family {
        Family::Local
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn rows(&self) -> &'static [Row] {
        match self.server {
            Server::Ollama => rows::OLLAMA,
            Server::Vllm => rows::VLLM,
            Server::LlamaCpp => rows::LLAMA_CPP,
        }
    }

    fn is_strict(&self) -> bool {
        false
    }

    fn admit(
        &self,
        model: &crate::model::state::Model,
        _arrival: &Arrival,
        key: Option<&str>,
    ) -> Result<(), Refusal> {
        let admits = self.server == Server::Ollama || crate::model::keys::admits(&model.config, key);
        if admits { Ok(()) } else { Err(self.refuse(Trouble::InvalidKey)) }
    }

    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal> {
        self.body(&arrival.bytes).map_err(|complaint| self.complain(&complaint))
    }

    fn check(&self, request: &ChatRequest, _rules: &Rules) -> Result<(), Refusal> {
        let body = &request.fields;
        let checked = fields::number(body, "temperature", 0.0..=f64::MAX)
            .and_then(|_| fields::number(body, "top_p", 0.0..=1.0));
        checked.map(drop).map_err(|complaint| self.complain(&complaint))
    }

    fn id(&self, number: u64) -> String {
        format!("chatcmpl-{number}")
    }

    fn caches_by_itself(&self) -> bool {
        self.server != Server::Ollama
    }

    fn form(&self, asked: CodeForm) -> CodeForm {
        match (self.server, asked) {
            (Server::Ollama, _) => CodeForm::Null,
            (_, CodeForm::Text) => CodeForm::Integer,
            (_, asked) => asked,
        }
    }

    fn overlong(&self) -> Overlong {
        if self.server == Server::Ollama { Overlong::Trimmed } else { Overlong::Refused }
    }

    fn too_long(&self, prompt: u64, most: u64) -> Refusal {
        let refusal = self.refuse(Trouble::ContextTooLong);
        if self.server == Server::Vllm {
            let text = format!(
                "This model's maximum context length is {most} tokens. However, you requested {prompt} tokens in the messages. Please reduce the length of the messages."
            );
            return refusal.saying(text);
        }
        let text = format!(
            "the request exceeds the available context size ({most} tokens), try increasing it; it has {prompt} tokens"
        );
        refusal.saying(text)
    }

    fn whole(&self, completion: &Completion) -> Value {
        let mut message = like::message(completion, true);
        self.renamed(&mut message);
        let mut body = like::whole(completion, &message);
        if completion.tells_usage {
            body["usage"] = like::usage(completion.usage);
        }
        if self.server == Server::LlamaCpp {
            body["timings"] = timings(completion);
        }
        body
    }

    fn opening(&self, completion: &Completion) -> Vec<StreamFrame> {
        if self.server == Server::Ollama { Vec::new() } else { like::opening(completion) }
    }

    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame> {
        let mut chunk = like::piece(completion, piece);
        let delta = &mut chunk["choices"][0]["delta"];
        self.renamed(delta);
        if self.server == Server::Ollama {
            delta["role"] = "assistant".into();
        }
        vec![StreamFrame::data(chunk.to_string())]
    }

    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame> {
        let mut last = like::chunk(completion, &json!({}), Some(like::finish_reason(completion)));
        if self.server == Server::LlamaCpp {
            last["timings"] = timings(completion);
        }
        like::closing_with(completion, last, usage)
    }

    fn terminator(&self) -> Option<StreamFrame> {
        Some(like::done())
    }

    fn headers(&self, _number: u64) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn error(&self, refusal: &Refusal, _number: u64) -> Value {
        let Refusal { message, kind, param, .. } = refusal;
        match self.server {
            Server::LlamaCpp => {
                json!({ "error": { "code": refusal.code(), "message": message, "type": kind } })
            }
            Server::Vllm if *kind == "Unauthorized" => json!({ "error": kind }),
            Server::Vllm | Server::Ollama => {
                json!({ "error": { "message": message, "type": kind, "param": param, "code": refusal.code() } })
            }
        }
    }
}

fn timings(completion: &Completion) -> Value {
    let usage = completion.usage;
    json!({
        "cache_n": usage.cached_tokens, "prompt_n": usage.uncached(), "prompt_ms": 1.0,
        "predicted_n": usage.completion_tokens, "predicted_ms": 1.0,
    })
}
