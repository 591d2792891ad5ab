//! Messages that the filter holds: each opens a turn of its own, which waits for a review before anything is asked.

use catalogue::ReviewPolicy;
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::ids::TurnId;
use schemas::request::{PromptLine, Request, RequestKind, Role};
use schemas::review::Level;
use schemas::state::{HistoryTurn, Phase, Prerequisite, STATE_VERSION, TurnState, WaitingMessage};
use schemas::text::Text;

use super::refuse::Refusal;
use super::{Folding, name_of};
use crate::gate::Addressee;
use crate::ledger::Ledger;
use crate::parts::json_size;
use crate::reason::Reason;
use crate::step::Output;

/// Most tokens that a judge may use for its one word: some count a few before it.
const TOKENS_OF_A_WORD: u32 = 64;
/// Most bytes as JSON of what is reviewed, so that a request stays well below what the topic takes.
const MOST_BYTES: usize = 512 * 1_024;

impl Folding<'_> {
    /// Opens the turn of a held message: it goes to its reviewer, or the app's policy says at once what becomes of it. The message does
    /// not wait any more.
    pub(super) fn review(&mut self, lane: &Lane, draft: Decision, message: WaitingMessage) {
        let Some(policy) = self.app.review.as_ref() else {
            return self.refuse_asked(draft, &message, lane, Refusal::Held);
        };
        let text = reviewed(&message);
        if json_size(&text) > MOST_BYTES {
            let mut draft = draft;
            draft.reasons.push(Reason::ReviewAway.label().to_owned());
            return self.go_on(lane, draft, message, policy.lets_on(None));
        }
        let to = Addressee::of(&message, lane.clone());
        self.send(policy, draft, &to, text);
        let entry = HistoryTurn { version: STATE_VERSION, asked: vec![message], answer: None, by_hand: None };
        let (name, lost_at) = (name_of(lane), self.step.now + self.app.lost_after_ms);
        let number = self.state.add_turn(name, entry);
        let phase = Phase::Pending { awaits: Prerequisite::Review };
        let state = self.state.lane_mut(name);
        state.turn = Some(TurnState { id: to.turn, phase, number, lost_at, cancelled: false });
        (state.merge_until, state.merge_limit, state.told_full) = (None, None, false);
    }

    /// Sends a review, with the decision that says so.
    fn send(&mut self, policy: &ReviewPolicy, draft: Decision, to: &Addressee, text: String) {
        let (now, request) = (self.step.now, RequestKind::Review.of_turn(to.turn));
        let draft = Decision { turn: Some(to.turn), request: Some(request), merged: 1, ..draft };
        self.step.rule(draft, Ruling::Held, None);
        self.step.add([Output::Request(Request {
            id: request,
            kind: RequestKind::Review,
            turn: to.turn,
            lane: to.lane.clone(),
            bot: to.bot.clone(),
            user: to.user.clone(),
            message: to.message.clone(),
            chain: vec![policy.reviewer.clone()],
            allowed_regions: self.app.allowed_regions.clone(),
            prompt: vec![PromptLine { role: Role::User, text: Text::from(text) }],
            max_output_tokens: TOKENS_OF_A_WORD,
            temperature_milli: None,
            thinking: None,
            stop: Vec::new(),
            fallback_after_block: None,
            hedge_after_ms: None,
            answer_by: now + policy.within_ms,
            bundle: self.rules.hash.clone(),
            decided_at: now,
        })]);
    }

    /// A review ended: the turn that waits for it goes on, or ends with what the app says instead.
    pub(super) fn review_came(&mut self, answered: &Answered) {
        let name = name_of(&answered.lane);
        let turn = self.state.lane(name).and_then(|lane| lane.turn.as_ref());
        let Some(turn) = turn.filter(|turn| awaits(turn, answered)).cloned() else {
            return self.late(answered);
        };
        let message = self.state.turn(name, turn.number).and_then(|entry| entry.asked.first().cloned());
        let Some(message) = message.filter(|_| !turn.cancelled) else {
            self.late(answered);
            return self.close(&answered.lane, None);
        };
        let (level, word) = heard(&answered.outcome);
        // A bundle that knows of no reviews any more lets nothing on that nobody has called safe.
        let policy = self.app.review.as_ref();
        let goes_on = policy.map_or(level == Some(Level::Safe), |policy| policy.lets_on(level));
        let reasons = [Reason::of_review(level).label()].into_iter().chain(word).map(str::to_owned).collect();
        let sender = Some(message.sender.clone());
        let draft = Decision { sender, merged: 1, reasons, ..self.about_outcome(answered) };
        let booked = Ledger::of(answered, message.sender.clone(), self.step.now).reviews(answered, policy);
        // The turn opens anew with its request, or is over.
        self.leave_lane(name, turn.id);
        let lane = answered.lane.clone();
        self.go_on(&lane, draft, message, goes_on);
        self.step.add(booked.into_iter().map(Output::Ledger));
        if self.state.lane_mut(name_of(&lane)).turn.is_none() {
            self.open(&lane, None);
        }
    }

    /// Asks what was held, or refuses it.
    fn go_on(&mut self, lane: &Lane, draft: Decision, message: WaitingMessage, goes_on: bool) {
        if !goes_on {
            return self.refuse_asked(draft, &message, lane, Refusal::Held);
        }
        let message = WaitingMessage { held: None, ..message };
        match self.question(lane, vec![message.clone()]) {
            Some(question) => self.ask(lane, draft, question),
            None => self.refuse_asked(draft, &message, lane, Refusal::TooLong),
        }
    }

    /// Takes a turn and its entry out of its lane.
    fn leave_lane(&mut self, name: &str, id: TurnId) {
        if let Some(turn) = self.state.lane_mut(name).turn.take_if(|turn| turn.id == id) {
            self.state.drop_turn(name, turn.number);
        }
    }
}

/// Everything that a message says, as its reviewer gets it.
fn reviewed(message: &WaitingMessage) -> String {
    let others = message.held.iter().flat_map(|held| &held.others);
    let texts = [&message.text].into_iter().chain(others).filter_map(Text::plain);
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The turn waits for this very outcome.
fn awaits(turn: &TurnState, answered: &Answered) -> bool {
    let phase = Phase::Pending { awaits: Prerequisite::Review };
    turn.id == answered.turn && turn.phase == phase && turn.request() == Some(answered.request)
}

/// What a reviewer says, and its own word, or call's for why it says nothing.
fn heard(outcome: &Outcome) -> (Option<Level>, Option<&str>) {
    match outcome {
        Outcome::Reviewed { level, category, .. } => (Some(*level), category.as_deref()),
        Outcome::Failed { reason, .. } | Outcome::Dead { reason } => (None, Some(reason)),
        Outcome::Done { .. } | Outcome::Expired | Outcome::Cancelled => (None, Some(outcome.label())),
    }
}
