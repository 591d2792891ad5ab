//! A person takes the conversation over, or hands it back.

use schemas::decision::{Decision, Ruling};
use schemas::event::Takeover;
use schemas::ids::UserId;

use super::Folding;
use super::timer::dismiss;
use crate::reason::Reason;

impl Folding<'_> {
    /// A person takes the conversation over, or hands it back.
    pub(super) fn takeover(&mut self, takeover: Takeover) {
        match takeover.person {
            Some(person) => self.take_over(person),
            None => {
                self.state.core.person = None;
                self.step.rule(self.step.draft(Ruling::Noted), Ruling::Noted, [Reason::HandedBack]);
            }
        }
    }

    /// From here on the gate lets nothing out, until the person hands back: turns in flight are called off, and what
    /// waits is the person's to answer.
    pub(super) fn take_over(&mut self, person: UserId) {
        let draft = Decision { sender: Some(person.clone()), ..self.step.draft(Ruling::Noted) };
        self.state.core.person = Some(person);
        let names: Vec<String> = self.state.core.lanes.keys().cloned().collect();
        let mut reasons = vec![Reason::TakenOver];
        for name in &names {
            if let Some(turn) = self.state.lane_mut(name).turn.as_mut().filter(|turn| !turn.cancelled) {
                turn.cancelled = true;
                reasons = vec![Reason::TakenOver, Reason::TurnCancelled];
            }
        }
        self.step.rule(draft, Ruling::Noted, reasons);
        for name in &names {
            dismiss(&mut self.state, &mut self.step, name, Ruling::TakenOver);
        }
    }
}
