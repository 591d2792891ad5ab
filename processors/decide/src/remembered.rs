//! A turn of history as it is held in memory: with when it was said, and with what it takes of a prompt and of the topic, each found when it is first
//! asked for. All is kept with the turn: every message of a conversation goes through its history, and a turn of history does not change.

use std::ops::Deref;
use std::sync::OnceLock;

use schemas::Millis;
use schemas::state::HistoryTurn;
use serde::{Serialize, Serializer};

use crate::entries::{Stored, json};
use crate::prompt::{Speakers, answer, said};
use crate::route::Line;

/// A turn of history.
#[derive(Debug)]
pub(crate) struct Remembered {
    turn: HistoryTurn,
    said_at: Millis,
    /// What it takes of a prompt that does not name who speaks.
    weight: OnceLock<Weight>,
    /// Bytes of its entry.
    stored: OnceLock<u32>,
}

/// What a turn takes of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weight {
    /// What was asked.
    pub(crate) asked: Line,
    /// What was answered.
    pub(crate) answer: Line,
}

impl Remembered {
    /// Easemob's time of its newest message.
    pub(crate) fn said_at(&self) -> Millis {
        self.said_at
    }

    /// What it takes of a prompt.
    pub(crate) fn weight(&self, speakers: Speakers) -> Weight {
        let weight = || Weight {
            asked: Line::of(&said(&self.turn.asked, speakers)),
            answer: Line::of(answer(&self.turn)),
        };
        match speakers {
            Speakers::One => *self.weight.get_or_init(weight),
            Speakers::Several => weight(),
        }
    }
}

impl Weight {
    /// Estimated tokens of its texts.
    pub(crate) fn tokens(self) -> u64 {
        u64::from(self.asked.tokens) + u64::from(self.answer.tokens)
    }
}

impl From<HistoryTurn> for Remembered {
    fn from(turn: HistoryTurn) -> Self {
        let asked = turn.asked.iter().map(|message| message.sent_at);
        let said_at = asked.chain(turn.by_hand.as_ref().map(|by_hand| by_hand.sent_at)).max();
        Self { said_at: said_at.unwrap_or_default(), turn, weight: OnceLock::new(), stored: OnceLock::new() }
    }
}

impl Deref for Remembered {
    type Target = HistoryTurn;

    fn deref(&self) -> &HistoryTurn {
        &self.turn
    }
}

impl PartialEq for Remembered {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

impl Eq for Remembered {}

impl Serialize for Remembered {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.turn.serialize(to)
    }
}

impl Stored for Remembered {
    fn size(&self) -> usize {
        let size = || u32::try_from(json(&self.turn).len()).unwrap_or(u32::MAX);
        *self.stored.get_or_init(size) as usize
    }

    fn written(&self) -> Vec<u8> {
        let written = json(&self.turn);
        // What it takes was never asked for, or is the same.
        self.stored.set(u32::try_from(written.len()).unwrap_or(u32::MAX)).ok();
        written
    }
}

#[cfg(test)]
mod tests {
    use schemas::state::STATE_VERSION;
    use schemas::text::Text;

    use super::*;

    fn turn(answer: &str) -> Remembered {
        HistoryTurn { answer: Some(Text::from(answer)), ..HistoryTurn::blank(STATE_VERSION) }.into()
    }

    #[test]
    fn what_a_turn_takes_is_the_same_before_and_after_it_is_written() {
        let (asked, written) = (turn("签收\n\"ok\""), turn("签收\n\"ok\""));
        assert_eq!(asked.size(), written.written().len());
        assert_eq!((asked.size(), written.size()), (written.written().len(), asked.written().len()));
    }

    #[test]
    fn what_a_turn_takes_of_a_prompt_is_what_its_texts_take() {
        let turn = turn("包裹已签收");
        for _ in 0..2 {
            let weight = turn.weight(Speakers::One);
            assert_eq!(weight, turn.weight(Speakers::Several));
            assert_eq!((weight.answer, weight.asked), (Line::of("包裹已签收"), Line::of("")));
            assert_eq!(weight.tokens(), 6);
        }
    }
}
