//! The tables `[[route]]`, `[[app.route]]` and `[[app.experiment]]`.

mod targets;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Written;
use crate::complexity::Class;
use crate::route::Spoken;
use crate::zone::Weekday;

pub use targets::{RawTargets, RawWaiting};

/// A route that apps share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSharedRoute {
    /// Its name, in decisions and rows; no two shared routes have one name, and none is `chain`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// App Keys of the apps that it holds for; all apps without it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub apps: Vec<Spanned<String>>,
    /// What must hold.
    #[serde(default)]
    pub when: RawConditions,
    /// What follows.
    pub then: RawOutcome,
}

/// A route of the app. Its own routes are tried in their order, then those of `[[route]]`; the first one that holds decides. Where none
/// holds, the app's `chain` is asked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRoute {
    /// Its name, in decisions and rows; no two routes of an app, shared ones included, have one name, and none is `chain`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// What must hold.
    #[serde(default)]
    pub when: RawConditions,
    /// What follows.
    pub then: RawOutcome,
}

/// What must hold for a route, all of it; without any it always holds. In a list, one entry suffices. Of a turn of several messages,
/// one message suffices for `message`, `ext` and `safety`, and their texts are read as one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawConditions {
    /// Kinds of chat: `chat`, `group`, `chatroom`.
    #[schemars(with = "Option<Vec<schemas::conversation::ChatKind>>")]
    pub chat: Option<Vec<Spanned<String>>>,
    /// Kinds of message, such as `text` or `image`. Of messages without a text only routes with this key hold, where the app has `[app.media]`.
    #[schemars(with = "Option<Vec<schemas::event::MessageKind>>")]
    pub message: Option<Vec<Spanned<String>>>,
    /// Ids of bots that are spoken to.
    #[schemars(with = "Option<Vec<String>>")]
    pub bot: Option<Vec<Spanned<String>>>,
    /// Ids of groups and rooms.
    #[schemars(with = "Option<Vec<String>>")]
    pub group: Option<Vec<Spanned<String>>>,
    /// Tiers of whoever opened the turn; `none` for who has no tier, unless a tier has that name.
    #[schemars(with = "Option<Vec<String>>")]
    pub tier: Option<Vec<Spanned<String>>>,
    /// Fields of the message's extension with the values that they may have; an empty list takes any value. At most 16 fields for an
    /// app, each value at most 128 bytes. Numbers and truth values are compared as text. Whoever writes can set them.
    #[schemars(with = "Option<BTreeMap<String, Vec<String>>>")]
    pub ext: Option<Spanned<BTreeMap<String, Vec<String>>>>,
    /// Hours of the day such as `09:00-18:00`, in `time_zone` of the app; over midnight where they end before they begin.
    #[schemars(with = "Option<Vec<String>>")]
    pub hours: Option<Vec<Spanned<String>>>,
    /// Days of the week, `mon` to `sun`, in `time_zone` of the app.
    #[schemars(with = "Option<Vec<Weekday>>")]
    pub weekdays: Option<Vec<Spanned<String>>>,
    /// Experiments of the app with the arms that count.
    #[schemars(with = "Option<BTreeMap<String, Vec<String>>>")]
    pub arm: Option<Spanned<BTreeMap<String, Vec<String>>>>,
    /// How long ago the oldest message was sent when its turn opens, by Easemob's time: `from`, `to`, or both, which are included.
    pub age: Option<RawAges>,
    /// What the filter found in the message.
    pub safety: Option<RawSafety>,
    /// How many answered turns a prompt could tell of.
    pub history_turns: Option<RawSpan>,
    /// How many tokens these have, estimated.
    pub history_tokens: Option<RawSpan>,
    /// Languages of the text: `zh_hans`, `zh_hant`, `en`, `other`.
    #[schemars(with = "Option<Vec<Spoken>>")]
    pub language: Option<Vec<Spanned<String>>>,
    /// Words in the text, as they are after the fold of the filter: case, width, and simplified or traditional characters do not matter.
    #[schemars(with = "Option<Vec<String>>")]
    pub keywords: Option<Vec<Spanned<String>>>,
    /// A regular expression on the folded text, as `regex` of `[[filter.rule]]`.
    #[schemars(with = "Option<String>")]
    pub regex: Option<Spanned<String>>,
    /// The same text, folded, was asked before in the conversation.
    pub asked: Option<RawAsked>,
    /// Classes of how much work an answer takes: `simple`, `standard`, `hard`.
    #[schemars(with = "Option<Vec<Class>>")]
    pub complexity: Option<Vec<Spanned<String>>>,
    /// The score of it, from 0 to 1000.
    pub score: Option<RawSpan>,
    /// How targets are.
    pub targets: Option<RawTargets>,
}

/// From one number to another; both are included, and at least one is given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSpan {
    /// The least.
    #[schemars(with = "Option<u32>")]
    pub from: Option<Spanned<u32>>,
    /// The most.
    #[schemars(with = "Option<u32>")]
    pub to: Option<Spanned<u32>>,
}

/// From one age to another; both are included, and at least one is given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAges {
    /// The least.
    #[schemars(with = "Option<String>")]
    pub from: Option<Spanned<Written>>,
    /// The most.
    #[schemars(with = "Option<String>")]
    pub to: Option<Spanned<Written>>,
}

/// What the filter found in a message that it let on. One of all entries suffices; what is in shadow does not count.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSafety {
    /// Ids of rules of the filter, `<dictionary>/<category>` for those of a dictionary.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// Categories of rules and dictionaries.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub categories: Vec<Spanned<String>>,
}

/// How often a question was asked before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAsked {
    /// At least so many times before, from 1 to 15.
    #[schemars(with = "u32")]
    pub times: Spanned<u32>,
    /// Within this time, at most 24 hours. The last 16 questions of a conversation are known.
    #[schemars(with = "String")]
    pub within: Spanned<Written>,
}

/// What follows from a route: a model is asked, or `say` or `person` stand alone. What is absent is as the app has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOutcome {
    /// Names of the targets that are asked, in the order in which they are tried.
    #[schemars(with = "Option<Vec<String>>")]
    pub chain: Option<Vec<Spanned<String>>>,
    /// Sampling temperature in thousandths, at most 2000.
    #[schemars(with = "Option<u32>")]
    pub temperature_milli: Option<Spanned<u32>>,
    /// Most tokens of the answer; fewer than the window of every target of the chain.
    #[schemars(with = "Option<u32>")]
    pub max_output_tokens: Option<Spanned<u32>>,
    /// Whether the models think before they answer, `on` or `off`, as far as each can be told; one of the chain at least must.
    #[schemars(with = "Option<String>", extend("enum" = ["on", "off"]))]
    pub thinking: Option<Spanned<String>>,
    /// Texts at which the answer ends, at most 4 of 20 characters; models that take none are not told.
    #[schemars(with = "Option<Vec<String>>")]
    pub stop: Option<Vec<Spanned<String>>>,
    /// Template of the instructions that the prompt begins with, in place of `system_prompt`: text with `{{ variable }}` and
    /// `{% if variable == "…" %}`, `elif`, `else`, `endif`. Variables are `app`, `bot`, `chat`, `language`, `complexity`, `system_prompt`,
    /// with `[[app.tier]]` `tier` (empty for who has none) and, in `time_zone` of the app, `date`, `hour` and `weekday`. At most 16 KiB.
    #[schemars(with = "Option<String>")]
    pub prompt: Option<Spanned<String>>,
    /// Most turns of history in the prompt; never more than `history_turns` of the app, which says how many are kept.
    pub history_turns: Option<u32>,
    /// Most tokens of history in the prompt, estimated.
    pub history_tokens: Option<u32>,
    /// No attempt to answer starts later than this after the turn opens; more than zero, and at most half of `lost_after`.
    #[schemars(with = "Option<String>")]
    pub answer_within: Option<Spanned<Written>>,
    /// Whether the model is shown the pictures of the turn, within `[app.media]`. Every model of the chain must see pictures. The route holds
    /// only of a turn that has a picture which may be shown.
    #[schemars(with = "Option<bool>")]
    pub vision: Option<Spanned<bool>>,
    /// What is said in place of an answer. No model is asked.
    #[schemars(with = "Option<String>")]
    pub say: Option<Spanned<String>>,
    /// The IM user id of a person who takes the conversation over, until it is handed back.
    #[schemars(with = "Option<String>")]
    pub person: Option<Spanned<String>>,
    /// What whoever asked is told then; nothing without it. Needs `person`.
    #[schemars(with = "Option<String>")]
    pub person_text: Option<Spanned<String>>,
    /// Whether targets that are not called when the turn opens, because they are open or cooling, are left out of the chain. Where that
    /// leaves none the chain stays as it is.
    #[schemars(with = "Option<bool>")]
    pub avoid_open: Option<bool>,
    /// Whether the session stays on the target that answers, and is asked by this rule of the one it stays on; `session.pin` of the app
    /// without it.
    #[schemars(with = "Option<bool>")]
    pub pin: Option<bool>,
}

/// An experiment: each conversation is in one of its arms, for as long as arms and weights stay as they are.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawExperiment {
    /// Its name, by which routes ask for it; another name shuffles the conversations anew.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Its arms with their weights, from 2 to 16. A conversation's hash falls into the range of an arm in this order, so a changed weight
    /// moves no more conversations than it must.
    #[schemars(with = "Vec<RawArm>")]
    pub arms: Vec<RawArm>,
}

/// An arm of an experiment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawArm {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// How many conversations of the sum of all weights it gets, at most 1000000; none where it is 0.
    #[schemars(with = "u32")]
    pub weight: Spanned<u32>,
}

/// Where the classes of how much work an answer takes begin.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawComplexity {
    /// The least score that is `standard`; at least 1.
    #[schemars(with = "u32")]
    pub standard: Spanned<u32>,
    /// The least score that is `hard`; more than `standard`, at most 1000.
    #[schemars(with = "u32")]
    pub hard: Spanned<u32>,
}

impl Default for RawComplexity {
    fn default() -> Self {
        let usual = crate::complexity::Thresholds::default();
        Self { standard: Spanned::new(0..0, usual.standard), hard: Spanned::new(0..0, usual.hard) }
    }
}
