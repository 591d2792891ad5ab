//! What a route says without asking a model, or whom it gives the conversation.

use std::collections::BTreeMap;

use catalogue::route::Person;
use schemas::answer::AnswerSource;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::state::{AskedBefore, Marks, WaitingMessage};
use schemas::verdict::Verdict;

use super::{Folding, name_of};
use crate::gate::{Addressee, answers, canned};
use crate::reason::Reason;
use crate::route::{Router, question_hash};
use crate::step::Output;

/// Most questions that a conversation remembers.
const MOST_QUESTIONS: usize = 16;

impl<'a> Folding<'a> {
    /// The router of the conversation's app, if it has anything to choose.
    pub(super) fn router(&self) -> Option<&'a Router> {
        self.rules.router(self.step.conversation.app())
    }

    /// What routes ask of a message besides its text.
    pub(super) fn marks(
        &self,
        tags: &BTreeMap<String, String>,
        verdicts: [&Verdict; 2],
    ) -> Option<Box<Marks>> {
        self.router()?.marks(tags, verdicts)
    }

    /// Remembers what a turn asks, where a route wants to know whether it comes again. What was called off and is asked anew counts once.
    pub(super) fn remember_question(&mut self, asked: &[WaitingMessage]) {
        let memory = self.router().map_or(0, Router::memory_ms);
        let (now, questions) = (self.step.now, &mut self.state.core.questions);
        questions.retain(|before| before.at > now - memory);
        if memory == 0 || asked.first().is_none_or(|opener| opener.round > 0) {
            return;
        }
        if questions.len() >= MOST_QUESTIONS {
            questions.remove(0);
        }
        questions.push(AskedBefore { text: question_hash(asked), at: now });
    }

    /// Says what a route says in place of an answer.
    pub(super) fn say(&mut self, lane: &Lane, draft: Decision, asked: &[WaitingMessage], text: &str) {
        self.tell(lane, draft, asked, Told { text, ruling: Ruling::Answered, reason: Reason::Routed });
    }

    /// Gives the conversation to a person, and says so to whoever asked.
    pub(super) fn hand_over(&mut self, lane: &Lane, draft: Decision, asked: &[WaitingMessage], to: &Person) {
        let told = Told { text: &to.text, ruling: Ruling::TakenOver, reason: Reason::Routed };
        self.tell(lane, draft, asked, told);
        self.take_over(to.id.clone());
    }

    fn tell(&mut self, lane: &Lane, draft: Decision, asked: &[WaitingMessage], told: Told<'_>) {
        let Some(opener) = asked.first() else { return };
        let opened = Addressee::of(opener, lane.clone());
        let Some(to) = Addressee::of_turn(opened.turn, asked, lane.clone()) else { return };
        let source = AnswerSource::Canned { reason: told.reason.label().to_owned() };
        let parts = answers(self.app, &to, canned(self.app, &to, told.text), &source, self.step.now);
        let ruling =
            if parts.is_empty() && told.ruling == Ruling::Answered { Ruling::Noted } else { told.ruling };
        let draft = Decision {
            turn: (!parts.is_empty()).then_some(to.turn),
            merged: u32::try_from(asked.len()).unwrap_or(u32::MAX),
            parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
            ..draft
        };
        self.step.rule(draft, ruling, [told.reason]);
        self.state.keep_answer(self.app, &parts, asked.iter().map(|message| &message.id));
        self.step.add(parts.into_iter().map(Output::Answer));
        self.state.lane_mut(name_of(lane)).told_full = false;
    }
}

/// What is told without a model.
struct Told<'a> {
    text: &'a str,
    ruling: Ruling,
    reason: Reason,
}
