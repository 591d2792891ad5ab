//! OpenAI's own service.

use outbound::Class;

use crate::chat::Dialect;
use crate::reading::Wrong;

pub(crate) const DIALECT: Dialect = Dialect { person: "safety_identifier", class };

fn class(status: u16, wrong: &Wrong) -> Option<Class> {
    // Elsewhere the same word is a rate that passes within a minute.
    let out_of_money =
        [&wrong.code, &wrong.kind].into_iter().flatten().any(|word| word == "insufficient_quota");
    (status == 429 && out_of_money).then_some(Class::QuotaExhausted)
}
