//! The tables `[app.personal_data]`, `[app.injection]` and `[app.prompt_leak]`, and the keys of hashes.

use std::collections::BTreeMap;

use common::Secret;
use safety::personal::Style;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::text;
use crate::personal::Restore;

/// What is done with personal data: numbers of people, papers, accounts and vehicles, addresses, keys. By default nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPersonalData {
    /// In what people write to people; in place of the message, the hidden one is delivered. A message in which data cannot be hidden,
    /// because Easemob takes changes of text messages only, is stopped.
    pub people: RawStyles,
    /// In what goes to the model: messages to a bot, and what people write by hand in its name.
    pub model: RawStyles,
    /// In what the model says of its own. Placeholders of the conversation are not touched.
    pub said: RawStyles,
    /// In which answers data that are hidden by placeholders come back to the person who wrote them. Nobody else gets them back.
    #[schemars(with = "Restore")]
    pub restore: Spanned<String>,
    /// Name of the `[[hash_key]]` for the style `hash`.
    #[schemars(with = "Option<String>")]
    pub hash_key: Option<Spanned<String>>,
}

impl Default for RawPersonalData {
    fn default() -> Self {
        let off = RawStyles::default;
        Self { people: off(), model: off(), said: off(), restore: text("chats"), hash_key: None }
    }
}

/// How data of each kind are hidden. `placeholder` is for `model` alone: elsewhere nobody remembers what stands behind one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawStyles {
    /// Style of every kind without one of its own.
    #[schemars(with = "Style")]
    pub style: Spanned<String>,
    /// Styles by kind: `resident_id`, `permanent_resident_id`, `hong_kong_id`, `taiwan_id`, `passport`, `travel_permit`,
    /// `social_credit_code`, `bank_card`, `iban`, `mobile`, `landline`, `international_phone`, `license_plate`, `email`, `ipv4`, `ipv6`,
    /// `mac_address`, `we_chat`, `qq`, `birth_date`, `address`, `secret`.
    #[schemars(with = "BTreeMap<String, Style>")]
    pub kinds: BTreeMap<String, Spanned<String>>,
}

impl Default for RawStyles {
    fn default() -> Self {
        Self { style: text("off"), kinds: BTreeMap::new() }
    }
}

/// What follows when a message to a bot looks like an injection or a jailbreak: for each action the score from which it follows, from 1
/// to 1000. From 500 on a text is more likely one than not. A stricter action needs a higher score. By default nothing is assessed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawInjection {
    /// The message passes, and its verdict names the rule `injection`.
    #[schemars(with = "Option<u16>")]
    pub pass: Option<Spanned<u16>>,
    /// The orders in the message are hidden.
    #[schemars(with = "Option<u16>")]
    pub mask: Option<Spanned<u16>>,
    /// Something else is said instead of an answer.
    #[schemars(with = "Option<u16>")]
    pub replace: Option<Spanned<u16>>,
    /// The message is kept until someone has looked at it.
    #[schemars(with = "Option<u16>")]
    pub hold: Option<Spanned<u16>>,
    /// The message is stopped.
    #[schemars(with = "Option<u16>")]
    pub block: Option<Spanned<u16>>,
}

/// What follows when an answer gives the system prompt away: tells a long piece of it, or most of it slightly reworded. Whatever
/// `system_prompt` says must then not be said: prices or opening hours in it could not be quoted at length.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPromptLeak {
    /// What is done with the answer. Without it nothing is looked for.
    #[schemars(with = "Option<String>", extend("enum" = ["mask", "replace", "hold", "block"]))]
    pub action: Option<Spanned<String>>,
    /// A piece of `system_prompt` that no answer says by itself, with at least eight letters and digits: an answer that has it is a leak
    /// however little else it tells.
    #[schemars(with = "Option<String>")]
    pub marker: Option<Spanned<String>>,
}

/// A key under which personal data are hashed. The bundle has its fingerprint: every role needs the keys of the bundle that holds, and
/// `decide` those of all bundles that it may fold again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawHashKey {
    /// The key's name in `app.personal_data.hash_key`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The key, at least 32 random characters.
    pub key: Secret,
}
