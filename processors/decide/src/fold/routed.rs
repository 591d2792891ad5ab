//! What a route says without asking a model, or whom it gives the conversation.

use std::collections::BTreeMap;

use catalogue::route::Person;
use safety::is_blank;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::state::{AskedBefore, Marks, WaitingMessage};
use schemas::verdict::Verdict;

use super::refuse::Told;
use super::{Folding, name_of};
use crate::reason::Reason;
use crate::route::{Router, question_hash};

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

    /// The same with the tier that the app claims for the sender, where the app has tiers.
    pub(super) fn claimed(&self, marks: Option<Box<Marks>>, tier: Option<&str>) -> Option<Box<Marks>> {
        let Some(tier) = tier.filter(|tier| self.app.tier(tier).is_some()) else { return marks };
        Some(Box::new(Marks { tier: Some(tier.to_owned()), ..marks.map(|marks| *marks).unwrap_or_default() }))
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
        let ruling = if is_blank(text) { Ruling::Noted } else { Ruling::Answered };
        self.tell_routed(lane, draft, asked, (ruling, text));
    }

    /// Says that nothing in the turn could be answered.
    pub(super) fn refuse_media(&mut self, lane: &Lane, draft: Decision, asked: &[WaitingMessage]) {
        let draft = Decision { merged: u32::try_from(asked.len()).unwrap_or(u32::MAX), ..draft };
        let (ruling, why) = (Ruling::Unanswerable, Reason::NoText);
        let told = Told { ruling, reasons: vec![why], occasion: why, text: &self.app.canned.unanswerable };
        self.tell(draft, asked, lane, told);
        self.state.lane_mut(name_of(lane)).told_full = false;
    }

    /// Gives the conversation to a person, and says so to whoever asked.
    pub(super) fn hand_over(&mut self, lane: &Lane, draft: Decision, asked: &[WaitingMessage], to: &Person) {
        self.tell_routed(lane, draft, asked, (Ruling::TakenOver, &to.text));
        self.take_over(to.id.clone(), Some(name_of(lane)));
    }

    fn tell_routed(
        &mut self,
        lane: &Lane,
        draft: Decision,
        asked: &[WaitingMessage],
        (ruling, text): (Ruling, &str),
    ) {
        let draft = Decision { merged: u32::try_from(asked.len()).unwrap_or(u32::MAX), ..draft };
        let told = Told { ruling, reasons: vec![Reason::Routed], occasion: Reason::Routed, text };
        self.tell(draft, asked, lane, told);
        self.state.lane_mut(name_of(lane)).told_full = false;
    }
}
