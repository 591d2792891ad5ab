//! One app as the steps read it.

use std::collections::BTreeMap;

use safety::OnError;
use schemars::JsonSchema;
use schemas::answer::DeliveryClass;
use schemas::ids::{TargetName, UserId};
use serde::{Deserialize, Serialize};

use crate::complexity::Thresholds;
use crate::dialogue::{Commands, Mention, Notice, Session, Staff, WhileAnswering};
use crate::experiment::Experiment;
use crate::filter::{Content, Used};
use crate::labels::Labels;
use crate::media::Media;
use crate::output::Output;
use crate::people::People;
use crate::personal::{Injection, PersonalData, PromptLeak};
use crate::reviewer::{ReviewPolicy, ReviewTime};
use crate::route::Rule;
use crate::tier::Tier;
use crate::zone::Zone;

/// What Easemob is told about a message to a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerPolicy {
    /// Do not deliver it: the line answers.
    Intercept,
    /// Deliver it as well, so that the user's own turn is in roaming history.
    Pass,
}

/// What Easemob is told when Kafka does not acknowledge in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoAcknowledgement {
    /// Deliver; the record stays queued and is answered late.
    Pass,
    /// Do not deliver; a `withdrawn` record follows, and the message is dropped.
    Reject,
}

/// Which messages are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordPolicy {
    /// Those that speak to a bot, and those that people write from its account.
    Ai,
    /// Those of `ai`, and those that the filter hit.
    Hits,
    /// Every message.
    All,
}

/// What is one lane in groups and rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanePolicy {
    /// Each sender is answered in turn.
    Sender,
    /// The whole conversation is answered in turn.
    Conversation,
}

/// What follows from a message that a person writes by hand from a bot's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByHand {
    /// It is part of the history as the bot's words.
    Remember,
    /// It is part of the history, and whoever uses the account takes the conversation over until it is handed back.
    TakeOver,
}

/// What becomes of the model call of a turn that is called off: its message is recalled or edited, or a person takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cancel {
    /// It is cut, and the lane is free at once.
    Cut,
    /// It runs to its end, and the lane waits for that.
    RunOn,
}

/// What the bot says when it cannot answer; an empty text sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Canned {
    /// The message was stopped by the filter.
    pub blocked: String,
    /// The same in the languages that rules of the filter name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blocked_texts: BTreeMap<String, String>,
    /// No target gave an answer that may go out.
    pub failed: String,
    /// It took too long.
    pub expired: String,
    /// The model used its tokens up before it said anything: it is not asked again, since that would cost the same.
    #[serde(default = "defaults::unfinished", skip_serializing_if = "defaults::is_unfinished")]
    pub unfinished: String,
    /// The message has nothing that a model could answer.
    pub unanswerable: String,
    /// As many messages wait as may: this one was not taken.
    #[serde(default = "defaults::too_many", skip_serializing_if = "defaults::is_too_many")]
    pub too_many: String,
    /// Ends an answer of which only the beginning is sent.
    #[serde(default = "defaults::cut", skip_serializing_if = "defaults::is_cut")]
    pub cut: String,
}

/// One app. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// Bots, each with the names by which it is mentioned.
    pub bots: BTreeMap<UserId, Vec<String>>,
    /// What Easemob is told about a message to a bot.
    pub answer: AnswerPolicy,
    /// What Easemob is told when Kafka does not acknowledge in time.
    pub no_acknowledgement: NoAcknowledgement,
    /// Which messages are published.
    pub record: RecordPolicy,
    /// What is one lane in groups and rooms.
    pub lane: LanePolicy,
    /// Targets in the order in which they are tried.
    pub chain: Vec<TargetName>,
    /// Regions that a target of this app may be in.
    pub allowed_regions: Vec<String>,
    /// First line of every prompt; may be empty.
    pub system_prompt: String,
    /// Most turns of history in a prompt.
    pub history_turns: u32,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// Sampling temperature, in thousandths.
    pub temperature_milli: Option<u32>,
    /// Whether another target is asked after one refused the content; the call step's own rule if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_after_block: Option<bool>,
    /// A second attempt starts when the first token of one has not come after this time; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge_after_ms: Option<u32>,
    /// No attempt starts later than this after the decision.
    pub answer_within_ms: i64,
    /// A turn whose request vanished is given up after this time.
    pub lost_after_ms: i64,
    /// Messages that follow one another within this time are one turn.
    pub merge_window_ms: i64,
    /// Duplicates are recognised for this long; older messages are refused.
    pub duplicate_horizon_ms: i64,
    /// A conversation without any message for this long is forgotten.
    pub forget_after_ms: i64,
    /// Most messages that wait in a lane.
    #[serde(
        default = "defaults::max_waiting_messages",
        skip_serializing_if = "defaults::is_max_waiting_messages"
    )]
    pub max_waiting_messages: u32,
    /// Most bytes of text that wait in a lane; one message always may.
    #[serde(default = "defaults::max_waiting_bytes", skip_serializing_if = "defaults::is_max_waiting_bytes")]
    pub max_waiting_bytes: u32,
    /// Most bytes of everything that is stored of a conversation; bundles of versions that had no such bound have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_bytes: Option<u32>,
    /// What follows from a message written by hand from a bot's account.
    #[serde(default = "defaults::by_hand", skip_serializing_if = "defaults::is_by_hand")]
    pub by_hand: ByHand,
    /// What becomes of the model call of a turn that is called off.
    #[serde(default = "defaults::cancel", skip_serializing_if = "defaults::is_cancel")]
    pub cancel: Cancel,
    /// Whether an answer is taken back from the chat when a message that it answers is recalled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retract_on_recall: bool,
    /// Whether answers are kept so that a finding from outside can take them back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_answers: bool,
    /// Largest part of an answer, in bytes of the text as JSON.
    pub part_bytes: u32,
    /// Most parts of an answer; what is beyond is not sent.
    #[serde(default = "defaults::max_answer_parts", skip_serializing_if = "defaults::is_max_answer_parts")]
    pub max_answer_parts: u32,
    /// What happens after a crash to a send that may have been made.
    pub delivery: DeliveryClass,
    /// A send that has not started by then is given up.
    pub send_within_ms: i64,
    /// What the bot says when it cannot answer.
    pub canned: Canned,
    /// What marks model-made answers, in every language without a text of its own; may be empty.
    pub label: String,
    /// How they are marked. Bundles of earlier versions have it not: there the label stands once, below the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// What is let out of what the models say.
    #[serde(default, skip_serializing_if = "Output::is_open")]
    pub output: Output,
    /// What becomes of messages among people.
    #[serde(default, skip_serializing_if = "People::is_default")]
    pub people: People,
    /// What it uses of the filter.
    #[serde(default, skip_serializing_if = "Used::is_shared")]
    pub filter: Used,
    /// What is done with personal data; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<PersonalData>,
    /// What follows when a message to a bot looks like an injection: actions with the scores, in thousandths, from which they follow.
    #[serde(default, skip_serializing_if = "Injection::is_empty")]
    pub injection: Injection,
    /// What follows when an answer gives the system prompt away; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_leak: Option<PromptLeak>,
    /// What becomes of texts that the filter holds; they are stopped if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewPolicy>,
    /// What counts as speaking to a bot besides a mention of it.
    #[serde(default, skip_serializing_if = "Mention::is_default")]
    pub mention: Mention,
    /// What happens to a message that comes while its lane's turn is in flight.
    #[serde(default, skip_serializing_if = "WhileAnswering::is_default")]
    pub while_answering: WhileAnswering,
    /// How much of a conversation is remembered.
    #[serde(default, skip_serializing_if = "Session::is_default")]
    pub session: Session,
    /// The commands that it knows.
    #[serde(default, skip_serializing_if = "Commands::is_default")]
    pub commands: Commands,
    /// Who speaks for the operator; nobody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Staff>,
    /// What a person is told whose answer takes long; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// Its own routes, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Rule>,
    /// Its experiments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    /// Where the classes of how much work an answer takes begin, if not where they usually do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<Thresholds>,
    /// Its time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// Its tiers of persons, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// The table that names the tiers of persons, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_table: Option<Content>,
    /// What becomes of messages without a text; they are refused if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
}

impl App {
    /// Whether a text goes on that the filter holds and that nobody reviews, or that cannot wait for its review: as the rules that hold it
    /// say, or else as the app's policy does. What has neither is stopped.
    pub fn lets_held_on(&self, rules: Option<OnError>) -> bool {
        match &self.review {
            Some(review) => review.lets_on(None, rules),
            None => rules.is_some_and(OnError::lets_on),
        }
    }

    /// The policy of reviews, if answers are reviewed after they went out.
    pub fn reviews_answers_after(&self) -> Option<&ReviewPolicy> {
        self.review.as_ref().filter(|review| review.answers == ReviewTime::After)
    }

    /// Whether decide remembers which answers it let out: whatever takes answers back by itself needs that.
    pub fn keeps_answers(&self) -> bool {
        self.keep_answers || self.retract_on_recall || self.reviews_answers_after().is_some()
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What holds where nothing is configured, in files and in bundles that were stored before there was something to configure. A
/// bundle does not hold it either, so that its hash stays what it was.
pub(crate) mod defaults {
    macro_rules! defaults {
        ($($name:ident, $is:ident: $type:ty = $value:expr;)*) => {$(
            pub(crate) fn $name() -> $type {
                $value
            }

            pub(crate) fn $is(value: &$type) -> bool {
                *value == $name()
            }
        )*};
    }

    defaults! {
        max_waiting_messages, is_max_waiting_messages: u32 = 50;
        max_waiting_bytes, is_max_waiting_bytes: u32 = 32 * 1_024;
        max_answer_parts, is_max_answer_parts: u32 = 20;
        // Only in bundles: files have another default. A log goes on as it was decided until a bundle made of a file is applied.
        cancel, is_cancel: super::Cancel = super::Cancel::RunOn;
        by_hand, is_by_hand: super::ByHand = super::ByHand::Remember;
        unfinished, is_unfinished: String = "抱歉,这个问题我没能答完,请把它拆小一些再问。".to_owned();
        too_many, is_too_many: String = "您的消息太多,我还没有回答完,这一条没有收下,请稍后再发。".to_owned();
        cut, is_cut: String = "(回答过长,后面的内容已省略。)".to_owned();
    }
}
