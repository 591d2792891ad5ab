//! Answers that may have to be taken back: the newest of a conversation, where the app asks for them to be kept.

use std::sync::Arc;

use catalogue::App;
use schemas::answer::Answer;
use schemas::ids::{AnswerId, MessageId, TurnId, UserId};
use schemas::retract::AnswerReference;
use schemas::state::{KeptAnswer, STATE_VERSION};
use schemas::verdict::OnError;

use crate::state::{Slot, State, name, next};

/// Most answers that a conversation keeps. What is older stays in the chat when its question is recalled.
const MOST: usize = 32;

impl State {
    /// Keeps the answer of which these are the parts, to these messages, if the app wants that; with what its rules say of a review that
    /// says nothing.
    pub(crate) fn keep_answer<'a>(
        &mut self,
        app: &App,
        parts: &[Answer],
        asked: impl IntoIterator<Item = &'a MessageId>,
        on_error: Option<OnError>,
    ) {
        let Some(part) = parts.first().filter(|_| app.keeps_answers()) else { return };
        let lane = part.lane.sender.as_ref().map(UserId::as_str).unwrap_or_default();
        let answer = AnswerReference {
            turn: part.turn,
            lane: part.lane.clone(),
            bot: part.bot.clone(),
            user: part.user.clone(),
            message: part.message.clone(),
            parts: part.parts,
            decided_at: part.decided_at,
        };
        let asked = asked.into_iter().cloned().collect();
        let number = next(&self.answers, lane);
        self.put_answer(lane, number, KeptAnswer { version: STATE_VERSION, asked, answer, on_error });
        while self.answers.len() > MOST {
            let oldest = self.answers.iter().min_by_key(|(key, kept)| (kept.answer.decided_at, *key));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            Arc::make_mut(&mut self.answers).remove(&oldest);
        }
    }

    pub(crate) fn put_answer(&mut self, lane: &str, number: u64, answer: KeptAnswer) {
        Arc::make_mut(&mut self.answers).insert((name(lane), number), Arc::new(answer));
    }

    /// Kept answers to a message, oldest first in each lane.
    pub(crate) fn answers_to(&self, message: &MessageId) -> Vec<AnswerReference> {
        let to_it = self.answers.values().filter(|kept| kept.asked.contains(message));
        to_it.map(|kept| kept.answer.clone()).collect()
    }

    /// The answer of a turn, if it is kept.
    pub(crate) fn answer_of(&self, turn: TurnId) -> Option<&KeptAnswer> {
        self.answers.values().find(|kept| kept.answer.turn == turn).map(Arc::as_ref)
    }

    /// The answer that has this part, if it is kept.
    pub(crate) fn answer_with(&self, part: AnswerId) -> Option<AnswerReference> {
        let has = |answer: &AnswerReference| (1..=answer.parts).any(|number| answer.part(number) == part);
        self.answers.values().find(|kept| has(&kept.answer)).map(|kept| kept.answer.clone())
    }

    /// Forgets an answer that is taken back, as what was said and as what may be taken back. Tells whether a prompt could have told of it.
    pub(crate) fn forget_answer(&mut self, answer: &AnswerReference) -> bool {
        let kept = self.answers.iter().find(|(_, kept)| kept.answer.turn == answer.turn);
        if let Some(key) = kept.map(|(key, _)| key.clone()) {
            Arc::make_mut(&mut self.answers).remove(&key);
        }
        let Some(Slot { lane, number }) = self.slot_of(answer.turn) else { return false };
        self.drop_turn(&lane, number);
        true
    }

    /// Where the history has an answered turn.
    fn slot_of(&self, turn: TurnId) -> Option<Slot> {
        let is_it = |asked: &schemas::state::WaitingMessage| {
            TurnId::derive(asked.id.as_str(), asked.round as usize) == turn
        };
        let mut answered = self.history.iter().filter(|(_, entry)| entry.answer.is_some());
        let found = answered.find(|(_, entry)| entry.asked.first().is_some_and(is_it));
        found.map(|((lane, number), _)| Slot { lane: Arc::clone(lane), number: *number })
    }
}
