//! Builds one step: the records that an input leads to, in order, and what all of them have in common.

use std::cell::OnceCell;

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling};
use schemas::event::Message;
use schemas::ids::{BundleHash, DecisionId};
use schemas::state::WaitingMessage;
use schemas::text::Text;

use crate::reason::Reason;
use crate::rules::Rules;
use crate::state::State;
use crate::step::{At, Output};

/// Records that a step has room for from the start: growing would copy them.
const USUAL: usize = 4;

/// What a step is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause {
    /// The input's kind.
    pub(super) input: &'static str,
    /// Number of the timer among those that one clock fires; 0 for any other input.
    pub(super) ordinal: usize,
}

/// A step under way.
#[derive(Debug)]
pub(super) struct StepBuilder {
    at: At,
    /// The conversation's time.
    pub(super) now: Millis,
    /// Where it happens.
    pub(super) conversation: Conversation,
    before: String,
    bundle: Option<BundleHash>,
    cause: String,
    input: &'static str,
    outputs: Vec<Output>,
    decided: usize,
    /// The id of the next decision, once it was asked for.
    next: OnceCell<DecisionId>,
    /// Bytes of the conversation's text form, once they were asked for.
    key: OnceCell<usize>,
}

impl StepBuilder {
    /// A step without records. `state` is the conversation's before it.
    pub(super) fn new(
        rules: Option<&Rules>,
        at: At,
        conversation: &Conversation,
        state: Option<&State>,
        cause: Cause,
    ) -> Self {
        Self {
            at,
            now: state.map_or(at.time, |state| state.core.time.max(at.time)),
            conversation: conversation.clone(),
            before: state.map_or_else(|| State::default().hash(), State::hash),
            bundle: rules.map(|rules| rules.hash().clone()),
            cause: format!("{}:{}:{}", at.partition, at.offset, cause.ordinal),
            input: cause.input,
            outputs: Vec::with_capacity(USUAL),
            decided: 0,
            next: OnceCell::new(),
            key: OnceCell::new(),
        }
    }

    /// A decision with nothing but what all decisions on this input share. Its id comes when it is made.
    pub(super) fn draft(&self, ruling: Ruling) -> Decision {
        Decision {
            id: self.next_id(),
            input: self.input.to_owned(),
            ruling,
            conversation: self.conversation.clone(),
            lane: None,
            message: None,
            sender: None,
            message_kind: None,
            characters: 0,
            reply: None,
            turn: None,
            request: None,
            merged: 0,
            verdict: None,
            route: None,
            tier: None,
            reasons: Vec::new(),
            rating: None,
            parts: 0,
            bundle: self.bundle.clone(),
            state_before: self.before.clone(),
            partition: self.at.partition,
            offset: self.at.offset,
            sent_at: None,
            received_at: None,
            at: self.now,
        }
    }

    /// A draft on a message as it came.
    pub(super) fn about(&self, message: &Message) -> Decision {
        Decision {
            message: Some(message.id.clone()),
            sender: Some(message.sender.clone()),
            message_kind: Some(message.kind),
            characters: message.text.as_ref().map_or(0, characters),
            reply: Some(message.reply),
            verdict: Some(message.verdict.clone().without_findings()),
            sent_at: Some(message.sent_at),
            received_at: Some(message.received_at),
            ..self.draft(Ruling::Passed)
        }
    }

    /// A draft on a message that waits or is answered.
    pub(super) fn about_waiting(&self, message: &WaitingMessage, ruling: Ruling) -> Decision {
        Decision {
            message: Some(message.id.clone()),
            sender: Some(message.sender.clone()),
            message_kind: Some(message.kind),
            characters: characters(&message.text),
            sent_at: Some(message.sent_at),
            ..self.draft(ruling)
        }
    }

    fn next_id(&self) -> DecisionId {
        *self.next.get_or_init(|| DecisionId::derive(&self.cause, self.decided))
    }

    /// Bytes of the conversation's text form, which every key of its state begins with.
    pub(super) fn key_bytes(&self) -> usize {
        *self.key.get_or_init(|| self.conversation.text().len())
    }

    /// Makes a decision.
    pub(super) fn decide(&mut self, decision: Decision) {
        let id = self.next_id();
        self.next = OnceCell::new();
        self.decided += 1;
        self.outputs.push(Output::Decision(Box::new(Decision { id, ..decision })));
    }

    /// Makes a decision of this kind on a draft. The reasons come behind those that it has.
    pub(super) fn rule(
        &mut self,
        mut draft: Decision,
        ruling: Ruling,
        reasons: impl IntoIterator<Item = Reason>,
    ) {
        draft.ruling = ruling;
        draft.reasons.extend(reasons.into_iter().map(|reason| reason.label().to_owned()));
        self.decide(draft);
    }

    /// Adds a reason to the last decision.
    pub(super) fn remark(&mut self, reason: Reason) {
        let decisions = self.outputs.iter_mut().rev();
        let last = decisions.filter_map(|output| match output {
            Output::Decision(decision) => Some(decision),
            _ => None,
        });
        last.take(1).for_each(|decision| decision.reasons.push(reason.label().to_owned()));
    }

    /// Adds what follows from a decision.
    pub(super) fn add(&mut self, outputs: impl IntoIterator<Item = Output>) {
        self.outputs.extend(outputs);
    }

    /// Everything, in order.
    pub(super) fn into_outputs(self) -> Vec<Output> {
        self.outputs
    }
}

fn characters(text: &Text) -> u32 {
    text.plain().map_or(0, |text| u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
}
