//! Turns: opened for the messages that wait, called off, closed.

use std::sync::Arc;

use schemas::conversation::Lane;
use schemas::decision::{Decision, Route, Ruling};
use schemas::ids::{MessageId, RequestId, UserId};
use schemas::request::{Request, RequestKind};
use schemas::state::{HistoryTurn, STATE_VERSION, TurnState, WaitingMessage};

use super::{Folding, name_of};
use crate::gate::Addressee;
use crate::history::staying;
use crate::prompt::{PromptBudget, lines, said};
use crate::reason;
use crate::rules::shared;
use crate::step::Output;

impl Folding<'_> {
    /// Opens a turn for messages that wait, if some can be asked. `draft` is a decision on the one message that came, when
    /// it opens the turn itself.
    pub(super) fn open(&mut self, lane: &Lane, mut draft: Option<Decision>) {
        let name = name_of(lane);
        while let Some((number, opener)) = self.state.waiting(name).into_iter().next() {
            let about = draft.take().unwrap_or_else(|| self.step.about_waiting(&opener, Ruling::Asked));
            let draft = Decision { lane: Some(lane.clone()), ..about };
            if let Some((asked, room)) = self.take_fitting(lane, &opener) {
                return self.ask(lane, draft, asked, room);
            }
            self.state.take_waiting(name, number);
            self.refuse(draft, &opener, lane, reason::TOO_LONG);
        }
    }

    /// Takes the first of the waiting messages that speak to the same bot, as many as a prompt has room for, and gives
    /// the room that is left for history.
    fn take_fitting(
        &mut self,
        lane: &Lane,
        opener: &WaitingMessage,
    ) -> Option<(Vec<WaitingMessage>, PromptBudget)> {
        let name = name_of(lane);
        let (mut asked, mut left) = (Vec::new(), None);
        let waiting = self.state.waiting(name).into_iter().filter(|(_, m)| m.bot == opener.bot);
        for (number, message) in waiting {
            asked.push(message.as_ref().clone());
            let Some(room) = self.app.room.and_then(|room| room.less(&said(&asked, shared(lane)))) else {
                asked.pop();
                break;
            };
            left = Some(room);
            self.state.take_waiting(name, number);
        }
        Some((asked, left?))
    }

    fn ask(&mut self, lane: &Lane, draft: Decision, asked: Vec<WaitingMessage>, room: PromptBudget) {
        let Some(opener) = asked.first() else { return };
        let (name, now, app) = (name_of(lane), self.step.now, &self.app.app);
        let to = Addressee::of(opener, lane.clone());
        let request = RequestId::derive(&to.turn.to_string(), 0);
        let (turns, trimmed) = self.trim(lane, room);
        let history = turns.iter().map(AsRef::as_ref).filter(|turn| speaks_as(turn, &to.bot));
        let prompt = lines(&app.system_prompt, history, &asked, shared(lane));
        let route = Route { chain: app.chain.clone(), rule: "chain".to_owned() };
        let draft = Decision {
            turn: Some(to.turn),
            request: Some(request),
            merged: u32::try_from(asked.len()).unwrap_or(u32::MAX),
            route: Some(route),
            ..draft
        };
        self.step.rule(draft, Ruling::Asked, if trimmed { &[reason::HISTORY_TRIMMED] } else { &[] });
        self.step.add([Output::Request(Request {
            id: request,
            kind: RequestKind::Answer,
            turn: to.turn,
            lane: to.lane,
            bot: to.bot,
            user: to.user,
            message: to.message,
            chain: app.chain.clone(),
            allowed_regions: app.allowed_regions.clone(),
            prompt,
            max_output_tokens: app.max_output_tokens,
            temperature_milli: app.temperature_milli,
            answer_by: now + app.answer_within_ms,
            bundle: self.rules.hash.clone(),
            decided_at: now,
        })]);
        let number = self
            .state
            .add_turn(name, HistoryTurn { version: STATE_VERSION, asked, answer: None, by_hand: None });
        let lost_at = now + app.lost_after_ms;
        let state = self.state.lane_mut(name);
        state.turn = Some(TurnState { id: to.turn, request, number, lost_at, cancelled: false });
        (state.merge_until, state.merge_limit, state.told_full) = (None, None, false);
    }

    /// Drops history that no prompt has room for any more; gives what stays, and whether there was something to drop.
    fn trim(&mut self, lane: &Lane, room: PromptBudget) -> (Vec<Arc<HistoryTurn>>, bool) {
        let name = name_of(lane);
        let (numbers, mut turns): (Vec<Option<u64>>, Vec<_>) = self.state.past(name).into_iter().unzip();
        let staying = staying(&turns, room, self.app.app.history_turns as usize, shared(lane));
        let gone = turns.len() - staying;
        for number in numbers[..gone].iter().flatten() {
            self.state.drop_turn(name, *number);
        }
        turns.drain(..gone);
        (turns, gone > 0)
    }

    /// Calls the turn in flight off because of one of its messages, which is returned; the others wait again. The lane
    /// stays taken until the turn's outcome or its safety timer comes: one turn in flight per lane.
    pub(super) fn call_off(&mut self, name: &str, because: &MessageId) -> Option<WaitingMessage> {
        let turn = self.state.lane_mut(name).turn.as_mut()?;
        turn.cancelled = true;
        let number = turn.number;
        let asked = self.state.turn(name, number)?.asked.clone();
        let again = |m: WaitingMessage| WaitingMessage { round: m.round + 1, ..m };
        let (mut named, others): (Vec<_>, Vec<_>) =
            asked.into_iter().map(again).partition(|m| m.id == *because);
        for message in others {
            self.state.wait(name, message);
        }
        named.pop()
    }

    /// Ends the turn in flight; its entry stays if it was answered. Then the next turn opens.
    pub(super) fn close(&mut self, lane: &Lane, answered: Option<HistoryTurn>) {
        let name = name_of(lane);
        let Some(turn) = self.state.lane_mut(name).turn.take() else { return };
        match answered.filter(|_| self.app.app.history_turns > 0) {
            Some(entry) => self.state.put_turn(name, turn.number, entry),
            None => self.state.drop_turn(name, turn.number),
        }
        self.state.forget_lanes(self.step.now - self.app.app.forget_after_ms);
        self.open(lane, None);
    }
}

/// All of the turn was between that bot and people.
fn speaks_as(turn: &HistoryTurn, bot: &UserId) -> bool {
    turn.asked
        .iter()
        .map(|message| &message.bot)
        .chain(turn.by_hand.as_ref().map(|by_hand| &by_hand.bot))
        .all(|one| one == bot)
}
