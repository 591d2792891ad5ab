//! What happens to a message afterwards: taken back, rejected after all, or changed.

use std::sync::Arc;

use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::{Edit, Reference};
use schemas::state::{Held, WaitingMessage};
use schemas::text::Text;
use schemas::verdict::OnError;

use super::refuse::Refusal;
use super::{Folding, name_of};
use crate::guard::judge;
use crate::reason::Reason;
use crate::seen::Mark;
use crate::state::{Place, Slot};

/// Why a message is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its sender recalled it.
    Recalled,
    /// Its callback was answered with a rejection.
    Withdrawn,
}

impl Kind {
    fn ruling(self) -> Ruling {
        match self {
            Self::Recalled => Ruling::Cancelled,
            Self::Withdrawn => Ruling::Withdrawn,
        }
    }

    fn mark(self) -> Mark {
        match self {
            Self::Recalled => Mark::Recalled,
            Self::Withdrawn => Mark::Withdrawn,
        }
    }
}

impl Folding<'_> {
    pub(super) fn take_back(&mut self, reference: &Reference, kind: Kind) {
        let id = &reference.message;
        let mut draft = Decision { message: Some(id.clone()), ..self.step.draft(kind.ruling()) };
        let place = self.state.find(id);
        let is_over = matches!(place, Place::Answered(_) | Place::Nowhere);
        if is_over && kind == Kind::Recalled && self.retracted_with(id) {
            return;
        }
        match place {
            Place::Waiting(Slot { lane, number }) => {
                draft.lane = Some(self.lane_named(&lane));
                draft.sender = self.state.take_waiting(&lane, number).map(|m| m.sender.clone());
                self.step.decide(draft);
            }
            Place::InFlight(lane) => {
                let named = self.lane_named(&lane);
                draft.turn = self.state.lane(&lane).and_then(|lane| lane.turn.as_ref()).map(|turn| turn.id);
                draft.lane = Some(named.clone());
                draft.sender = self.call_off(&lane, id).map(|m| m.sender);
                self.step.rule(draft, kind.ruling(), [Reason::TurnCancelled]);
                self.cut(&named);
            }
            Place::Answered(Slot { lane, number }) => {
                self.state.drop_turn(&lane, number);
                draft.lane = Some(self.lane_named(&lane));
                self.step.rule(draft, Ruling::Noted, [Reason::HistoryRemoved]);
            }
            Place::Nowhere if self.state.seen.has(Mark::Seen, id) => {
                self.step.rule(draft, Ruling::Noted, [Reason::NothingPending]);
            }
            Place::Nowhere => {
                self.state.seen.put(kind.mark(), id, self.step.now, self.app.duplicate_horizon_ms);
                self.step.rule(draft, Ruling::Noted, [Reason::AheadOfMessage]);
            }
        }
    }

    pub(super) fn edit(&mut self, edit: &Edit) {
        let draft = Decision { message: Some(edit.message.clone()), ..self.step.draft(Ruling::Noted) };
        let (lane, number, message) = match self.state.find(&edit.message) {
            Place::Waiting(Slot { lane, number }) => {
                let message = self.state.waiting.get(&(lane.clone(), number)).map(|m| m.as_ref().clone());
                (lane, Some(number), message)
            }
            Place::InFlight(lane) => {
                let message = self.call_off(&lane, &edit.message);
                (lane, None, message)
            }
            Place::Answered(slot) if self.edit_by_hand(edit, &slot, &draft) => return,
            Place::Answered(..) | Place::Nowhere => {
                return self.step.rule(draft, Ruling::Noted, [Reason::NothingPending]);
            }
        };
        let Some(message) = message else { return };
        let lane = self.lane_named(&lane);
        self.reword(edit, message, number, &lane);
        if number.is_none() {
            self.cut(&lane);
        }
    }

    /// Lets the message wait with its new text, at the place where it waits (`number`) or anew.
    fn reword(&mut self, edit: &Edit, message: WaitingMessage, number: Option<u64>, lane: &Lane) {
        let name = name_of(lane);
        let engine = self.rules.before_model(self.step.conversation.app());
        let judged = judge(engine, edit.verdict.clone(), Some(&edit.text), &[]).in_app(self.app);
        // An edit of what has no text changes its extension alone.
        let text = judged.text.clone().or_else(|| own_text(&message));
        let says_nothing = text.is_none();
        let text = text.unwrap_or_default();
        let held = judged.is_held(self.app);
        let refusal = match (judged.stopped() && !held, &edit.text) {
            (true, _) => Some(Refusal::Blocked),
            (_, Text::Sealed(_)) => Some(Refusal::Sealed),
            _ => says_nothing.then_some(Refusal::NoText),
        };
        let (placeholders, written) = (Arc::clone(&self.state.placeholders), 6 * text.len());
        let hidden = if refusal.is_none() { self.hidden(&message.sender, &text) } else { None };
        let is_hidden = hidden.is_some();
        let text = Text::from(hidden.unwrap_or(text));
        // What is held for its other texts stays so.
        let held = held.then(|| Held { others: Vec::new(), on_error: judged.verdict.on_error });
        let held = match (message.held.clone(), held) {
            (Some(before), Some(now)) => {
                Some(Held { on_error: OnError::of_all([before.on_error, now.on_error]), ..before })
            }
            (before, now) => before.or(now),
        };
        let tags = message.marks.as_deref().map(|marks| marks.tags.clone()).unwrap_or_default();
        let marks = self.marks(&tags, [&edit.verdict, &judged.verdict]);
        let marks = self.claimed(marks, message.marks.as_deref().and_then(|marks| marks.tier.as_deref()));
        let message = WaitingMessage { text, held, marks, ..message };
        let refusal = refusal.or_else(|| {
            // What it said before does not count any more.
            let mut without = self.state.clone();
            number.into_iter().for_each(|number| drop(without.take_waiting(name, number)));
            let has_room = self.has_room(&without, lane, &message, written);
            (!has_room).then(|| self.state.placeholders = placeholders).map(|()| Refusal::TooLong)
        });
        let mut draft = self.step.about_waiting(&message, Ruling::Waits);
        draft.lane = Some(lane.clone());
        draft.verdict = Some(judged.verdict);
        let mut draft = self.tiered(draft, &message);
        if number.is_none() {
            draft.reasons.push(Reason::TurnCancelled.label().to_owned());
        }
        draft.reasons.extend(is_hidden.then(|| Reason::PersonalDataHidden.label().to_owned()));
        match (refusal, number) {
            (None, Some(number)) => self.state.replace_waiting(name, number, message),
            (None, None) => self.state.wait(name, message),
            (Some(refusal), number) => {
                if let Some(number) = number {
                    self.state.take_waiting(name, number);
                }
                return self.refuse(draft, &message, lane, refusal);
            }
        }
        self.step.rule(draft, Ruling::Waits, [Reason::Edited]);
    }
}

/// The caption of a message without a text of its own.
fn own_text(message: &WaitingMessage) -> Option<String> {
    message.media.as_ref()?;
    message.text.plain().map(str::to_owned)
}
