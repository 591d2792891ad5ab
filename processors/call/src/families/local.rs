//! Servers of the operator's own: vLLM, SGLang, llama.cpp and Ollama on OpenAI's wire, and Ollama on its own.

mod ollama;

use outbound::Class;

pub(super) use self::ollama::Ollama;
use super::chat::ChatCompletions;
use crate::reply::{self, ProviderError};

pub(super) const FAMILY: ChatCompletions = ChatCompletions { needs_key: false, person: "user", class };

fn class(status: u16, error: &ProviderError) -> Option<Class> {
    let says = |words: &str| error.message.as_deref().is_some_and(|message| message.contains(words));
    // Within a stream, whose own status is that of a success, vLLM and llama.cpp tell the error's as its code.
    let code = || error.code.as_deref()?.parse().ok().filter(|code| (400..600).contains(code));
    let status = if status < 300 { code().unwrap_or(status) } else { status };
    match status {
        // What llama.cpp was built without will not work next time either.
        501 => Some(Class::BadRequest),
        // The queue of Ollama or SGLang is full. Any other 503, such as llama.cpp's, means that the model is being loaded.
        503 if says("server busy") || says("queue is full") => Some(Class::RateLimited),
        400..600 => Some(reply::class(status, error)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
