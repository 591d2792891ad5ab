//! What a provider's filter objects to leaves the history: every later prompt that has it would be refused as well. A provider that
//! objects to the question alone, or gives no answer, leaves nothing to be remembered anyway.

use std::sync::Arc;

use schemas::answered::{Answered, Flagged};
use schemas::ids::UserId;

use super::{Folding, name_of};
use crate::history::speaks_as;
use crate::remembered::Remembered;

/// What became of what was flagged.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    /// The question is to be in no prompt.
    pub(super) question: bool,
    /// Turns of the history have gone.
    pub(super) history: bool,
}

impl Folding<'_> {
    /// Drops the turns of history that an attempt at the turn in flight was flagged for.
    pub(super) fn forget_flagged(&mut self, answered: &Answered, bot: &UserId) -> Forgotten {
        let mut forgotten = Forgotten::default();
        let flagged: Vec<Flagged> = answered.attempts.iter().filter_map(|attempt| attempt.flagged).collect();
        if flagged.is_empty() {
            return forgotten;
        }
        let rounds = self.rounds(name_of(&answered.lane), bot);
        let mut gone = Vec::new();
        for what in flagged {
            match what {
                Flagged::Question => forgotten.question = true,
                Flagged::Conversation => {
                    forgotten.question = true;
                    gone.extend(rounds.iter().flatten().cloned());
                }
                Flagged::Earlier(before) => {
                    let back = usize::try_from(before).unwrap_or(usize::MAX).checked_sub(1);
                    gone.extend(
                        back.and_then(|back| rounds.iter().nth_back(back)).into_iter().flatten().cloned(),
                    );
                }
            }
        }
        forgotten.history = !gone.is_empty();
        self.state.drop_turns(&gone);
        forgotten
    }

    /// The rounds that stand before the turn in flight in its prompt, oldest first: a question with its answer, and what was written by
    /// hand behind it.
    fn rounds(&self, name: &str, bot: &UserId) -> Vec<Vec<Arc<Remembered>>> {
        let in_flight = self.state.lane(name).and_then(|lane| lane.turn.as_ref()).map(|turn| turn.number);
        let past = self.state.past(name).into_iter();
        let before =
            past.take_while(|(number, _)| number.is_none() || *number != in_flight).map(|(_, turn)| turn);
        let mut rounds: Vec<Vec<Arc<Remembered>>> = Vec::new();
        for turn in before.filter(|turn| speaks_as(turn, bot)) {
            match rounds.last_mut() {
                Some(round) if turn.asked.is_empty() => round.push(turn),
                _ => rounds.push(vec![turn]),
            }
        }
        rounds
    }
}
