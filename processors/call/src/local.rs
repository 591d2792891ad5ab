//! Servers of the operator's own that speak OpenAI's wire: Ollama, vLLM, llama.cpp.

use outbound::Class;

use crate::chat::Dialect;
use crate::reading::Wrong;

pub(crate) const DIALECT: Dialect = Dialect { person: "user", class };

fn class(status: u16, wrong: &Wrong) -> Option<Class> {
    let says = |words: &str| wrong.message.as_deref().is_some_and(|message| message.contains(words));
    match status {
        // What llama.cpp was not built for will not work next time either.
        501 => Some(Class::BadRequest),
        // Ollama's queue is full; a model that is being loaded is another matter.
        503 if says("server busy") => Some(Class::RateLimited),
        _ => None,
    }
}
