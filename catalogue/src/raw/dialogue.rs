//! The tables `[app.mention]`, `[app.session]`, `[app.commands]`, `[app.staff]` and `[app.notice]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Written;

/// What counts as speaking to a bot in groups and rooms, besides a mention of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawMention {
    /// Id of the bot that is meant when everybody is mentioned. Without it nobody is.
    #[schemars(with = "Option<String>")]
    pub all: Option<Spanned<String>>,
    /// Whether a message that quotes a bot's speaks to it, where its list of mentions names nobody.
    pub quotes: bool,
}

impl Default for RawMention {
    fn default() -> Self {
        Self { all: None, quotes: true }
    }
}

/// How much of a conversation is remembered. History leaves in blocks: when a bound is met, what stays is half of it, so that the next
/// prompts begin alike and providers' prompt caches hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSession {
    /// A lane in which nobody has said anything for this long, such as `30m`, begins anew: its history is forgotten with the next
    /// message. Without it history stays until `forget_after`.
    #[schemars(with = "Option<String>")]
    pub idle: Option<Spanned<Written>>,
    /// Most tokens of history in a prompt, as estimated, at least 1. Without it the window of the chain's smallest target is the bound.
    #[schemars(with = "Option<u32>")]
    pub history_tokens: Option<Spanned<u32>>,
    /// Turns that are older than this, such as `7d`, leave the history. Without it turns of any age stay.
    #[schemars(with = "Option<String>")]
    pub history_age: Option<Spanned<Written>>,
    /// How turns that leave the history are summed up, by a request of its own before the next answer. Without it they are forgotten.
    pub summary: Option<RawSummary>,
    /// Whether a session stays on the target that answered its first turn, which is asked first from then on, whatever its rule's chain
    /// begins with. It ends with the session: by a command `new`, after `idle`, or when a person takes over. Rules may say otherwise with
    /// `pin`. Needs `history_turns`.
    pub pin: bool,
}

/// A rolling summary: what leaves the history, and the summary before it, become one text that stays at the beginning of the history.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSummary {
    /// Names of the targets that are asked, in the order in which they are tried; at least one. A cheap one will do.
    #[schemars(with = "Vec<String>")]
    pub chain: Vec<Spanned<String>>,
    /// What the model is told to do.
    #[serde(default = "summary_prompt")]
    pub prompt: String,
    /// Most tokens of a summary, at least 1.
    #[serde(default = "summary_tokens")]
    #[schemars(with = "u32")]
    pub max_tokens: Spanned<u32>,
    /// No attempt starts later than this after the message; shorter than `answer_within`, which begins when the summary is there. Without a
    /// summary by then the turns are forgotten.
    #[serde(default = "summary_within", with = "common::duration")]
    #[schemars(with = "String")]
    pub within: Duration,
}

fn summary_prompt() -> String {
    "Sum up this conversation between a user and an assistant for the assistant, who goes on with it: facts, names, wishes, what was \
     decided and what is open. Use the language of the conversation. Text in square brackets such as [PHONE_1] stays as it is. Say nothing else."
        .to_owned()
}
fn summary_tokens() -> Spanned<u32> {
    Spanned::new(0..0, 400)
}
fn summary_within() -> Duration {
    Duration::from_secs(15)
}

/// Words by which people tell a bot to do something. A message is a command when it says one of the words and nothing else, compared as the
/// filter folds texts: case, width, traditional characters make no difference. Without words there is no such command.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCommands {
    /// Words that begin a new session: what was said is forgotten, and the turn in flight is called off.
    #[schemars(with = "Vec<String>")]
    pub new: Vec<Spanned<String>>,
    /// Words that call the turn in flight off, and everything that waits.
    #[schemars(with = "Vec<String>")]
    pub stop: Vec<Spanned<String>>,
    /// Words that ask what can be said.
    #[schemars(with = "Vec<String>")]
    pub help: Vec<Spanned<String>>,
    /// Words behind which a number from 1 to 5 rates the last answer, and whatever else follows is a remark.
    #[schemars(with = "Vec<String>")]
    pub rate: Vec<Spanned<String>>,
    /// Words that ask for a person: the bot is silent from then on. They need `[app.staff]`.
    #[schemars(with = "Vec<String>")]
    pub person: Vec<Spanned<String>>,
    /// Words that let the bot answer again: of staff anywhere, of others in a chat of their own with the bot.
    #[schemars(with = "Vec<String>")]
    pub hand_back: Vec<Spanned<String>>,
    /// What is said to `new`; an empty text sends nothing, here as below.
    pub new_text: Option<String>,
    /// What is said to `stop`.
    pub stop_text: Option<String>,
    /// What is said to `help`, and to `rate` without a number.
    pub help_text: Option<String>,
    /// What is said to `rate`.
    pub rate_text: Option<String>,
    /// What is said to `person`.
    pub person_text: Option<String>,
    /// What is said to `hand_back`.
    pub hand_back_text: Option<String>,
}

/// Who speaks for the operator. A member who speaks to people in a conversation in which the bot has talked takes it over, from any
/// client; so does whoever uses the bot's account, where `by_hand = "take_over"`. What is said meanwhile is in the history afterwards.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawStaff {
    /// IM user ids of members.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub ids: Vec<Spanned<String>>,
    /// How IM user ids of members begin, such as `agent_`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub prefixes: Vec<Spanned<String>>,
    /// For how long after the last word of a person the bot is silent, such as `30m`. Without it until it is handed back.
    #[schemars(with = "Option<String>")]
    pub silence: Option<Spanned<Written>>,
    /// The id under which a conversation waits for a person whom somebody asked for.
    #[serde(default = "desk")]
    #[schemars(with = "String")]
    pub desk: Spanned<String>,
    /// What those are told who wait for an answer when a person takes over; an empty text sends nothing.
    #[serde(default)]
    pub text: String,
}

/// What a person is told, once for a question, whose answer takes long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNotice {
    /// After this time, such as `20s`; shorter than `answer_within`.
    #[schemars(with = "String")]
    pub after: Spanned<Written>,
    /// The text.
    #[schemars(with = "String")]
    pub text: Spanned<String>,
}

fn desk() -> Spanned<String> {
    super::text("staff")
}
