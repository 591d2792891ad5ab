//! How large everything may be that is stored of a conversation.
//!
//! What is remembered goes first, the oldest of it in front: answered turns, then answers that may be taken back, questions that may come
//! again, targets that sessions stay on, windows of persons who were answered lately. What somebody waits for never goes: a message for
//! which that leaves no room is refused when it comes. Marks of seen messages are counted up to a quarter of the bound and stay in any
//! case: without them a message would be answered twice.

use std::sync::Arc;

use schemas::state::{KeptAnswer, WaitingMessage};

use crate::entries::{Changes, Stored, json};
use crate::remembered::Remembered;
use crate::state::State;

/// What a lane in which something is pending may grow by until that is over: a turn, and what a message has when it is asked again.
const PER_LANE: usize = 512;
/// What a datum behind a placeholder takes at most for each byte that was written, and what it takes besides.
const PER_BYTE: usize = 12;

/// The bound of one conversation, in bytes of keys and values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    most: usize,
    /// Bytes of the conversation's text form, which every key begins with.
    key: usize,
}

impl Bound {
    /// At most so many bytes, for a conversation whose text form has so many.
    pub(crate) fn of(most: u32, key: usize) -> Self {
        Self { most: most as usize, key }
    }

    /// Lets go of what is remembered until the rest is within the bound; tells whether something went. `before` is the state that the step began
    /// with.
    pub(crate) fn keep(self, state: &mut State, before: Option<&State>) -> bool {
        let mut lack = self.lack(state);
        let has_gone = lack > 0;
        while lack > 0 && self.let_go(state, lack) {
            state.forget_unnamed(before);
            state.weigh(before);
            lack = self.lack(state);
        }
        has_gone
    }

    /// Whether a message may wait in a lane of this state, whatever is remembered besides. `written` is what it says before personal data are
    /// hidden, in bytes.
    pub(crate) fn has_room(
        self,
        state: &State,
        name: &str,
        message: &WaitingMessage,
        written: usize,
    ) -> bool {
        let upper = PER_BYTE * written + json_upper(message) + 2 * PER_LANE;
        if self.counted(state) + core_upper(state) + upper <= self.most {
            return true;
        }
        let mut least = state.clone();
        least.wait(name, message.clone());
        least.forget_what_is_remembered();
        least.forget_unnamed(None);
        least.weigh(None);
        let pending = least.core.lanes.len();
        self.counted(&least) + json(&least.core).len() + PER_LANE * pending <= self.most
    }

    /// How many bytes are too many.
    fn lack(self, state: &State) -> usize {
        let counted = self.counted(state);
        if counted + core_upper(state) <= self.most {
            return 0;
        }
        (counted + json(&state.core).len()).saturating_sub(self.most)
    }

    /// Everything but the core's value, with what counts of the marks.
    fn counted(self, state: &State) -> usize {
        let entries =
            state.history.len() + state.waiting.len() + state.answers.len() + state.seen.0.len() + 2;
        let all = state.stored + entries * self.key;
        let marks = state.seen.stored(self.key);
        all - marks.saturating_sub(self.most / 4)
    }

    /// Lets go of the oldest of what is remembered. Turns go in a block, so that the next prompts begin alike.
    fn let_go(self, state: &mut State, lack: usize) -> bool {
        let block = lack + self.most / 4;
        forget_turns(state, block)
            || forget_answers(state, lack)
            || take_first(&mut state.core.questions, 4)
            || take_first(&mut state.core.pins, 4)
            || take_first(&mut state.core.recent, 4)
    }
}

impl State {
    /// Notes how much is stored after the step that began with `before`.
    pub(crate) fn weigh(&mut self, before: Option<&Self>) -> Changes {
        let changes = Changes::between(before, self);
        self.stored = changes.stored(before.map_or(0, |before| before.stored));
        changes
    }

    /// Lets go of everything that may go.
    fn forget_what_is_remembered(&mut self) {
        forget_turns(self, usize::MAX);
        forget_answers(self, usize::MAX);
        self.core.questions.clear();
        self.core.pins.clear();
        self.core.recent.clear();
    }
}

/// Forgets answered turns of any lane, the oldest first and summaries last, until so many bytes are gone.
fn forget_turns(state: &mut State, bytes: usize) -> bool {
    let mut old: Vec<_> = state.history.iter().filter(|(_, turn)| turn.answer.is_some()).collect();
    old.sort_by_key(|(key, turn)| (turn.summary, turn.said_at(), (*key).clone()));
    let gone: Vec<Arc<Remembered>> = enough(old.into_iter().map(|(_, turn)| turn), bytes, Stored::size);
    state.drop_turns(&gone);
    !gone.is_empty()
}

/// Forgets answers that may be taken back, those under review last.
fn forget_answers(state: &mut State, bytes: usize) -> bool {
    let mut old: Vec<_> = state.answers.iter().collect();
    old.sort_by_key(|(key, kept)| (kept.on_error.is_some(), kept.answer.decided_at, (*key).clone()));
    let gone: Vec<Arc<KeptAnswer>> =
        enough(old.into_iter().map(|(_, kept)| kept), bytes, |kept| json(kept).len());
    if !gone.is_empty() {
        Arc::make_mut(&mut state.answers).retain(|_, kept| !gone.iter().any(|one| Arc::ptr_eq(one, kept)));
    }
    !gone.is_empty()
}

/// The first of these that together have so many bytes.
fn enough<'a, T: 'a>(
    all: impl Iterator<Item = &'a Arc<T>>,
    bytes: usize,
    size: impl Fn(&T) -> usize,
) -> Vec<Arc<T>> {
    let mut left = bytes;
    let mut taken = Vec::new();
    for one in all {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(size(one));
        taken.push(Arc::clone(one));
    }
    taken
}

/// Takes so many out in front.
fn take_first<T>(list: &mut Vec<T>, count: usize) -> bool {
    list.drain(..count.min(list.len())).count() > 0
}

/// What a message takes as JSON at most, but for its texts.
fn json_upper(message: &WaitingMessage) -> usize {
    let marks = message.marks.as_deref().map_or(0, |marks| {
        let tags = marks.tags.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 8);
        let words = marks.rules.iter().chain(&marks.categories).map(|word| 6 * word.len() + 4);
        tags.chain(words).sum()
    });
    marks + PER_LANE
}

/// What the core takes as JSON at most: names have no characters that JSON writes longer.
fn core_upper(state: &State) -> usize {
    let core = &state.core;
    let lanes = core.lanes.iter().map(|(name, lane)| 2 * name.len() + 320 + 21 * lane.waiting.len());
    let recent = core.recent.iter().map(|one| 2 * one.person.as_str().len() + 80);
    let pins = core.pins.iter().map(|pin| 2 * (pin.lane.len() + pin.target.as_str().len()) + 24);
    256 + 2 * 64 + lanes.chain(recent).chain(pins).sum::<usize>() + 56 * core.questions.len()
}
