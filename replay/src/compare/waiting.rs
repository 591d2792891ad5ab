//! Verdicts on messages that wait for a turn: the decision that opens it does not repeat them.

use std::collections::{HashMap, VecDeque};

use schemas::conversation::Lane;
use schemas::ids::MessageId;
use schemas::verdict::Action;

/// Most messages of a lane that are remembered: more never wait.
const MOST: usize = 1_024;

/// What the filter said of a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub(super) action: Option<Action>,
    pub(super) rules: Vec<String>,
}

impl Judged {
    /// The stricter action, the rules of both.
    pub(super) fn and(&mut self, other: Judged) {
        self.action = self.action.max(other.action);
        self.rules.extend(other.rules);
        self.rules.sort();
        self.rules.dedup();
    }
}

/// Messages that wait, by their lanes.
#[derive(Debug, Default)]
pub(super) struct Waiting(HashMap<Lane, VecDeque<(MessageId, Judged)>>);

impl Waiting {
    pub(super) fn put(&mut self, lane: &Lane, message: &MessageId, judged: Judged) {
        let waiting = self.0.entry(lane.clone()).or_default();
        if waiting.len() >= MOST {
            waiting.pop_front();
        }
        waiting.push_back((message.clone(), judged));
    }

    /// What was said of the messages of a turn: so many, from the one that opens it on. What waited before it goes.
    pub(super) fn take(&mut self, lane: &Lane, opener: &MessageId, count: u32) -> Option<Judged> {
        let waiting = self.0.get_mut(lane)?;
        let place = waiting.iter().position(|(message, _)| message == opener)?;
        let end = waiting.len().min(place + usize::try_from(count.max(1)).unwrap_or(usize::MAX));
        let mut all = Judged::default();
        waiting.drain(..end).skip(place).for_each(|(_, judged)| all.and(judged));
        if waiting.is_empty() {
            self.0.remove(lane);
        }
        Some(all)
    }
}
