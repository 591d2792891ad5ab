//! A person takes the conversation over, or hands it back.

use schemas::decision::{Decision, Ruling};
use schemas::event::Takeover;

use super::Folding;
use super::timer::dismiss;
use crate::reason;

impl Folding<'_> {
    /// From here on the gate lets nothing out, until the person hands back: turns in flight are called off, and what
    /// waits is the person's to answer.
    pub(super) fn takeover(&mut self, takeover: Takeover) {
        let draft = Decision { sender: takeover.person.clone(), ..self.journal.draft(Ruling::Noted) };
        let taken = takeover.person.is_some();
        self.state.core.person = takeover.person;
        if !taken {
            return self.journal.rule(draft, Ruling::Noted, &[reason::HANDED_BACK]);
        }
        let names: Vec<String> = self.state.core.lanes.keys().cloned().collect();
        let mut reasons = vec![reason::TAKEN_OVER];
        for name in &names {
            if let Some(turn) = self.state.lane_mut(name).turn.as_mut().filter(|turn| !turn.cancelled) {
                turn.cancelled = true;
                reasons = vec![reason::TAKEN_OVER, reason::TURN_CANCELLED];
            }
        }
        self.journal.rule(draft, Ruling::Noted, &reasons);
        for name in &names {
            dismiss(&mut self.state, &mut self.journal, name, Ruling::TakenOver);
        }
    }
}
