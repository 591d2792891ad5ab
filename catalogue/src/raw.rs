//! The catalogue's sections as they stand in the configuration file. Unknown keys are refused. The comments of the fields are what
//! `docs/configuration.md` and the JSON Schema say about the keys.

mod dialogue;
mod filter;
mod labels;
mod model;
mod output;
mod people;
mod personal;
mod price;
mod reviewer;
mod route;
mod target;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use schemas::answer::DeliveryClass;
use serde::Deserialize;
use toml::Spanned;

use crate::app::{AnswerPolicy, ByHand, Cancel, LanePolicy, NoAcknowledgement, RecordPolicy, defaults};
use crate::dialogue::WhileAnswering;
use crate::filter::Contents;
use crate::labels::LabelPlace;
use crate::validate;

pub use dialogue::{RawCommands, RawMention, RawNotice, RawSession, RawStaff, RawSummary};
pub use filter::{Files, RawAllow, RawDictionary, RawFilter, RawNear, RawRule, RawUsed, RawWord};
pub use labels::{RawAigc, RawLabelTexts};
pub use model::RawModel;
pub use output::{RawOutput, RawTopic};
pub use people::{RawPeople, RawPeopleTexts};
pub use personal::{RawHashKey, RawInjection, RawPersonalData, RawPromptLeak, RawStyles};
pub use price::{RawPrice, RawStep};
pub use reviewer::{RawReview, RawReviewer};
pub use route::{
    RawAges, RawArm, RawAsked, RawComplexity, RawConditions, RawExperiment, RawOutcome, RawRoute, RawSafety,
    RawSharedRoute, RawSpan, RawTargets, RawWaiting,
};
pub use target::RawTarget;

/// Sections `[[app]]`, `[[route]]`, `[[target]]`, `[[reviewer]]`, `[[model]]`, `[[price]]`, `[filter]` and `[[hash_key]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCatalogue {
    /// Apps that the line answers for.
    pub app: Vec<RawApp>,
    /// How turns of all apps are answered.
    pub route: Vec<RawSharedRoute>,
    /// What can be called.
    pub target: Vec<RawTarget>,
    /// Who reviews what the filter holds.
    pub reviewer: Vec<RawReviewer>,
    /// What is known of models.
    pub model: Vec<RawModel>,
    /// What calls cost.
    pub price: Vec<RawPrice>,
    /// What is filtered.
    pub filter: RawFilter,
    /// Keys of hashes.
    pub hash_key: Vec<RawHashKey>,
}

impl RawCatalogue {
    /// Texts of every dictionary and allow-list that the bundle of these sections names.
    pub fn contents(&self) -> Contents {
        validate::contents(&self.filter)
    }
}

/// A duration of which the place in the file is known.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub struct Written(#[serde(with = "common::duration")] pub Duration);

/// An app of Easemob that the line answers for: its bots, the models they ask, and the limits of its conversations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawApp {
    /// Easemob's App Key, `org#app`.
    #[schemars(with = "String")]
    pub key: Spanned<String>,
    /// Bots of the app, at least one.
    #[serde(default)]
    pub bot: Vec<RawBot>,
    /// What Easemob is told about a message to a bot.
    #[serde(default = "intercept")]
    #[schemars(with = "AnswerPolicy")]
    pub answer: Spanned<String>,
    /// What Easemob is told when Kafka does not acknowledge a message in time.
    #[serde(default = "pass")]
    #[schemars(with = "NoAcknowledgement")]
    pub no_acknowledgement: Spanned<String>,
    /// Which messages are published to Kafka.
    #[serde(default = "hits")]
    #[schemars(with = "RecordPolicy")]
    pub record: Spanned<String>,
    /// What is one lane in groups and rooms: the messages of a lane are answered one after the other.
    #[serde(default = "sender")]
    #[schemars(with = "LanePolicy")]
    pub lane: Spanned<String>,
    /// Names of the targets that are asked, in the order in which they are tried; at least one.
    #[schemars(with = "Vec<String>")]
    pub chain: Vec<Spanned<String>>,
    /// Regions that a target of this app may be in.
    pub allowed_regions: Vec<String>,
    /// Instructions that every prompt begins with; may be empty.
    #[serde(default)]
    pub system_prompt: String,
    /// Most turns of history in a prompt; at most 1000.
    #[serde(default = "twenty")]
    pub history_turns: u32,
    /// Most tokens of an answer; at least 1, and fewer than the context window of every target of the chain.
    #[serde(default = "thousand")]
    pub max_output_tokens: u32,
    /// Sampling temperature in thousandths, at most 2000. Without it the provider's own default holds.
    pub temperature_milli: Option<u32>,
    /// Whether the next target of the chain is asked after one refused the content. Without it `call.chain.fallback_after_block`
    /// holds, which is false by default.
    pub fallback_after_block: Option<bool>,
    /// When the first token of an attempt has not come after this time, such as `3s`, a second attempt starts beside it at the next
    /// free target of the chain, which needs one; the first whole answer goes out, and the other attempt is cut. Both are billed by
    /// their providers. There is one second attempt at most for a question, none after a target refused the content, and no more of
    /// them than `call.health.retry_percent` and `retry_floor_per_second` allow. Of targets with `stream = false` the whole answer
    /// counts as the first token. More than zero and shorter than `answer_within`. Without it there are none.
    #[schemars(with = "Option<String>")]
    pub hedge_after: Option<Spanned<Written>>,
    /// No attempt to answer starts later than this after the message; more than zero.
    #[serde(default = "minute", with = "common::duration")]
    #[schemars(with = "String")]
    pub answer_within: Duration,
    /// A turn whose request vanished is given up after this time; at least twice `answer_within`.
    #[serde(default = "quarter", with = "common::duration")]
    #[schemars(with = "String")]
    pub lost_after: Duration,
    /// Messages that follow one another within this time are one turn; shorter than `answer_within`.
    #[serde(default = "zero", with = "common::duration")]
    #[schemars(with = "String")]
    pub merge_window: Duration,
    /// For how long duplicates are recognised; older messages are refused. At least one minute.
    #[serde(default = "hour", with = "common::duration")]
    #[schemars(with = "String")]
    pub duplicate_horizon: Duration,
    /// A conversation without any message for this long is forgotten; longer than `lost_after` and `duplicate_horizon`.
    #[serde(default = "month", with = "common::duration")]
    #[schemars(with = "String")]
    pub forget_after: Duration,
    /// Most messages that wait in a lane, from 1 to 200; whoever sends one more is told so.
    #[serde(default = "defaults::max_waiting_messages")]
    pub max_waiting_messages: u32,
    /// Most bytes of text that wait in a lane, from 1024 to 262144; one message may wait whatever its size.
    #[serde(default = "defaults::max_waiting_bytes")]
    pub max_waiting_bytes: u32,
    /// What follows from a message that a person writes by hand from a bot's account.
    #[serde(default = "remember")]
    #[schemars(with = "ByHand")]
    pub by_hand: Spanned<String>,
    /// What becomes of the model call of a turn that is called off: its message is recalled or edited, or a person takes over.
    #[serde(default = "cut")]
    #[schemars(with = "Cancel")]
    pub cancel: Spanned<String>,
    /// Whether an answer is taken back from the chat when a message that it answers is recalled. Easemob's recall service must be open for
    /// the app, and each part costs a call. Off by default: everybody in the chat sees that the bot's words vanish, and without the
    /// service every attempt fails.
    #[serde(default)]
    pub retract_on_recall: bool,
    /// Whether the newest 32 answers of each conversation are remembered, without their text, so that a source of the kind `finding` can have
    /// them taken back. `retract_on_recall` and `review.answers = "after"` remember them as well.
    #[serde(default)]
    pub keep_answers: bool,
    /// Largest part of an answer, in bytes of the text as JSON, from 256 to 4600. Easemob takes 5 KB, and the envelope needs some of it.
    #[serde(default = "part")]
    pub part_bytes: u32,
    /// Most parts of an answer, from 1 to 1000; what is beyond is not sent, and the last part says so.
    #[serde(default = "defaults::max_answer_parts")]
    pub max_answer_parts: u32,
    /// What happens after a crash to a part that may have been sent.
    #[serde(default = "resend")]
    #[schemars(with = "DeliveryClass")]
    pub delivery: Spanned<String>,
    /// A part that has not been sent within this time after the answer is given up. It bounds how late an answer may come after hours
    /// in which Easemob is out of reach or the app's quota is used up; shorter times lose answers that are paid for.
    #[serde(default = "six_hours", with = "common::duration")]
    #[schemars(with = "String")]
    pub send_within: Duration,
    /// What the bot says when it cannot answer.
    #[serde(default)]
    pub canned: RawCanned,
    /// Text of one line that marks every part of a model-made answer as such, at most 512 bytes. An empty one needs `consent`.
    #[serde(default = "empty")]
    #[schemars(with = "String")]
    pub label: Spanned<String>,
    /// Where the label stands in a part.
    #[serde(default = "end")]
    #[schemars(with = "LabelPlace")]
    pub label_at: Spanned<String>,
    /// Texts of the label by language.
    #[serde(default)]
    pub label_texts: RawLabelTexts,
    /// Where it is recorded that people agreed to answers without a label. `check` then warns where facts of deliveries are kept for less
    /// than 180 days.
    #[schemars(with = "Option<String>")]
    pub consent: Option<Spanned<String>>,
    /// The implicit label in `ext.AIGC`.
    #[serde(default)]
    pub aigc: RawAigc,
    /// What is let out of what the models say.
    #[serde(default)]
    pub output: RawOutput,
    /// What becomes of messages among people: those that speak to no bot, do not come from a bot's account, and stand in no
    /// conversation with one. Without this table they are judged as messages to bots are, a text that must be masked is delivered
    /// masked or not at all, and what `record` says is recorded whole.
    pub people: Option<RawPeople>,
    /// Which rules, dictionaries and allow-lists of `[filter]` the app uses.
    #[serde(default)]
    pub filter: RawUsed,
    /// What is done with personal data.
    #[serde(default)]
    pub personal_data: RawPersonalData,
    /// What follows when a message to a bot looks like an injection.
    #[serde(default)]
    pub injection: RawInjection,
    /// What follows when an answer gives the system prompt away.
    #[serde(default)]
    pub prompt_leak: RawPromptLeak,
    /// Who reviews texts that the filter holds, and what becomes of them. Without it such texts are stopped.
    pub review: Option<RawReview>,
    /// What counts as speaking to a bot in groups and rooms, besides a mention of it.
    #[serde(default)]
    pub mention: RawMention,
    /// What happens to a message that comes while its lane's turn is in flight.
    #[serde(default = "merge")]
    #[schemars(with = "WhileAnswering")]
    pub while_answering: Spanned<String>,
    /// How much of a conversation is remembered.
    #[serde(default)]
    pub session: RawSession,
    /// Words by which people tell a bot to do something.
    #[serde(default)]
    pub commands: RawCommands,
    /// Who speaks for the operator.
    pub staff: Option<RawStaff>,
    /// What a person is told whose answer takes long.
    pub notice: Option<RawNotice>,
    /// Routes of the app.
    #[serde(default)]
    pub route: Vec<RawRoute>,
    /// Experiments of the app, at most 16.
    #[serde(default)]
    pub experiment: Vec<RawExperiment>,
    /// Where the classes of how much work an answer takes begin.
    #[serde(default)]
    pub complexity: RawComplexity,
    /// IANA name of the time zone in which hours and days of routes are read, such as `Asia/Shanghai`. Without it no route can ask for
    /// them.
    #[schemars(with = "Option<String>")]
    pub time_zone: Option<Spanned<String>>,
}

/// A bot of the app: an ordinary IM user that the line answers for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBot {
    /// The bot's IM user id; Easemob's ids know no case.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Names by which it is mentioned in groups, besides its id; with or without the sign `@`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub names: Vec<Spanned<String>>,
    /// A conversation with this bot in which nobody has said anything for this long begins anew. Without it `session.idle` holds.
    #[schemars(with = "Option<String>")]
    pub idle: Option<Spanned<Written>>,
}

/// What the bot says when it cannot answer. An empty text sends nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCanned {
    /// The message was stopped by the filter.
    pub blocked: String,
    /// The same by language: what is said where the rule or dictionary that stopped the message names the language (`language`).
    pub blocked_texts: BTreeMap<String, String>,
    /// No target gave an answer that may go out.
    pub failed: String,
    /// The answer took too long.
    pub expired: String,
    /// The model used its tokens up before it said anything, so that asking the same again is of no use.
    pub unfinished: String,
    /// The message has nothing that a model could answer.
    pub unanswerable: String,
    /// As many messages wait as may, and this one was not taken.
    pub too_many: String,
    /// Ends an answer of which only the beginning is sent.
    pub cut: String,
}

impl Default for RawCanned {
    fn default() -> Self {
        Self {
            blocked: String::new(),
            blocked_texts: BTreeMap::new(),
            failed: "抱歉,我暂时无法回答,请稍后再试。".to_owned(),
            expired: "抱歉,回答超时了,请再问一次。".to_owned(),
            unfinished: defaults::unfinished(),
            unanswerable: "我目前只能阅读文字消息。".to_owned(),
            too_many: defaults::too_many(),
            cut: defaults::cut(),
        }
    }
}

fn text(value: &str) -> Spanned<String> {
    Spanned::new(0..0, value.to_owned())
}
fn merge() -> Spanned<String> {
    text("merge")
}
fn empty() -> Spanned<String> {
    text("")
}
fn end() -> Spanned<String> {
    text("end")
}
fn intercept() -> Spanned<String> {
    text("intercept")
}
fn pass() -> Spanned<String> {
    text("pass")
}
fn hits() -> Spanned<String> {
    text("hits")
}
fn sender() -> Spanned<String> {
    text("sender")
}
fn remember() -> Spanned<String> {
    text("remember")
}
fn cut() -> Spanned<String> {
    text("cut")
}
fn resend() -> Spanned<String> {
    text("resend")
}
fn twenty() -> u32 {
    20
}
fn thousand() -> u32 {
    1_000
}
fn part() -> u32 {
    // Easemob: body and ext together at most 5 KB; what is left holds the envelope of `ext`.
    4_300
}
fn zero() -> Duration {
    Duration::ZERO
}
fn minute() -> Duration {
    Duration::from_secs(60)
}
fn six_hours() -> Duration {
    Duration::from_secs(6 * 3_600)
}
fn quarter() -> Duration {
    Duration::from_secs(15 * 60)
}
fn hour() -> Duration {
    Duration::from_secs(3_600)
}
fn month() -> Duration {
    Duration::from_secs(30 * 24 * 3_600)
}
