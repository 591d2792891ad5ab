//! Servers of the operator's own that speak OpenAI's wire: Ollama, vLLM, llama.cpp.

use outbound::Class;

use super::chat::ChatCompletions;
use crate::reply::ProviderError;

pub(super) const FAMILY: ChatCompletions = ChatCompletions { needs_key: false, person: "user", class };

fn class(status: u16, error: &ProviderError) -> Option<Class> {
    let says = |words: &str| error.message.as_deref().is_some_and(|message| message.contains(words));
    match status {
        // What llama.cpp was built without will not work next time either.
        501 => Some(Class::BadRequest),
        // Ollama's queue is full. Its other 503 means that the model is being loaded.
        503 if says("server busy") => Some(Class::RateLimited),
        _ => None,
    }
}
