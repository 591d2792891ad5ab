//! Timers: the end of a merge window, a turn whose request vanished, a conversation that is forgotten.

use catalogue::App;
use schemas::Millis;
use schemas::answer::AnswerSource;
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling};
use schemas::ids::TurnId;
use schemas::state::{CoreState, LaneState, TurnState};

use super::builder::{Cause, StepBuilder};
use super::{Folding, lane_named, settle};
use crate::gate::{Addressee, answers, canned};
use crate::ledger::Ledger;
use crate::reason::Reason;
use crate::rules::Rules;
use crate::state::State;
use crate::step::{At, Output, Step};

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Timer {
    /// The lane of that name: its merge window or its turn in flight.
    Lane(String),
    /// The person who has the conversation was silent for so long that the bot answers again.
    HandBack,
    /// The whole conversation.
    Forget,
}

/// When the earliest timer of a conversation is due, in milliseconds since the epoch.
pub fn due(state: &State) -> Option<Millis> {
    due_of(&state.core)
}

/// As [`due`]: all timers are in the core.
pub(crate) fn due_of(core: &CoreState) -> Option<Millis> {
    earliest(core).map(|(due, _)| due)
}

/// Fires the earliest timer of a conversation if it is due; `ordinal` counts the timers that this clock has fired. A
/// conversation may have several that are due: ask [`due`] again.
pub fn fire(
    rules: Option<&Rules>,
    at: At,
    conversation: &Conversation,
    state: &State,
    ordinal: usize,
) -> Step {
    let mut step = StepBuilder::new(rules, at, conversation, Some(state), Cause { input: "clock", ordinal });
    let now = step.now;
    let Some((_, timer)) = earliest(&state.core).filter(|(due, _)| *due <= now) else {
        return Step { state: Some(state.clone()), outputs: Vec::new() };
    };
    let mut after = state.clone();
    let name = match timer {
        Timer::Lane(name) => name,
        Timer::HandBack => {
            (after.core.person, after.core.person_until) = (None, None);
            step.rule(step.draft(Ruling::Noted), Ruling::Noted, [Reason::HandedBack]);
            return settle(after, Some(state), now, step, None);
        }
        Timer::Forget => {
            step.rule(step.draft(Ruling::Noted), Ruling::Noted, [Reason::Forgotten]);
            return Step { state: None, outputs: step.into_outputs() };
        }
    };
    let app = rules.and_then(|rules| Some((rules, rules.app(conversation.app())?)));
    let lost = after.lane(&name).and_then(|lane| lane.turn.clone());
    let Some((rules, app)) = app else {
        // The bundle knows the app no more: what is pending ends, and nothing is said.
        if let Some(turn) = lost {
            give_up(&mut after, &mut step, None, &name, &turn);
            after.lane_mut(&name).turn = None;
            after.drop_turn(&name, turn.number);
        }
        dismiss(&mut after, &mut step, &name, Ruling::Unconfigured);
        after.drop_idle_lanes();
        return settle(after, Some(state), now, step, None);
    };
    let mut folding = Folding { rules, app, state: after, step };
    match lost {
        Some(turn) if turn.lost_at > now => folding.tell_of_delay(&name, &turn),
        Some(turn) => {
            give_up(&mut folding.state, &mut folding.step, Some(app), &name, &turn);
            folding.close(&lane_named(conversation, &name), None);
        }
        None => folding.open(&lane_named(conversation, &name), None),
    }
    folding.state.drop_idle_lanes();
    settle(folding.state, Some(state), now, folding.step, Some(app))
}

/// The earliest timer. A conversation is forgotten only when nothing is pending in it.
fn earliest(core: &CoreState) -> Option<(Millis, Timer)> {
    let of_turn = |turn: &TurnState| turn.notice_at.map_or(turn.lost_at, |at| at.min(turn.lost_at));
    let of_lane = |lane: &LaneState| lane.turn.as_ref().map(of_turn).or(lane.merge_until);
    let lanes = core.lanes.iter().filter_map(|(name, lane)| Some((of_lane(lane)?, name)));
    let lane = lanes.min().map(|(due, name)| (due, Timer::Lane(name.clone())));
    let back = core.person_until.map(|due| (due, Timer::HandBack));
    let first = match (lane, back) {
        (Some(lane), Some(back)) => Some(if back.0 < lane.0 { back } else { lane }),
        (lane, back) => lane.or(back),
    };
    first.or_else(|| core.forget_at.map(|due| (due, Timer::Forget)))
}

impl Folding<'_> {
    /// Tells whoever waits for the turn in flight that it takes longer, once.
    fn tell_of_delay(&mut self, name: &str, turn: &TurnState) {
        if let Some(turn) = self.state.lane_mut(name).turn.as_mut() {
            turn.notice_at = None;
        }
        let lane = lane_named(&self.step.conversation, name);
        let (app, now) = (self.app, self.step.now);
        let asked = self.state.turn(name, turn.number).map(|entry| entry.asked.clone()).unwrap_or_default();
        let to = Addressee::of_turn(turn.id, &asked, lane).filter(|_| !turn.cancelled);
        let (Some(opener), Some(to), Some(notice)) = (asked.first(), to, &app.notice) else { return };
        // Its parts are none of the answer's.
        let to = Addressee { turn: TurnId::derive(&turn.id.to_string(), 0), ..to };
        let source = AnswerSource::Canned { reason: Reason::StillWorking.label().to_owned() };
        let parts = answers(app, &to, canned(app, &to, &notice.text), &source, now);
        let draft = Decision {
            lane: Some(to.lane.clone()),
            turn: Some(turn.id),
            request: turn.request(),
            parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
            ..self.step.about_waiting(opener, Ruling::Noted)
        };
        self.step.rule(draft, Ruling::Noted, [Reason::StillWorking]);
        self.step.add(parts.into_iter().map(Output::Answer));
    }
}

/// Lets go of what waits in a lane, with a decision on each message.
pub(super) fn dismiss(state: &mut State, step: &mut StepBuilder, name: &str, ruling: Ruling) {
    for (number, message) in state.waiting(name) {
        state.take_waiting(name, number);
        let lane = Some(lane_named(&step.conversation, name));
        step.decide(Decision { lane, ..step.about_waiting(&message, ruling) });
    }
}

/// Gives up a turn that waited too long. If it has a request, that vanished, and money may have been spent on it. The person is told,
/// unless the turn was called off or the app is not configured any more.
fn give_up(state: &mut State, step: &mut StepBuilder, app: Option<&App>, name: &str, turn: &TurnState) {
    let asked = state.turn(name, turn.number).map(|entry| entry.asked.clone()).unwrap_or_default();
    let lane = lane_named(&step.conversation, name);
    let (Some(opener), Some(to)) = (asked.first(), Addressee::of_turn(turn.id, &asked, lane)) else { return };
    let source = AnswerSource::Canned { reason: Reason::Lost.label().to_owned() };
    let app = app.filter(|_| !turn.cancelled);
    let said = |app: &App| answers(app, &to, canned(app, &to, &app.canned.failed), &source, step.now);
    let parts = app.map(said).unwrap_or_default();
    if let Some(app) = app {
        state.keep_answer(app, &parts, asked.iter().map(|message| &message.id), None);
    }
    let lost = Decision {
        lane: Some(to.lane.clone()),
        turn: Some(turn.id),
        request: turn.request(),
        merged: u32::try_from(asked.len()).unwrap_or(u32::MAX),
        parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
        ..step.about_waiting(opener, Ruling::Lost)
    };
    step.rule(lost, Ruling::Lost, turn.cancelled.then_some(Reason::TurnCancelled));
    step.add(parts.into_iter().map(Output::Answer));
    let ledger = |request| Ledger {
        app: step.conversation.app().clone(),
        user: to.user,
        turn: turn.id,
        request,
        message: to.message,
        now: step.now,
    };
    let lost = turn.request().map(ledger).map(|ledger| Output::Ledger(ledger.lost()));
    step.add(lost);
}
