//! Routes: rules that say how a turn is answered. In order, the first one that holds decides.
//!
//! A condition is one variant of [`Condition`] with its line in `label`, in `covers.rs` (which conditions include which), in
//! `raw/route.rs` and `validate/routes/conditions.rs` (how the file has it), and in decide's `route/holds.rs` (when it holds).
//! The tier of a person and what call knows of targets have their place there too.

mod covers;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemas::Millis;
use schemas::conversation::ChatKind;
use schemas::event::MessageKind;
use schemas::ids::{AppKey, GroupId, TargetName, UserId};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bundle::Bundle;
use crate::complexity::Class;
use crate::hours::Hours;
use crate::labels::Language;
use crate::zone::Weekday;

pub use targets::{TargetStates, Waiting};

/// Stands in [`Condition::Tier`] for whoever has no tier; no tier has an empty name.
pub const NO_TIER: &str = "";
/// Most bytes of a field of the extension that is recorded for routes. A longer one counts as absent.
pub const LONGEST_TAG: usize = 128;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name, in decisions and rows.
    pub name: String,
    /// Apps that it holds for, where it is shared; all of them if none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub apps: BTreeSet<AppKey>,
    /// What must hold, all of it, cheap conditions first. Without any the rule always holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// What follows.
    pub then: Outcome,
}

/// Something that a rule asks of a turn. Of a turn of several messages, one suffices where a condition is about a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Where it was said.
    Chat(BTreeSet<ChatKind>),
    /// What kind of message it is.
    Message(Vec<MessageKind>),
    /// The bot that it speaks to.
    Bot(BTreeSet<UserId>),
    /// The group or room that it was said in.
    Group(BTreeSet<GroupId>),
    /// The tier of whoever opened the turn; an empty name where they have none.
    Tier(BTreeSet<String>),
    /// Fields of its extension, all of them, each with one of these values; any value where none is named.
    Ext(BTreeMap<String, BTreeSet<String>>),
    /// Time of the day in the app's time zone.
    Hours(Vec<Hours>),
    /// Day of the week in the app's time zone.
    Weekdays(BTreeSet<Weekday>),
    /// Arms of experiments, one of those that are named of each.
    Arm(BTreeMap<String, BTreeSet<String>>),
    /// Milliseconds from Easemob's time of the oldest message to the decision.
    Age(Span),
    /// What the filter found, rules or categories, any of them.
    Safety(Findings),
    /// Answered turns that a prompt could tell of.
    HistoryTurns(Span),
    /// Their estimated tokens.
    HistoryTokens(Span),
    /// The language of the text.
    Language(BTreeSet<Spoken>),
    /// Words, any of them, in the text as the filter folds it.
    Keywords(Vec<String>),
    /// A regular expression on the folded text.
    Regex(String),
    /// The same text was asked before in the conversation.
    Asked(Again),
    /// The class of how much work an answer takes.
    Complexity(BTreeSet<Class>),
    /// The score of it, from 0 to 1000.
    Score(Span),
    /// How targets are, as call tells of them.
    Targets(TargetStates),
}

/// From one number to another, both included; open where one is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// What the filter may have found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// Ids of rules.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
    /// Categories.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<String>,
}

/// How often a question was asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Again {
    /// At least so many times before.
    pub times: u32,
    /// Within this time, in milliseconds.
    pub within_ms: Millis,
}

/// A language that conditions tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spoken {
    /// Chinese in simplified characters.
    ZhHans,
    /// Chinese in traditional characters.
    ZhHant,
    /// English.
    En,
    /// Any other, or none that can be told.
    Other,
}

impl Spoken {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::ZhHans, Self::ZhHant, Self::En, Self::Other];

    /// Its word in the file and in templates.
    pub fn label(self) -> &'static str {
        match self {
            Self::ZhHans => "zh_hans",
            Self::ZhHant => "zh_hant",
            Self::En => "en",
            Self::Other => "other",
        }
    }
}

impl From<Option<Language>> for Spoken {
    fn from(language: Option<Language>) -> Self {
        match language {
            Some(Language::ZhHans) => Self::ZhHans,
            Some(Language::ZhHant) => Self::ZhHant,
            Some(Language::En) => Self::En,
            None => Self::Other,
        }
    }
}

/// What follows where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A model is asked.
    Ask(Box<Ask>),
    /// This is said, and no model is asked.
    Say(String),
    /// A person takes the conversation over.
    Person(Person),
}

/// The person who takes a conversation over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// What the asking person is told; an empty text sends nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// How a model is asked. What is absent is as the app has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ask {
    /// Targets in the order in which they are tried; the app's chain if none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<TargetName>,
    /// Sampling temperature, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_milli: Option<u32>,
    /// Most tokens of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Whether models may think before they answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
    /// Texts at which the answer ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Template of the instructions that the prompt begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Most turns of history in the prompt; never more than the app keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_turns: Option<u32>,
    /// Most estimated tokens of history in the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_tokens: Option<u32>,
    /// No attempt starts later than this after the decision, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_within_ms: Option<Millis>,
    /// Targets that are not called, as far as is known when the turn opens, are left out of the chain unless that leaves none.
    #[serde(skip_serializing_if = "is_false")]
    pub avoid_open: bool,
    /// Whether the session stays on the target that answers; as the app has it if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<bool>,
    /// The pictures of the turn are shown to the model. The rule holds only of a turn that has one which may be shown.
    #[serde(skip_serializing_if = "is_false")]
    pub vision: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Condition {
    /// Its key in the file, and its word in decisions.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Chat(_) => "chat",
            Self::Message(_) => "message",
            Self::Bot(_) => "bot",
            Self::Group(_) => "group",
            Self::Tier(_) => "tier",
            Self::Ext(_) => "ext",
            Self::Hours(_) => "hours",
            Self::Weekdays(_) => "weekdays",
            Self::Arm(_) => "arm",
            Self::Age(_) => "age",
            Self::Safety(_) => "safety",
            Self::HistoryTurns(_) => "history_turns",
            Self::HistoryTokens(_) => "history_tokens",
            Self::Language(_) => "language",
            Self::Keywords(_) => "keywords",
            Self::Regex(_) => "regex",
            Self::Asked(_) => "asked",
            Self::Complexity(_) => "complexity",
            Self::Score(_) => "score",
            Self::Targets(_) => "targets",
        }
    }
}

impl Span {
    /// Whether a number is within.
    pub fn has(self, number: u64) -> bool {
        self.from.is_none_or(|from| number >= from) && self.to.is_none_or(|to| number <= to)
    }
}

impl Rule {
    /// Whether it shows pictures to a model.
    pub fn shows_pictures(&self) -> bool {
        matches!(&self.then, Outcome::Ask(ask) if ask.vision)
    }

    /// Whether it asks for kinds of messages: no other rule holds of a turn without any text.
    pub fn asks_for_kinds(&self) -> bool {
        self.when.iter().any(|condition| matches!(condition, Condition::Message(_)))
    }

    /// Whether it is for this app.
    pub fn is_for(&self, app: &AppKey) -> bool {
        self.apps.is_empty() || self.apps.contains(app)
    }
}

impl App {
    /// Whether turns have anything to choose: then decisions tell how they chose.
    pub fn is_routed(&self, shared: &[Rule]) -> bool {
        !self.routes.is_empty() || !shared.is_empty() || !self.experiments.is_empty()
    }
}

impl App {
    /// Whether something depends on how targets are, or on which of them answered.
    pub(crate) fn asks_targets(&self, shared: &[Rule]) -> bool {
        let asks = |rule: &Rule| {
            let of_chain = matches!(&rule.then, Outcome::Ask(ask) if ask.avoid_open || ask.pin.is_some());
            of_chain || rule.when.iter().any(|condition| matches!(condition, Condition::Targets(_)))
        };
        self.session.pin || self.routes.iter().chain(shared).any(asks)
    }
}

impl Bundle {
    /// The rules that hold for an app, in their order.
    pub fn routes_of<'a>(&'a self, key: &'a AppKey) -> impl Iterator<Item = &'a Rule> {
        let own = self.apps.get(key).into_iter().flat_map(|app| &app.routes);
        own.chain(self.routes.iter().filter(move |rule| rule.is_for(key)))
    }

    /// Every target that is called for an app: for answers, along its chain and those of its routes, and for summaries.
    pub fn called_for<'a>(&'a self, key: &'a AppKey) -> BTreeSet<&'a TargetName> {
        let Some(app) = self.apps.get(key) else { return BTreeSet::new() };
        let routed = self.routes_of(key).flat_map(|rule| match &rule.then {
            Outcome::Ask(ask) => ask.chain.as_slice(),
            Outcome::Say(_) | Outcome::Person(_) => &[],
        });
        let summed_up = app.session.summary.iter().flat_map(|summary| &summary.chain);
        app.chain.iter().chain(routed).chain(summed_up).collect()
    }

    /// Names of the fields of the extension that routes of an app ask for.
    pub fn route_tags(&self, key: &AppKey) -> BTreeSet<String> {
        let conditions = self.routes_of(key).flat_map(|rule| &rule.when);
        let named = conditions.filter_map(|condition| match condition {
            Condition::Ext(tags) => Some(tags.keys().cloned()),
            _ => None,
        });
        named.flatten().collect()
    }
}
