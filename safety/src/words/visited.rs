//! Where walks have been, so that none goes the same way again.

use crate::view::Views;
use crate::words::room::KEPT;

/// A place in the text and in the trie to which a walk has come, with everything that what follows depends on. Of two walks that come
/// to the same state the words that follow are the same, so the second one ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// The node, or what stands for it before there is one.
    pub(crate) node: u32,
    /// Place after the last piece of the text.
    pub(crate) end: u32,
    /// Characters of the last piece, which repeats are told by.
    pub(crate) piece: u32,
    /// Views of all steps.
    pub(crate) views: Views,
    /// Further properties, a bit for each.
    pub(crate) flags: u8,
    /// Which ideographs of the text stand for syllables, as a hash: words are told apart by them at the end.
    pub(crate) form: u32,
}

impl State {
    const NONE: Self = Self { node: 0, end: 0, piece: 0, views: Views::NONE, flags: 0, form: 0 };

    fn hash(&self) -> u64 {
        let spread = |key: u64| {
            let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            key ^ (key >> 32)
        };
        let place = u64::from(self.node) << 32 | u64::from(self.end);
        let kind = u64::from(self.views.bits()) << 40 | u64::from(self.flags) << 32 | u64::from(self.form);
        spread(spread(spread(place) ^ kind) ^ u64::from(self.piece))
    }
}

/// A set of states, emptied without touching its room.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    /// States with the number of the text that they were added for; open addressing.
    places: Vec<(u32, State)>,
    text: u32,
    count: usize,
    /// Every state is new: what it costs to remember nothing.
    #[cfg(test)]
    pub(crate) forgets: bool,
}

/// Room at first.
const ROOM: usize = 256;

impl Visited {
    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.count = 0;
        if self.places.len() > KEPT || self.text == u32::MAX {
            self.places = Vec::new();
            self.text = 0;
        }
        self.text += 1;
    }

    /// Adds a state; tells whether it is new.
    pub(crate) fn add(&mut self, state: State) -> bool {
        #[cfg(test)]
        if self.forgets {
            return true;
        }
        if self.count * 2 >= self.places.len() {
            self.grow();
        }
        let place = self.place(&state);
        match self.places.get_mut(place) {
            Some(free) if free.0 != self.text => {
                *free = (self.text, state);
                self.count += 1;
                true
            }
            _ => false,
        }
    }

    /// Where a state is or goes. There is always room.
    fn place(&self, state: &State) -> usize {
        let mask = self.places.len().wrapping_sub(1);
        let mut place = (state.hash() >> 20) as usize & mask;
        while self.places.get(place).is_some_and(|(text, there)| *text == self.text && there != state) {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let room = (self.places.len() * 2).max(ROOM);
        let old = std::mem::replace(&mut self.places, vec![(0, State::NONE); room]);
        for (text, state) in old {
            let place = self.place(&state);
            if text == self.text
                && let Some(free) = self.places.get_mut(place)
            {
                *free = (text, state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_new_once_for_each_text() {
        let mut visited = Visited::default();
        for _ in 0..3 {
            visited.reset();
            for end in 0..1_000 {
                assert!(visited.add(State { end, ..State::NONE }));
            }
            for end in 0..1_000 {
                assert!(!visited.add(State { end, ..State::NONE }));
                let different = [
                    State { node: 1, end, ..State::NONE },
                    State { piece: 1, end, ..State::NONE },
                    State { views: Views::ALL, end, ..State::NONE },
                    State { flags: 1, end, ..State::NONE },
                    State { form: 1, end, ..State::NONE },
                ];
                assert!(different.into_iter().all(|state| visited.add(state)));
            }
        }
    }

    #[test]
    fn much_room_is_not_kept() {
        let mut visited = Visited::default();
        visited.reset();
        for end in 0..KEPT as u32 {
            visited.add(State { end, ..State::NONE });
        }
        assert!(visited.places.len() > KEPT);
        visited.reset();
        assert!(visited.places.is_empty() && visited.add(State::NONE));
    }
}
