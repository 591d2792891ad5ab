//! The table `[app.people]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::text;
use crate::people::{Judge, Otherwise, PeopleRecord, TooLong};

/// What becomes of messages among people. A callback cannot wait and is answered by the engine alone, so none of this needs Kafka or a
/// model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPeople {
    /// Whose messages are judged before they are delivered.
    #[serde(default = "everyone")]
    #[schemars(with = "Judge")]
    pub judge: Spanned<String>,
    /// What is recorded of messages among people. Which of them are recorded is what `record` of the app says.
    #[serde(default = "fact")]
    #[schemars(with = "PeopleRecord")]
    pub record: Spanned<String>,
    /// What becomes of a message that a rule masks or replaces where Easemob takes no change: it takes changes of text messages alone, and
    /// none of the names of fields in their extension.
    #[serde(default = "block")]
    #[schemars(with = "Otherwise")]
    pub unchangeable: Spanned<String>,
    /// What becomes of a message whose changed text is longer than Easemob takes: 1,000 characters of reply, 1 KiB of message.
    #[serde(default = "block")]
    #[schemars(with = "TooLong")]
    pub too_long: Spanned<String>,
    /// What becomes of a message that a rule holds, since a callback cannot wait for a review. What milder rules say is done in any case. Without
    /// it what `review.when_away` says, and `block` without that.
    #[schemars(with = "Option<Otherwise>")]
    pub hold: Option<Spanned<String>>,
    /// What the sender's client is told about a message that is not delivered, at most 200 characters. Without it `codes.blocked` of the
    /// callback rule.
    #[schemars(with = "Option<String>")]
    pub blocked: Option<Spanned<String>>,
    /// The same by the language of the message; needs `blocked`.
    #[serde(default)]
    pub blocked_texts: RawPeopleTexts,
    /// What stands in place of a text that a rule replaces, at most 200 characters. Without it such a message is not delivered.
    #[schemars(with = "Option<String>")]
    pub replacement: Option<Spanned<String>>,
    /// The same by the language of the message; needs `replacement`.
    #[serde(default)]
    pub replacement_texts: RawPeopleTexts,
}

/// Texts by the language of a message, each at most 200 characters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPeopleTexts {
    /// In Chinese with simplified characters; without it the general text.
    #[schemars(with = "Option<String>")]
    pub zh_hans: Option<Spanned<String>>,
    /// In Chinese with traditional characters; without it the general text.
    #[schemars(with = "Option<String>")]
    pub zh_hant: Option<Spanned<String>>,
    /// In English; without it the general text.
    #[schemars(with = "Option<String>")]
    pub en: Option<Spanned<String>>,
}

fn everyone() -> Spanned<String> {
    text("everyone")
}
fn fact() -> Spanned<String> {
    text("fact")
}
fn block() -> Spanned<String> {
    text("block")
}
