//! A person takes the conversation over, or hands it back.

use schemas::answer::{Answer, AnswerSource};
use schemas::decision::{Decision, Ruling};
use schemas::event::Takeover;
use schemas::ids::{TurnId, UserId};

use super::Folding;
use super::timer::dismiss;
use crate::gate::{Addressee, answers, canned};
use crate::reason::Reason;
use crate::step::Output;

impl Folding<'_> {
    /// A person takes the conversation over, or hands it back.
    pub(super) fn takeover(&mut self, takeover: Takeover) {
        match takeover.person {
            Some(person) => self.take_over(person, None),
            None => {
                self.hand_back();
                self.step.rule(self.step.draft(Ruling::Noted), Ruling::Noted, [Reason::HandedBack]);
            }
        }
    }

    /// The bot answers again.
    pub(super) fn hand_back(&mut self) {
        (self.state.core.person, self.state.core.person_until) = (None, None);
    }

    /// From here on the gate lets nothing out, until the person hands back or was silent for long enough: turns in flight are called
    /// off, and what waits is the person's to answer. Those who wait are told so, but for the lane in which the person was asked for.
    pub(super) fn take_over(&mut self, person: UserId, asked_in: Option<&str>) {
        let draft = Decision { sender: Some(person.clone()), ..self.step.draft(Ruling::Noted) };
        (self.state.core.person, self.state.core.person_until) = (Some(person), self.silent_until());
        self.state.core.pins.clear();
        let told: Vec<Answer> = self.told_of_person(asked_in);
        let names: Vec<String> = self.state.core.lanes.keys().cloned().collect();
        let mut reasons = vec![Reason::TakenOver];
        for name in &names {
            if let Some(turn) = self.state.lane_mut(name).turn.as_mut().filter(|turn| !turn.cancelled) {
                turn.cancelled = true;
                reasons = vec![Reason::TakenOver, Reason::TurnCancelled];
            }
        }
        let parts = u16::try_from(told.len()).unwrap_or(u16::MAX);
        self.step.rule(Decision { parts, ..draft }, Ruling::Noted, reasons);
        self.step.add(told.into_iter().map(Output::Answer));
        for name in &names {
            dismiss(&mut self.state, &mut self.step, name, Ruling::TakenOver);
            self.cut(&self.lane_named(name));
        }
    }

    /// What those are told who wait for an answer.
    fn told_of_person(&self, asked_in: Option<&str>) -> Vec<Answer> {
        let Some(text) = self.app.staff.as_ref().map(|staff| staff.text.as_str()) else { return Vec::new() };
        let source = AnswerSource::Canned { reason: Reason::TakenOver.label().to_owned() };
        let lanes = self.state.core.lanes.iter().filter(|(name, _)| asked_in != Some(name.as_str()));
        let to = lanes.filter_map(|(name, lane)| {
            let turn = lane.turn.as_ref().filter(|turn| !turn.cancelled);
            match turn.and_then(|turn| Some((turn.id, self.state.turn(name, turn.number)?))) {
                // These are no parts of its answer.
                Some((id, entry)) => {
                    let said = TurnId::derive(&id.to_string(), 1);
                    Addressee::of_turn(said, &entry.asked, self.lane_named(name))
                }
                None => {
                    let (_, opener) = self.state.waiting(name).into_iter().next()?;
                    Some(Addressee::of(&opener, self.lane_named(name)))
                }
            }
        });
        let say = |to: Addressee| answers(self.app, &to, canned(self.app, &to, text), &source, self.step.now);
        to.flat_map(say).collect()
    }
}
