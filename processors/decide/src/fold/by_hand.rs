//! What a person writes by hand from a bot's account: the bot's words, as far as its conversation goes.

use catalogue::app::ByHand as Policy;
use schemas::conversation::{ChatKind, Lane};
use schemas::decision::{Decision, Ruling};
use schemas::event::{Edit, Message};
use schemas::ids::UserId;
use schemas::state::{ByHand, HistoryTurn, STATE_VERSION};
use schemas::text::Text;

use super::Folding;
use crate::guard::{Judged, judge};
use crate::reason::Reason;
use crate::state::Slot;

/// Lane that holds what was written by hand: the conversation's own, which every prompt of the conversation reads.
const LANE: &str = "";

/// In whose voice a person's words are remembered.
pub(super) struct Voice {
    /// The bot.
    pub(super) bot: UserId,
    /// What the decision says of them.
    pub(super) why: Reason,
}

impl Folding<'_> {
    /// A bot's account sent it to people. What the line itself sends does not come here, and what bots say to bots means nothing.
    pub(super) fn is_by_hand(&self, message: &Message) -> bool {
        let conversation = &message.conversation;
        let to_people = conversation.kind() != ChatKind::Chat || conversation.user() != Some(&message.sender);
        message.bot.is_none() && to_people && self.app.bots.contains_key(&message.sender)
    }

    /// Takes it into the history, judged like any text.
    pub(super) fn remember(&mut self, message: &Message, judged: Judged, draft: Decision) {
        let voice = Voice { bot: message.sender.clone(), why: Reason::ByHand };
        if !self.keep_words(message, judged, draft, voice) {
            return;
        }
        let person = self.state.core.person.is_some();
        if person || self.app.by_hand == Policy::TakeOver {
            // Somebody who has the conversation speaks in it, whatever the account.
            let has = self.state.core.person.clone().unwrap_or_else(|| message.sender.clone());
            self.person_speaks(&has);
        }
    }

    /// Takes a person's words into the history as those of a bot. False when they may not be there, which is decided.
    pub(super) fn keep_words(
        &mut self,
        message: &Message,
        judged: Judged,
        mut draft: Decision,
        voice: Voice,
    ) -> bool {
        let text = match &judged.text {
            _ if judged.stopped_at_once(self.app) => {
                self.step.rule(draft, Ruling::Blocked, None);
                return false;
            }
            None => {
                self.step.rule(draft, Ruling::Passed, [Reason::NoText]);
                return false;
            }
            Some(text) => {
                let hidden = self.hidden(&message.sender, text);
                draft.reasons.extend(hidden.iter().map(|_| Reason::PersonalDataHidden.label().to_owned()));
                Text::from(hidden.unwrap_or_else(|| text.clone()))
            }
        };
        let by_hand = ByHand { message: message.id.clone(), bot: voice.bot, sent_at: message.sent_at };
        let (answer, by_hand) = (Some(text), Some(by_hand));
        let turn = HistoryTurn { answer, by_hand, ..HistoryTurn::blank(STATE_VERSION) };
        self.state.add_turn(LANE, turn);
        self.state.keep_by_hand(LANE, self.app.kept_turns() as usize);
        let lane = Lane { conversation: message.conversation.clone(), sender: None };
        self.step.rule(Decision { lane: Some(lane), ..draft }, Ruling::Noted, [voice.why]);
        true
    }

    /// Gives what was written by hand its new text, or forgets it where that may not be said. False when the entry was not written by
    /// hand.
    pub(super) fn edit_by_hand(&mut self, edit: &Edit, slot: &Slot, draft: &Decision) -> bool {
        let Slot { lane, number } = slot;
        let Some(turn) = self.state.turn(lane, *number).filter(|turn| turn.by_hand.is_some()).cloned() else {
            return false;
        };
        let engine = self.rules.engine(self.step.conversation.app());
        let judged = judge(engine, edit.verdict.clone(), Some(&edit.text), &[]).in_app(self.app);
        let draft = Decision { verdict: Some(judged.verdict.clone()), ..draft.clone() };
        let why = match judged.text.as_deref().filter(|_| !judged.stopped_at_once(self.app)) {
            Some(text) => {
                let writer = turn.by_hand.as_ref().map(|by_hand| by_hand.bot.clone());
                let hidden = writer.and_then(|writer| self.hidden(&writer, text));
                let text = Text::from(hidden.unwrap_or_else(|| text.to_owned()));
                let turn = HistoryTurn { answer: Some(text), ..HistoryTurn::clone(&turn) };
                self.state.put_turn(lane, *number, turn);
                Reason::Edited
            }
            None => {
                self.state.drop_turn(lane, *number);
                Reason::HistoryRemoved
            }
        };
        self.step.rule(draft, Ruling::Noted, [why]);
        true
    }
}
