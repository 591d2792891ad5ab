//! The targets that sessions stay on: one name for each lane that has a session.

use schemas::ids::TargetName;
use schemas::state::Pin;

use crate::state::State;

/// Most sessions of a conversation that stay on a target. Beyond it the one that began first does not any more.
const MOST: usize = 64;

impl State {
    /// The target that the session of a lane stays on.
    pub(crate) fn pin(&self, lane: &str) -> Option<&TargetName> {
        self.core.pins.iter().find(|pin| pin.lane == lane).map(|pin| &pin.target)
    }

    /// From here on the session of a lane stays on this target, unless it stays on one.
    pub(crate) fn put_pin(&mut self, lane: &str, target: &TargetName) {
        if self.pin(lane).is_some() {
            return;
        }
        let pins = &mut self.core.pins;
        if pins.len() >= MOST {
            pins.remove(0);
        }
        pins.push(Pin { lane: lane.to_owned(), target: target.clone() });
    }

    /// The session of a lane is over.
    pub(crate) fn unpin(&mut self, lane: &str) {
        self.core.pins.retain(|pin| pin.lane != lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_keeps_its_first_target_and_many_sessions_are_bounded() {
        let mut state = State::default();
        let target = |name: &str| TargetName::new(name).unwrap();
        state.put_pin("alice", &target("deep"));
        state.put_pin("alice", &target("fast"));
        assert_eq!(state.pin("alice"), Some(&target("deep")));
        assert_eq!(state.pin("bob"), None);
        for n in 0..MOST {
            state.put_pin(&format!("user{n}"), &target("fast"));
        }
        assert_eq!((state.pin("alice"), state.core.pins.len()), (None, MOST));
        state.unpin("user3");
        assert_eq!(state.pin("user3"), None);
    }
}
