//! How a conversation goes on: what a message does to the turn in flight, how long a session lasts, commands, staff.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemas::ids::{TargetName, UserId};
use serde::{Deserialize, Serialize};

/// What happens to a message that comes while its lane's turn is in flight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhileAnswering {
    /// It joins the next turn, with everything else that waits.
    #[default]
    Merge,
    /// It has a turn of its own, after those before it. Messages that follow one another within the merge window are one turn.
    Queue,
    /// It calls the turn off, and everything is asked again with it. Of one question this happens three times at most; then it joins the
    /// next turn.
    Interrupt,
}

impl WhileAnswering {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What counts as speaking to a bot in groups and rooms, besides a mention of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Mention {
    /// The bot that is meant when everybody is mentioned; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<UserId>,
    /// A message that quotes a bot's speaks to it.
    pub quotes: bool,
}

impl Default for Mention {
    fn default() -> Self {
        Self { all: None, quotes: true }
    }
}

impl Mention {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How much of a conversation is remembered, besides the turns that fit a prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Session {
    /// A lane in which nobody has said anything for this long begins anew, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<i64>,
    /// The same for bots that have a time of their own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub idle_of: BTreeMap<UserId, i64>,
    /// Most tokens of history in a prompt, as estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_tokens: Option<u32>,
    /// Turns that are older leave the history, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_age_ms: Option<i64>,
    /// How turns that leave the history are summed up; they are not if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// A session stays on the target that answered its first turn.
    #[serde(skip_serializing_if = "is_false")]
    pub pin: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// How turns that leave the history are summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Targets in the order in which they are tried.
    pub chain: Vec<TargetName>,
    /// What the model is told to do.
    pub prompt: String,
    /// Most tokens of a summary.
    pub max_tokens: u32,
    /// No attempt starts later than this after the decision, in milliseconds.
    pub within_ms: i64,
}

impl Session {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// After how long without a word a conversation with that bot begins anew; never if absent.
    pub fn idle_ms(&self, bot: &UserId) -> Option<i64> {
        self.idle_of.get(bot).copied().or(self.idle_ms)
    }
}

/// What a person can tell a bot to do, instead of asking it something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Forget what was said and begin anew.
    New,
    /// Stop answering.
    Stop,
    /// Say what can be said.
    Help,
    /// Rate the last answer, from 1 to 5.
    Rate,
    /// Get a person.
    Person,
    /// Let the bot answer again.
    HandBack,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 6] = [Self::New, Self::Stop, Self::Help, Self::Rate, Self::Person, Self::HandBack];

    /// Its word in configuration, decisions and rows.
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Stop => "stop",
            Self::Help => "help",
            Self::Rate => "rate",
            Self::Person => "person",
            Self::HandBack => "hand_back",
        }
    }
}

/// The commands that an app knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Commands {
    /// The words of each command. A message is a command when it says one of them and nothing else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<Command, Vec<String>>,
    /// What the person is told; nothing if absent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<Command, String>,
}

impl Commands {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What the person is told.
    pub fn text(&self, command: Command) -> &str {
        self.texts.get(&command).map(String::as_str).unwrap_or_default()
    }
}

/// Who speaks for the operator, and what follows when one of them does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Staff {
    /// Ids of members.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ids: BTreeSet<UserId>,
    /// How ids of members begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// For how long after the last word of a person the bot is silent, in milliseconds; until it is handed back if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_ms: Option<i64>,
    /// Who has a conversation in which somebody asks for a person, until a person speaks.
    pub desk: UserId,
    /// What those are told who wait for an answer when a person takes over; nothing if empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Staff {
    /// Whether this is a member.
    pub fn has(&self, user: &UserId) -> bool {
        let user = user.canonical();
        self.ids.contains(&user) || self.prefixes.iter().any(|prefix| user.as_str().starts_with(prefix))
    }
}

/// What a person is told whose answer takes long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// After this time, in milliseconds.
    pub after_ms: i64,
    /// The text.
    pub text: String,
}
