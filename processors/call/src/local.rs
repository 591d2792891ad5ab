//! Servers of the operator's own that speak OpenAI's wire: Ollama, vLLM, llama.cpp.

use outbound::Class;

use crate::chat::{Dialect, Wrong};

pub(crate) const DIALECT: Dialect = Dialect { person: "user", class };

fn class(status: u16, wrong: &Wrong) -> Class {
    let code = wrong.code.as_deref().unwrap_or_default();
    let kind = wrong.kind.as_deref().unwrap_or_default();
    let says = |words: &str| wrong.message.as_deref().is_some_and(|message| message.contains(words));
    match status {
        // vLLM gives its status as the code, so only the message tells.
        400 if code == "context_length_exceeded"
            || kind == "exceed_context_size_error"
            || says("maximum context length") =>
        {
            Class::ContextTooLong
        }
        408 | 409 => Class::Timeout,
        // What llama.cpp was not built for will not work next time either.
        501 => Class::BadRequest,
        502 | 504 | 520..=524 => Class::ServerError,
        // Ollama's queue is full; a model that is being loaded is another matter.
        503 if says("server busy") => Class::RateLimited,
        _ => Class::of_status(status).unwrap_or(Class::Protocol),
    }
}
