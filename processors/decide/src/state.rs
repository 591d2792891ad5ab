//! State of one conversation, in pieces that are shared by its clones: a clone is the pre-image of every record.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, LazyLock};

use schemas::Millis;
use schemas::ids::{MessageId, UserId};
use schemas::state::{CoreState, HistoryTurn, KeptAnswer, LaneState, STATE_VERSION, WaitingMessage};

use crate::entries::json;
use crate::hash;
use crate::personal::KnownPlaceholders;
use crate::remembered::Remembered;
use crate::seen::Seen;

/// Entries by lane and number. A lane's name is its sender's id; the conversation's own lane has the empty name.
pub(crate) type Numbered<T> = Arc<BTreeMap<(Arc<str>, u64), Arc<T>>>;

/// State of one conversation. Cloning copies the core, which is small, and shares everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(crate) core: CoreState,
    pub(crate) history: Numbered<Remembered>,
    pub(crate) waiting: Numbered<WaitingMessage>,
    pub(crate) answers: Numbered<KeptAnswer>,
    pub(crate) placeholders: Arc<KnownPlaceholders>,
    pub(crate) seen: Seen,
    /// Bytes of every entry besides the core, keys without the conversation included; by it nothing is read anew to know how large the state is.
    pub(crate) stored: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            core: CoreState { version: STATE_VERSION, ..CoreState::default() },
            history: Numbered::default(),
            waiting: Numbered::default(),
            answers: Numbered::default(),
            placeholders: Arc::default(),
            seen: Seen::default(),
            stored: 0,
        }
    }
}

/// Where an entry is: its lane and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) lane: Arc<str>,
    pub(crate) number: u64,
}

/// Where a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It waits.
    Waiting(Slot),
    /// It belongs to the turn in flight of this lane, which was not called off.
    InFlight(Arc<str>),
    /// It is in the history.
    Answered(Slot),
    /// Nothing of it is kept.
    Nowhere,
}

impl State {
    /// The core: lanes with something pending, times, the digest of all else.
    pub fn core(&self) -> &CoreState {
        &self.core
    }

    /// First 16 hex digits of the SHA-256 of the core, whose digest covers every other entry.
    pub fn hash(&self) -> String {
        hash::short(&[&json(&self.core)])
    }

    pub(crate) fn lane(&self, name: &str) -> Option<&LaneState> {
        self.core.lanes.get(name)
    }

    pub(crate) fn lane_mut(&mut self, name: &str) -> &mut LaneState {
        self.core.lanes.entry(name.to_owned()).or_default()
    }

    pub(crate) fn turn(&self, lane: &str, number: u64) -> Option<&Arc<Remembered>> {
        self.history.get(&(name(lane), number))
    }

    /// Adds a turn to a lane and returns its number.
    pub(crate) fn add_turn(&mut self, lane: &str, turn: HistoryTurn) -> u64 {
        let number = next(&self.history, lane);
        self.put_turn(lane, number, turn);
        number
    }

    pub(crate) fn put_turn(&mut self, lane: &str, number: u64, turn: HistoryTurn) {
        Arc::make_mut(&mut self.history).insert((name(lane), number), Arc::new(turn.into()));
    }

    pub(crate) fn drop_turn(&mut self, lane: &str, number: u64) {
        Arc::make_mut(&mut self.history).remove(&(name(lane), number));
    }

    /// Drops these turns, whichever lane they are in.
    pub(crate) fn drop_turns(&mut self, gone: &[Arc<Remembered>]) {
        if !gone.is_empty() {
            let goes = |turn: &Arc<Remembered>| gone.iter().any(|one| Arc::ptr_eq(one, turn));
            Arc::make_mut(&mut self.history).retain(|_, turn| !goes(turn));
        }
    }

    /// Keeps the newest of what was written by hand in a lane, that many.
    pub(crate) fn keep_by_hand(&mut self, lane: &str, most: usize) {
        let by_hand = |(number, turn): (u64, &Arc<Remembered>)| turn.by_hand.is_some().then_some(number);
        let numbers: Vec<u64> = range(&self.history, lane).filter_map(by_hand).collect();
        for number in &numbers[..numbers.len().saturating_sub(most)] {
            self.drop_turn(lane, *number);
        }
    }

    /// Keeps the newest turns of a lane that are over, that many.
    pub(crate) fn keep_said(&mut self, lane: &str, most: usize) {
        let over = |(number, turn): (u64, &Arc<Remembered>)| turn.answer.is_some().then_some(number);
        let numbers: Vec<u64> = range(&self.history, lane).filter_map(over).collect();
        for number in &numbers[..numbers.len().saturating_sub(most)] {
            self.drop_turn(lane, *number);
        }
    }

    /// Forgets the turns of a lane that are over. Tells whether there were any.
    pub(crate) fn forget_said(&mut self, lane: &str) -> bool {
        let before = self.history.len();
        self.keep_said(lane, 0);
        self.history.len() < before
    }

    /// When something was last said in a lane, by Easemob's time.
    pub(crate) fn last_said(&self, lane: &str) -> Option<Millis> {
        range(&self.history, lane).map(|(_, turn)| turn.said_at()).max()
    }

    /// The bot of the newest turn of the conversation.
    pub(crate) fn newest_bot(&self) -> Option<UserId> {
        let newest = self.history.values().max_by_key(|turn| turn.said_at())?;
        let asked = newest.asked.first().map(|message| &message.bot);
        asked.or(newest.by_hand.as_ref().map(|by_hand| &by_hand.bot)).cloned()
    }

    /// Turns that a prompt of a lane may tell of, oldest first: its own, with their numbers, and what was written by hand to the whole
    /// conversation.
    pub(crate) fn past(&self, lane: &str) -> Vec<(Option<u64>, Arc<Remembered>)> {
        let of_all = (!lane.is_empty()).then(|| range(&self.history, "")).into_iter().flatten();
        let to_all = of_all.map(|(_, turn)| turn).filter(|turn| turn.by_hand.is_some());
        let mut to_all = to_all.peekable();
        let mut past = Vec::new();
        for (number, turn) in range(&self.history, lane) {
            while let Some(earlier) = to_all.next_if(|other| other.said_at() < turn.said_at()) {
                past.push((None, Arc::clone(earlier)));
            }
            past.push((Some(number), Arc::clone(turn)));
        }
        past.extend(to_all.map(|turn| (None, Arc::clone(turn))));
        past
    }

    /// Messages of a lane that wait, in the order in which they will be said.
    pub(crate) fn waiting(&self, lane: &str) -> Vec<(u64, Arc<WaitingMessage>)> {
        let order = self.lane(lane).map(|lane| lane.waiting.as_slice()).unwrap_or_default();
        let message = |n: &u64| Some((*n, Arc::clone(self.waiting.get(&(name(lane), *n))?)));
        order.iter().filter_map(message).collect()
    }

    /// Lets a message wait at its place: ordered by Easemob's time, then id.
    pub(crate) fn wait(&mut self, lane: &str, message: WaitingMessage) {
        let before = |m: &WaitingMessage| (m.sent_at, &m.id) < (message.sent_at, &message.id);
        let place = self.waiting(lane).iter().take_while(|(_, m)| before(m)).count();
        let number = next(&self.waiting, lane);
        self.lane_mut(lane).waiting.insert(place, number);
        Arc::make_mut(&mut self.waiting).insert((name(lane), number), Arc::new(message));
    }

    /// Puts a message in the place of one that waits.
    pub(crate) fn replace_waiting(&mut self, lane: &str, number: u64, message: WaitingMessage) {
        Arc::make_mut(&mut self.waiting).insert((name(lane), number), Arc::new(message));
    }

    /// Takes a message out of those that wait. Where none is left, no merge window is open.
    pub(crate) fn take_waiting(&mut self, lane: &str, number: u64) -> Option<Arc<WaitingMessage>> {
        let order = self.lane_mut(lane);
        order.waiting.retain(|n| *n != number);
        if order.waiting.is_empty() {
            (order.merge_until, order.merge_limit) = (None, None);
        }
        Arc::make_mut(&mut self.waiting).remove(&(name(lane), number))
    }

    /// Where a message is.
    pub(crate) fn find(&self, id: &MessageId) -> Place {
        if let Some(((lane, number), _)) = self.waiting.iter().find(|(_, message)| message.id == *id) {
            return Place::Waiting(Slot { lane: Arc::clone(lane), number: *number });
        }
        let Some(((lane, number), turn)) = self.history.iter().find(|(_, turn)| holds(turn, id)) else {
            return Place::Nowhere;
        };
        let in_flight =
            self.lane(lane).and_then(|lane| lane.turn.as_ref()).filter(|turn| turn.number == *number);
        match in_flight {
            Some(turn) if !turn.cancelled => Place::InFlight(Arc::clone(lane)),
            None if turn.answer.is_some() => {
                Place::Answered(Slot { lane: Arc::clone(lane), number: *number })
            }
            _ => Place::Nowhere,
        }
    }

    /// Who asked, and whom: of the turn that this message opened, if it is still known.
    pub(crate) fn asker(&self, message: &MessageId) -> Option<UserId> {
        let asked = self.history.values().flat_map(|turn| &turn.asked);
        asked.into_iter().find(|m| m.id == *message).map(|m| m.sender.clone())
    }

    /// Drops the history of lanes in which nothing is pending and nothing was said since `oldest`.
    pub(crate) fn forget_lanes(&mut self, oldest: Millis) {
        let mut old: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut next = self.history.first_key_value();
        // From lane to lane: where something is pending nothing has to be looked at.
        while let Some(((lane, _), _)) = next {
            let is_quiet = !self.core.lanes.contains_key(lane.as_ref());
            if is_quiet && self.last_said(lane).is_none_or(|last| last < oldest) {
                old.insert(Arc::clone(lane));
            }
            let behind = (Bound::Excluded((Arc::clone(lane), u64::MAX)), Bound::Unbounded);
            next = self.history.range(behind).next();
        }
        if !old.is_empty() {
            Arc::make_mut(&mut self.history).retain(|(lane, _), _| !old.contains(lane));
            self.core.pins.retain(|pin| !old.contains(pin.lane.as_str()));
        }
    }

    /// Drops lanes in which nothing is pending: all that is to be known of them is in the other entries.
    pub(crate) fn drop_idle_lanes(&mut self) {
        self.core.lanes.retain(|_, lane| lane.turn.is_some() || !lane.waiting.is_empty());
    }

    /// Something is kept that a message, an outcome or a person may need.
    pub(crate) fn holds_talk(&self) -> bool {
        !self.core.lanes.is_empty()
            || !self.history.is_empty()
            || !self.answers.is_empty()
            || self.core.person.is_some()
            || !self.core.questions.is_empty()
    }

    /// Nothing is kept at all.
    pub(crate) fn is_blank(&self) -> bool {
        !self.holds_talk() && self.waiting.is_empty() && self.seen.0.is_empty()
    }
}

fn holds(turn: &HistoryTurn, id: &MessageId) -> bool {
    turn.asked.iter().any(|message| message.id == *id)
        || turn.by_hand.as_ref().is_some_and(|by_hand| by_hand.message == *id)
}

/// The name of a lane, as keys have it. Most lanes are their conversation's own, and share its empty one.
pub(crate) fn name(lane: &str) -> Arc<str> {
    static OWN: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));
    if lane.is_empty() { Arc::clone(&OWN) } else { Arc::from(lane) }
}

pub(crate) fn range<'a, T>(
    entries: &'a Numbered<T>,
    lane: &str,
) -> impl DoubleEndedIterator<Item = (u64, &'a Arc<T>)> {
    let lane = name(lane);
    entries.range((Arc::clone(&lane), 0)..=(lane, u64::MAX)).map(|((_, number), entry)| (*number, entry))
}

pub(crate) fn next<T>(entries: &Numbered<T>, lane: &str) -> u64 {
    range(entries, lane).next_back().map_or(0, |(number, _)| number + 1)
}
