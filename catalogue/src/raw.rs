//! The catalogue's sections as they stand in the configuration file. Unknown keys are refused.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::app::defaults;

/// Sections `[[app]]`, `[[target]]`, `[[price]]` and `[filter]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCatalogue {
    /// Apps that the line answers for.
    pub app: Vec<RawApp>,
    /// What can be called.
    pub target: Vec<RawTarget>,
    /// What calls cost.
    pub price: Vec<RawPrice>,
    /// What is filtered.
    pub filter: RawFilter,
}

/// One `[[app]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawApp {
    /// Easemob App Key, `org#app`.
    pub key: Spanned<String>,
    /// Bots of the app.
    #[serde(default)]
    pub bot: Vec<RawBot>,
    /// What Easemob is told about a message to a bot: `intercept` or `pass`.
    #[serde(default = "intercept")]
    pub answer: Spanned<String>,
    /// What Easemob is told when Kafka does not acknowledge in time: `pass` or `reject`.
    #[serde(default = "pass")]
    pub no_acknowledgement: Spanned<String>,
    /// Which messages are published: `ai`, `hits` (and those that the filter hit) or `all`.
    #[serde(default = "hits")]
    pub record: Spanned<String>,
    /// What is one lane in groups and rooms: `sender` or `conversation`.
    #[serde(default = "sender")]
    pub lane: Spanned<String>,
    /// Targets in the order in which they are tried.
    pub chain: Vec<Spanned<String>>,
    /// Regions that a target of this app may be in.
    pub allowed_regions: Vec<String>,
    /// First line of every prompt.
    #[serde(default)]
    pub system_prompt: String,
    /// Most turns of history in a prompt.
    #[serde(default = "twenty")]
    pub history_turns: u32,
    /// Most tokens of an answer.
    #[serde(default = "thousand")]
    pub max_output_tokens: u32,
    /// Sampling temperature, in thousandths; the provider's default if absent.
    pub temperature_milli: Option<u32>,
    /// No attempt starts later than this after the message.
    #[serde(default = "minute", with = "common::duration")]
    pub answer_within: Duration,
    /// A turn whose request vanished is given up after this time; far longer than `answer_within`.
    #[serde(default = "quarter", with = "common::duration")]
    pub lost_after: Duration,
    /// Messages that follow one another within this time are one turn.
    #[serde(default = "zero", with = "common::duration")]
    pub merge_window: Duration,
    /// Duplicates are recognised for this long; older messages are refused.
    #[serde(default = "hour", with = "common::duration")]
    pub duplicate_horizon: Duration,
    /// A conversation without any message for this long is forgotten.
    #[serde(default = "month", with = "common::duration")]
    pub forget_after: Duration,
    /// Most messages that wait in a lane; whoever sends one more is told so.
    #[serde(default = "defaults::max_waiting_messages")]
    pub max_waiting_messages: u32,
    /// Most bytes of text that wait in a lane; one message always may.
    #[serde(default = "defaults::max_waiting_bytes")]
    pub max_waiting_bytes: u32,
    /// A message that a person writes by hand from a bot's account: `remember` it as the bot's words, or `take_over` as well.
    #[serde(default = "remember")]
    pub by_hand: Spanned<String>,
    /// Largest part of an answer, in bytes of the text as JSON.
    #[serde(default = "part")]
    pub part_bytes: u32,
    /// Most parts of an answer; what is beyond is not sent, and the last part says so.
    #[serde(default = "defaults::max_answer_parts")]
    pub max_answer_parts: u32,
    /// After a crash: `resend` a part that may have been sent, or `drop` it.
    #[serde(default = "resend")]
    pub delivery: Spanned<String>,
    /// A send that has not started by then is given up. It bounds how late an answer may come after hours in which Easemob is out of
    /// reach or the app's quota is used up; an answer that is paid is not to be lost for less.
    #[serde(default = "six_hours", with = "common::duration")]
    pub send_within: Duration,
    /// What the bot says when it cannot answer.
    #[serde(default)]
    pub canned: RawCanned,
    /// Text appended to every model-made answer, which marks it as such; may be empty.
    #[serde(default)]
    pub label: String,
}

/// One `[[app.bot]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBot {
    /// The bot's IM user id.
    pub id: Spanned<String>,
    /// Names by which it is mentioned in groups, besides its id; with or without the sign.
    #[serde(default)]
    pub names: Vec<Spanned<String>>,
}

/// `[app.canned]`: an empty text sends nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCanned {
    /// The message was stopped by the filter.
    pub blocked: String,
    /// No target gave an answer that may go out.
    pub failed: String,
    /// It took too long.
    pub expired: String,
    /// The model used its tokens up before it said anything, so that asking the same again is of no use.
    pub unfinished: String,
    /// The message has nothing that a model could answer.
    pub unanswerable: String,
    /// As many messages wait as may: this one was not taken.
    pub too_many: String,
    /// Ends an answer of which only the beginning is sent.
    pub cut: String,
}

impl Default for RawCanned {
    fn default() -> Self {
        Self {
            blocked: String::new(),
            failed: "抱歉,我暂时无法回答,请稍后再试。".to_owned(),
            expired: "抱歉,回答超时了,请再问一次。".to_owned(),
            unfinished: defaults::unfinished(),
            unanswerable: "我目前只能阅读文字消息。".to_owned(),
            too_many: defaults::too_many(),
            cut: defaults::cut(),
        }
    }
}

/// One `[[target]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTarget {
    /// Its name in chains, metrics and rows.
    pub name: Spanned<String>,
    /// Provider family: `openai` or `local`.
    pub provider: Spanned<String>,
    /// Model as the provider names it.
    pub model: String,
    /// Region that it runs in.
    pub region: String,
    /// Context window in tokens.
    #[serde(default = "window")]
    pub context_tokens: u32,
    /// Longest time of one attempt.
    #[serde(default = "minute", with = "common::duration")]
    pub timeout: Duration,
    /// Field that caps the output: `max_tokens` or `max_completion_tokens`; the family's own if absent.
    pub output_cap: Option<Spanned<String>>,
    /// The model takes a sampling temperature.
    #[serde(default = "yes")]
    pub temperature: bool,
}

/// One `[[price]]`: the row that holds for a call is the one whose days hold its start, wherever it stands. A row without `until`
/// ends where the next one of its provider, model and region begins; one of the target's own region goes before one of any.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPrice {
    /// Provider family.
    pub provider: Spanned<String>,
    /// Model as the provider names it.
    pub model: Spanned<String>,
    /// Region; any if absent.
    pub region: Option<String>,
    /// ISO 4217 code.
    pub currency: Spanned<String>,
    /// First day on which it holds, `2026-01-01`, UTC.
    pub from: Spanned<String>,
    /// First day on which it holds no more.
    pub until: Option<Spanned<String>>,
    /// Price of a million input tokens, as decimal text.
    pub input: Spanned<String>,
    /// Price of a million output tokens.
    pub output: Spanned<String>,
    /// Price of a million input tokens that the provider had cached; as `input` if absent.
    pub cached: Option<Spanned<String>>,
}

/// `[filter]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawFilter {
    /// Words that are looked for in every text.
    pub word: Vec<RawWord>,
}

/// One `[[filter.word]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWord {
    /// Id of the rule.
    pub id: Spanned<String>,
    /// Words, any of which hits.
    pub words: Vec<String>,
    /// What to do: `mask`, `replace`, `hold` or `block`.
    pub action: Spanned<String>,
}

fn text(value: &str) -> Spanned<String> {
    Spanned::new(0..0, value.to_owned())
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
fn resend() -> Spanned<String> {
    text("resend")
}
fn yes() -> bool {
    true
}
fn twenty() -> u32 {
    20
}
fn thousand() -> u32 {
    1_000
}
fn window() -> u32 {
    32_768
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
