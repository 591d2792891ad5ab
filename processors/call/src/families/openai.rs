//! OpenAI's own service.

use outbound::Class;

use super::chat::ChatCompletions;
use crate::reply::ProviderError;

pub(super) const FAMILY: ChatCompletions =
    ChatCompletions { needs_key: true, person: "safety_identifier", class };

fn class(status: u16, error: &ProviderError) -> Option<Class> {
    // At other vendors the same word is a rate limit that passes within a minute.
    let out_of_money =
        [&error.code, &error.kind].into_iter().flatten().any(|word| word == "insufficient_quota");
    (status == 429 && out_of_money).then_some(Class::QuotaExhausted)
}
