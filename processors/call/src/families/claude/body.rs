//! The body of a request.

use bytes::Bytes;
use catalogue::Target;
use catalogue::model_traits::{Thinking, ThinkingSwitch};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::version;
use crate::endpoint::{Address, PromptCache};
use crate::families::Question;
use crate::families::turns::{self, InBlocks, Turn, Turns};

/// The version of the interface from which on no model takes a temperature. Versions are days, which sort as texts do.
const WITHOUT_SAMPLING: &str = "2026-10-21";
/// The smallest budget of thoughts that is taken, in tokens.
const LEAST_BUDGET: u32 = 1_024;

/// The JSON that asks one target.
pub(super) struct Body<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) turns: &'a Turns<'a>,
    pub(super) target: &'a Target,
    pub(super) address: &'a Address,
}

impl Body<'_> {
    pub(super) fn bytes(&self) -> Bytes {
        // Writing texts and numbers to memory does not fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// The operator's instructions. They are the same in every conversation with a bot, so that the vendor is asked to keep them:
    /// whoever reads them from there pays a tenth.
    fn system(&self) -> Value {
        let mut block = json!({"type": "text", "text": self.turns.system});
        match self.kept_for() {
            PromptCache::Off => {}
            PromptCache::FiveMinutes => block["cache_control"] = json!({"type": "ephemeral"}),
            PromptCache::Hour => block["cache_control"] = json!({"type": "ephemeral", "ttl": "1h"}),
        }
        json!([block])
    }

    fn kept_for(&self) -> PromptCache {
        self.address.choices.prompt_cache.unwrap_or(PromptCache::FiveMinutes)
    }

    /// The turns, with a mark on the last one before the question: the history up to there is what the next prompt of the conversation begins
    /// with, until turns leave it. It is kept for minutes, whatever the instructions are: nobody else reads it. A beginning that is shorter
    /// than the vendor keeps is not kept, mark or no mark.
    fn messages(&self) -> Vec<Value> {
        let turns = &self.turns.turns;
        let marked = turns.len().checked_sub(2).filter(|_| self.kept_for() != PromptCache::Off);
        let message = |(at, turn): (usize, &Turn<'_>)| {
            let mut message = json!(InBlocks(turn));
            if Some(at) == marked {
                let control = json!({"type": "ephemeral"});
                message["content"] = json!([{"type": "text", "text": turn.text, "cache_control": control}]);
            }
            message
        };
        turns.iter().enumerate().map(message).collect()
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { question, turns, target, address } = self;
        let cap = target.max_output_tokens(question.request.max_output_tokens);
        let thinking = thinking(target, cap);
        let is_sent = |field: &str| !address.omit.contains(&field);
        let mut fields = to.serialize_map(None)?;
        fields.serialize_entry("model", &target.model)?;
        fields.serialize_entry("max_tokens", &cap)?;
        if !turns.system.is_empty() {
            fields.serialize_entry("system", &self.system())?;
        }
        fields.serialize_entry("messages", &self.messages())?;
        if let Some(milli) = temperature(question.request.temperature_milli, target, address)
            && is_sent("temperature")
        {
            fields.serialize_entry("temperature", &turns::temperature(milli))?;
        }
        if let Some(stops) = question.stops(target)
            && is_sent("stop_sequences")
        {
            fields.serialize_entry("stop_sequences", stops)?;
        }
        if let Some(thinking) = thinking {
            fields.serialize_entry("thinking", &thinking)?;
        }
        if is_sent("metadata") {
            fields.serialize_entry("metadata", &json!({"user_id": question.person()}))?;
        }
        if address.stream {
            fields.serialize_entry("stream", &true)?;
        }
        fields.end()
    }
}

/// The temperature to send, in thousandths. Most models refuse one, even at its default, so that only those get one whose range is
/// known, which ends at 1; and none does while it thinks.
pub(super) fn temperature(asked: Option<u32>, target: &Target, address: &Address) -> Option<u32> {
    let is_taken = target.traits.temperature_milli.is_some()
        && target.traits.thinking != Thinking::On
        && version(address) < WITHOUT_SAMPLING;
    target.temperature_milli(asked).filter(|_| is_taken)
}

/// The switch of the model's thinking, where it is told.
fn thinking(target: &Target, cap: u32) -> Option<Value> {
    let budget = target.traits.thinking_by == Some(ThinkingSwitch::ThinkingBudget);
    match target.traits.thinking {
        Thinking::Unsaid | Thinking::Always => None,
        Thinking::Off => Some(json!({"type": "disabled"})),
        Thinking::On if !budget => Some(json!({"type": "adaptive"})),
        // Thoughts count against the cap, and the answer needs some of it.
        Thinking::On => {
            (cap / 2 >= LEAST_BUDGET).then(|| json!({"type": "enabled", "budget_tokens": cap / 2}))
        }
    }
}
