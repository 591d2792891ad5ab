//! Reviews. A message that the filter holds opens a turn of its own, which waits for its review before anything is asked. An answer that
//! the filter holds may go out at once, and is taken back when its review says so.

use catalogue::ReviewPolicy;
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::ids::TurnId;
use schemas::request::{PromptLine, Request, RequestKind, Role};
use schemas::review::Level;
use schemas::state::{HistoryTurn, Phase, Prerequisite, STATE_VERSION, TurnState, WaitingMessage};
use schemas::text::Text;
use schemas::verdict::{Action, OnError};

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

impl<'f> Folding<'f> {
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
            let goes_on = policy.lets_on(None, on_error_of(&message));
            return self.go_on(lane, draft, message, goes_on);
        }
        let to = Addressee::of(&message, lane.clone());
        self.send(policy, draft, &to, text);
        let entry = HistoryTurn { asked: vec![message], ..HistoryTurn::blank(STATE_VERSION) };
        let (name, lost_at) = (name_of(lane), self.step.now + self.app.lost_after_ms);
        let number = self.state.add_turn(name, entry);
        let phase = Phase::Pending { awaits: Prerequisite::Review };
        let state = self.state.lane_mut(name);
        state.turn =
            Some(TurnState { id: to.turn, phase, number, lost_at, notice_at: None, cancelled: false });
        (state.merge_until, state.merge_limit, state.told_full) = (None, None, false);
    }

    /// Sends a review, with the decision that says so.
    fn send(&mut self, policy: &ReviewPolicy, draft: Decision, to: &Addressee, text: String) {
        let request = self.review_request(RequestKind::Review, policy, to, text);
        let draft = Decision { turn: Some(to.turn), request: Some(request.id), merged: 1, ..draft };
        self.step.rule(draft, Ruling::Held, None);
        self.step.add([Output::Request(request)]);
    }

    /// The review of a message, or of an answer that is out.
    pub(super) fn review_request(
        &self,
        kind: RequestKind,
        policy: &ReviewPolicy,
        to: &Addressee,
        text: String,
    ) -> Request {
        let now = self.step.now;
        Request {
            id: kind.of_turn(to.turn),
            kind,
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
            route: None,
            decided_at: now,
        }
    }

    /// The policy by which an answer that is held goes out at once and is reviewed afterwards. One that is too large to be reviewed does not.
    pub(super) fn reviewed_after(&self, answered: &Answered) -> Option<&'f ReviewPolicy> {
        let Outcome::Done { verdict, text: Text::Plain(text), .. } = &answered.outcome else { return None };
        let goes_out = verdict.action == Action::Hold && json_size(text) <= MOST_BYTES;
        self.app.reviews_answers_after().filter(|_| goes_out)
    }

    /// The review of an answer ended that is out: what may not stand is taken back. Nothing waits for it.
    pub(super) fn answer_review_came(&mut self, answered: &Answered) {
        let (level, word) = heard(&answered.outcome);
        let asker = self.asker_of(answered);
        let reasons = [Reason::of_review(level).label()].into_iter().chain(word).map(str::to_owned).collect();
        let draft = Decision { sender: asker.clone(), reasons, ..self.about_outcome(answered) };
        let kept = self.state.answer_of(answered.turn);
        if self.lets_on(level, kept.and_then(|kept| kept.on_error)) {
            self.step.rule(draft, Ruling::Noted, None);
        } else {
            let answer = kept.map(|kept| kept.answer.clone());
            self.found(answer.as_slice(), draft);
        }
        let ledger = asker.map(|asker| Ledger::of(answered, asker, self.step.now));
        let booked = ledger.into_iter().flat_map(|ledger| ledger.reviews(answered, self.app.review.as_ref()));
        self.step.add(booked.map(Output::Ledger));
    }

    /// Whether a text goes on, by what its reviewer says, or else its rules. A bundle that knows of no reviews any more lets nothing on that
    /// nobody has called safe.
    fn lets_on(&self, level: Option<Level>, rules: Option<OnError>) -> bool {
        self.app.review.as_ref().map_or(level == Some(Level::Safe), |policy| policy.lets_on(level, rules))
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
        let goes_on = self.lets_on(level, on_error_of(&message));
        let policy = self.app.review.as_ref();
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
    pub(super) fn leave_lane(&mut self, name: &str, id: TurnId) {
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

/// What the rules that hold a message say of a review that says nothing.
fn on_error_of(message: &WaitingMessage) -> Option<OnError> {
    message.held.as_ref().and_then(|held| held.on_error)
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
