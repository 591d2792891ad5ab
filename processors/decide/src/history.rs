//! History: which answered turns stay.

use std::sync::Arc;

use schemas::ids::UserId;
use schemas::state::{HistoryTurn, STATE_VERSION};
use schemas::text::Text;

use crate::parts::json_size;
use crate::prompt::{Speakers, answer, said};
use crate::route::PromptBudget;

/// An answer that is larger as JSON is not remembered: its entry must fit a record.
const LARGEST_ANSWER: usize = 256 * 1_024;

/// How many of `turns` (oldest first) stay in a prompt of this budget, at most `most` of them. All of them while they fit; else the newest
/// of half the number and half the budget, so that the next prompts begin alike and providers' prefix caches hold.
pub(crate) fn staying(
    turns: &[Arc<HistoryTurn>],
    budget: PromptBudget,
    most: usize,
    speakers: Speakers,
) -> usize {
    let fitting = |budget: PromptBudget| {
        let mut left = Some(budget);
        turns
            .iter()
            .rev()
            .take_while(|turn| {
                left = left.and_then(|left| left.less(&said(&turn.asked, speakers))?.less(answer(turn)));
                left.is_some()
            })
            .count()
    };
    let whole = fitting(budget).min(most);
    if whole == turns.len() { whole } else { fitting(budget.half()).min(most.div_ceil(2)).max(whole.min(1)) }
}

/// How many of `past` (oldest first, with their numbers) are told in a prompt that takes at most `most` of them. All of them while they fit;
/// else the newest, from a turn on whose number is a multiple of half of what fits, so that the next prompts begin alike.
pub(crate) fn shown(
    past: &[(Option<u64>, Arc<HistoryTurn>)],
    budget: PromptBudget,
    most: usize,
    speakers: Speakers,
) -> usize {
    let mut left = Some(budget);
    let newest = past.iter().rev().take(most).take_while(|(_, turn)| {
        left = left.and_then(|left| left.less(&said(&turn.asked, speakers))?.less(answer(turn)));
        left.is_some()
    });
    let fitting = newest.count();
    if fitting == past.len() {
        return fitting;
    }
    let block = (fitting as u64).div_ceil(2).max(1);
    let first =
        past.iter().skip(past.len() - fitting).position(|(number, _)| number.is_some_and(|n| n % block == 0));
    fitting - first.unwrap_or(0)
}

/// All of the turn was between that bot and people.
pub(crate) fn speaks_as(turn: &HistoryTurn, bot: &UserId) -> bool {
    let asked = turn.asked.iter().map(|message| &message.bot);
    asked.chain(turn.by_hand.as_ref().map(|by_hand| &by_hand.bot)).all(|one| one == bot)
}

/// The turn with its answer, or `None` when it is too large to be remembered.
pub(crate) fn completed(turn: &HistoryTurn, answer: &str) -> Option<HistoryTurn> {
    let fits = json_size(answer) <= LARGEST_ANSWER;
    fits.then(|| HistoryTurn {
        version: STATE_VERSION,
        asked: turn.asked.clone(),
        answer: Some(Text::from(answer)),
        by_hand: None,
    })
}

#[cfg(test)]
mod tests {
    use schemas::event::MessageKind;
    use schemas::ids::MessageId;
    use schemas::state::WaitingMessage;

    use super::*;

    fn turns(count: usize) -> Vec<Arc<HistoryTurn>> {
        let asked = |n: usize| WaitingMessage {
            id: MessageId::new(format!("acme#support/chat/{n}")).unwrap(),
            sender: UserId::new("alice").unwrap(),
            bot: UserId::new("bot").unwrap(),
            kind: MessageKind::Text,
            text: Text::from("a question".repeat(10)),
            sent_at: 1,
            round: 0,
            marks: None,
            held: None,
        };
        let turn = |n| HistoryTurn {
            version: 1,
            asked: vec![asked(n)],
            answer: Some(Text::from("an answer")),
            by_hand: None,
        };
        (0..count).map(|n| Arc::new(turn(n))).collect()
    }

    #[test]
    fn everything_stays_while_it_fits_and_half_when_it_does_not() {
        let budget = PromptBudget::of_window(10_000);
        let kept: Vec<usize> = (0..=8).map(|n| staying(&turns(n), budget, 6, Speakers::One)).collect();
        assert_eq!(kept, [0, 1, 2, 3, 4, 5, 6, 3, 3]);
        assert_eq!(staying(&turns(3), budget, 0, Speakers::One), 0);
        assert_eq!(staying(&turns(2), budget, 1, Speakers::One), 1);
    }

    #[test]
    fn a_narrow_window_keeps_the_newest_turn_if_it_fits_at_all() {
        // One turn takes 30 × 1.15 + 4 and 3 × 1.15 + 4 tokens, rounded up: 47.
        assert_eq!(staying(&turns(5), PromptBudget::of_window(4 * 47), 20, Speakers::One), 2);
        assert_eq!(staying(&turns(5), PromptBudget::of_window(50), 20, Speakers::One), 1);
        assert_eq!(staying(&turns(5), PromptBudget::of_window(40), 20, Speakers::One), 0);
    }

    #[test]
    fn an_answer_that_no_entry_can_hold_is_not_remembered() {
        let turn = &turns(1)[0];
        assert!(completed(turn, &"\"".repeat(LARGEST_ANSWER / 2)).is_some());
        assert!(completed(turn, &"\"".repeat(LARGEST_ANSWER / 2 + 1)).is_none());
    }
}
