//! History: which answered turns stay.

use std::sync::Arc;

use catalogue::dialogue::Session;
use schemas::Millis;
use schemas::ids::UserId;
use schemas::state::{HistoryTurn, Media, STATE_VERSION, WaitingMessage};
use schemas::text::Text;

use crate::parts::json_size;
use crate::prompt::Speakers;
use crate::remembered::Remembered;
use crate::route::PromptBudget;

/// An answer that is larger as JSON is not remembered: its entry must fit a record.
const LARGEST_ANSWER: usize = 256 * 1_024;

/// What bounds a history besides the room of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most turns.
    most: usize,
    /// Most tokens, as estimated.
    tokens: Option<u32>,
    /// The greatest age of a turn, and the time that it is measured from.
    age: Option<(Millis, Millis)>,
}

impl Limits {
    /// At most so many turns, and what a session's policy says now.
    pub(crate) fn of(most: usize, session: &Session, now: Millis) -> Self {
        Self { most, tokens: session.history_tokens, age: session.history_age_ms.map(|age| (age, now)) }
    }

    fn half(self) -> Self {
        Self {
            most: self.most.div_ceil(2),
            tokens: self.tokens.map(|most| most / 2),
            age: self.age.map(|(age, now)| (age / 2, now)),
        }
    }

    fn is_young(&self, turn: &Remembered) -> bool {
        self.age.is_none_or(|(age, now)| now - turn.said_at() <= age)
    }
}

/// How many of `turns` (oldest first) stay in a prompt of this budget within the limits. All of them while they fit; else the newest
/// within half the limits and half the budget, so that the next prompts begin alike and providers' prefix caches hold.
pub(crate) fn staying(
    turns: &[Arc<Remembered>],
    budget: PromptBudget,
    limits: Limits,
    speakers: Speakers,
) -> usize {
    let fitting = |budget: PromptBudget, limits: Limits| {
        let mut left = Some(limits.tokens.map_or(budget, |most| budget.at_most(most)));
        turns
            .iter()
            .rev()
            .take(limits.most)
            .take_while(|turn| limits.is_young(turn))
            .take_while(|turn| {
                left = left.and_then(|left| less(left, turn, speakers));
                left.is_some()
            })
            .count()
    };
    let whole = fitting(budget, limits);
    if whole == turns.len() { whole } else { fitting(budget.half(), limits.half()).max(whole.min(1)) }
}

/// How many of `past` (oldest first, with their numbers) are told in a prompt that takes at most `most` of them. All of them while they fit;
/// else the newest, from a turn on whose number is a multiple of half of what fits, so that the next prompts begin alike.
pub(crate) fn shown(
    past: &[(Option<u64>, Arc<Remembered>)],
    budget: PromptBudget,
    most: usize,
    speakers: Speakers,
) -> usize {
    let mut left = Some(budget);
    let newest = past.iter().rev().take(most).take_while(|(_, turn)| {
        left = left.and_then(|left| less(left, turn, speakers));
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

/// What is left of a budget after a turn.
fn less(left: PromptBudget, turn: &Remembered, speakers: Speakers) -> Option<PromptBudget> {
    let weight = turn.weight(speakers);
    left.less_line(weight.asked)?.less_line(weight.answer)
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
        asked: told_later(&turn.asked),
        answer: Some(Text::from(answer)),
        ..HistoryTurn::blank(STATE_VERSION)
    })
}

/// Messages as a history has them: it tells of pictures and not where they are.
pub(crate) fn told_later(asked: &[WaitingMessage]) -> Vec<WaitingMessage> {
    let without = |message: &WaitingMessage| WaitingMessage {
        media: message.media.as_ref().map(|_| Box::new(Media::default())),
        ..message.clone()
    };
    asked.iter().map(without).collect()
}

#[cfg(test)]
mod tests {
    use schemas::event::MessageKind;
    use schemas::ids::MessageId;
    use schemas::state::WaitingMessage;

    use super::*;

    fn turns(count: usize) -> Vec<Arc<Remembered>> {
        let asked = |n: usize| WaitingMessage {
            id: MessageId::new(format!("acme#support/chat/{n}")).unwrap(),
            sender: UserId::new("alice").unwrap(),
            bot: UserId::new("bot").unwrap(),
            kind: MessageKind::Text,
            text: Text::from("a question".repeat(10)),
            sent_at: 1,
            round: 0,
            marks: None,
            media: None,
            held: None,
        };
        let turn = |n| HistoryTurn {
            asked: vec![asked(n)],
            answer: Some(Text::from("an answer")),
            ..HistoryTurn::blank(1)
        };
        (0..count).map(|n| Arc::new(turn(n).into())).collect()
    }

    fn most(turns: usize) -> Limits {
        Limits::of(turns, &Session::default(), 1)
    }

    #[test]
    fn tokens_and_age_bound_a_history_and_half_of_them_stays() {
        let wide = PromptBudget::of_window(100_000);
        let kept =
            |session: &Session, now| staying(&turns(8), wide, Limits::of(20, session, now), Speakers::One);
        // One turn takes 47 tokens.
        let tokens = |most| Session { history_tokens: Some(most), ..Session::default() };
        assert_eq!((kept(&tokens(8 * 47), 1), kept(&tokens(8 * 47 - 1), 1), kept(&tokens(46), 1)), (8, 3, 0));
        let age = |age| Session { history_age_ms: Some(age), ..Session::default() };
        assert_eq!((kept(&age(10), 11), kept(&age(10), 12)), (8, 0));
    }

    #[test]
    fn everything_stays_while_it_fits_and_half_when_it_does_not() {
        let budget = PromptBudget::of_window(10_000);
        let kept: Vec<usize> = (0..=8).map(|n| staying(&turns(n), budget, most(6), Speakers::One)).collect();
        assert_eq!(kept, [0, 1, 2, 3, 4, 5, 6, 3, 3]);
        assert_eq!(staying(&turns(3), budget, most(0), Speakers::One), 0);
        assert_eq!(staying(&turns(2), budget, most(1), Speakers::One), 1);
    }

    #[test]
    fn a_narrow_window_keeps_the_newest_turn_if_it_fits_at_all() {
        // One turn takes 30 × 1.15 + 4 and 3 × 1.15 + 4 tokens, rounded up: 47.
        assert_eq!(staying(&turns(5), PromptBudget::of_window(4 * 47), most(20), Speakers::One), 2);
        assert_eq!(staying(&turns(5), PromptBudget::of_window(50), most(20), Speakers::One), 1);
        assert_eq!(staying(&turns(5), PromptBudget::of_window(40), most(20), Speakers::One), 0);
    }

    #[test]
    fn an_answer_that_no_entry_can_hold_is_not_remembered() {
        let turn = &turns(1)[0];
        assert!(completed(turn, &"\"".repeat(LARGEST_ANSWER / 2)).is_some());
        assert!(completed(turn, &"\"".repeat(LARGEST_ANSWER / 2 + 1)).is_none());
    }
}
