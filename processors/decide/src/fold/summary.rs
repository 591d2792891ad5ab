//! Turns that leave the history are told in a summary, which a cheap chain writes before the turn that needs the room is asked.

use std::sync::Arc;

use catalogue::dialogue::Summary;
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::request::{PromptLine, Request, RequestKind, Role};
use schemas::state::{HistoryTurn, Phase, Prerequisite, STATE_VERSION, TurnState};
use schemas::text::Text;

use super::turn::Question;
use super::{Folding, name_of};
use crate::gate::Addressee;
use crate::ledger::Ledger;
use crate::parts::{beginning, json_size};
use crate::prompt::{Speakers, answer, said};
use crate::reason::Reason;
use crate::remembered::Remembered;
use crate::step::Output;

/// Most bytes as JSON of what is summarised; of more, the newest.
const MOST_BYTES: usize = 256 * 1_024;
/// Most characters of a summary that is kept: a token may be a whole word, and no more than this of it.
const CHARACTERS_OF_A_TOKEN: usize = 8;

impl Folding<'_> {
    /// The policy on what leaves the history, where turns leave it that no summary tells of yet.
    pub(super) fn summary_due(&self, gone: &[Arc<Remembered>]) -> Option<&Summary> {
        let summary = self.app.session.summary.as_ref()?;
        gone.iter().any(|turn| !turn.summary).then_some(summary)
    }

    /// Asks for a summary of what leaves the history. The turn waits for it, and is asked then.
    pub(super) fn summarise(
        &mut self,
        lane: &Lane,
        draft: Decision,
        question: Question<'_>,
        gone: &[Arc<Remembered>],
    ) {
        let (Some(opener), Some(policy)) = (question.asked.first(), &self.app.session.summary) else {
            return;
        };
        let (name, now) = (name_of(lane), self.step.now);
        let to = Addressee::of(opener, lane.clone());
        let request = RequestKind::Summary.of_turn(to.turn);
        let merged = u32::try_from(question.asked.len()).unwrap_or(u32::MAX);
        let draft = Decision { turn: Some(to.turn), request: Some(request), merged, ..draft };
        self.step.rule(draft, Ruling::Asked, [Reason::Summary]);
        let line = |role, text: String| PromptLine::new(role, text);
        let granted = self.tier(&question.asked);
        self.step.add([Output::Request(Request {
            id: request,
            kind: RequestKind::Summary,
            turn: to.turn,
            lane: to.lane,
            bot: to.bot,
            user: to.user,
            message: to.message,
            tier: granted.map(|granted| granted.tier.name.clone()),
            weight: granted.and_then(|granted| granted.tier.weight),
            chain: policy.chain.clone(),
            allowed_regions: self.app.allowed_regions.clone(),
            prompt: vec![
                line(Role::System, policy.prompt.clone()),
                line(Role::User, told(gone, Speakers::of(lane))),
            ],
            max_output_tokens: policy.max_tokens,
            temperature_milli: None,
            thinking: None,
            stop: Vec::new(),
            fallback_after_block: self.app.fallback_after_block,
            hedge_after_ms: None,
            answer_by: now + policy.within_ms,
            bundle: self.rules.hash().clone(),
            route: None,
            decided_at: now,
        })]);
        let entry = HistoryTurn { asked: question.asked, answer: None, ..HistoryTurn::blank(STATE_VERSION) };
        let number = self.state.add_turn(name, entry);
        let (phase, lost_at) =
            (Phase::Pending { awaits: Prerequisite::Summary }, now + self.app.lost_after_ms);
        let state = self.state.lane_mut(name);
        state.turn = Some(TurnState {
            id: to.turn,
            phase,
            number,
            lost_at,
            notice_at: None,
            cancelled: false,
            pins: false,
        });
        (state.merge_until, state.merge_limit, state.told_full) = (None, None, false);
    }

    /// A summary came, or none does: the turn that waits for it is asked.
    pub(super) fn summary_came(&mut self, answered: &Answered) {
        let (name, lane) = (name_of(&answered.lane), answered.lane.clone());
        let phase = Phase::Pending { awaits: Prerequisite::Summary };
        let turn = self.state.lane(name).and_then(|lane| lane.turn.as_ref());
        let is_it = |turn: &&TurnState| turn.phase == phase && turn.request() == Some(answered.request);
        let Some(turn) = turn.filter(is_it).cloned() else { return self.late(answered) };
        let asked = self.state.turn(name, turn.number).map(|entry| entry.asked.clone());
        let Some(asked) = asked.filter(|asked| !turn.cancelled && !asked.is_empty()) else {
            self.late(answered);
            return self.close(&lane, None);
        };
        let text = match &answered.outcome {
            Outcome::Done { text: Text::Plain(text), .. } if !safety::is_blank(text) => Some(text.as_str()),
            _ => None,
        };
        self.leave_lane(name, turn.id);
        let ledger = Ledger::of(answered, asked[0].sender.clone(), self.step.now);
        let booked = match text {
            Some(_) => ledger.summary(answered),
            None => ledger.spent(answered, Reason::Summary),
        };
        let word = if text.is_some() { Reason::Summary.label() } else { answered.outcome.label() };
        let draft = Decision {
            sender: asked.first().map(|message| message.sender.clone()),
            reasons: vec![word.to_owned()],
            ..self.about_outcome(answered)
        };
        if let Some(question) = self.question(&lane, asked) {
            self.take_summary(&lane, &question, text);
            self.ask(&lane, draft, question);
        }
        self.step.add(booked.into_iter().map(Output::Ledger));
        if self.state.lane_mut(name).turn.is_none() {
            self.open(&lane, None);
        }
    }

    /// Puts a summary in the place of the turns that leave, or lets them leave without one.
    fn take_summary(&mut self, lane: &Lane, question: &Question<'_>, text: Option<&str>) {
        let name = name_of(lane);
        let numbers = self.leaving(lane, question);
        for number in &numbers {
            self.state.drop_turn(name, *number);
        }
        let most = self.app.session.summary.as_ref().map_or(0, |policy| policy.max_tokens as usize);
        if let (Some(text), Some(number)) = (text, numbers.last()) {
            let text = beginning(text.trim(), most * CHARACTERS_OF_A_TOKEN);
            let entry = HistoryTurn {
                answer: Some(Text::from(text)),
                summary: true,
                ..HistoryTurn::blank(STATE_VERSION)
            };
            self.state.put_turn(name, *number, entry);
        }
    }
}

/// What is summarised, as one text.
fn told(turns: &[Arc<Remembered>], speakers: Speakers) -> String {
    let mut bytes = 0;
    let line = |turn: &Arc<Remembered>| match turn.summary {
        true => answer(turn).to_owned(),
        false => format!("user: {}\nassistant: {}", said(&turn.asked, speakers), answer(turn)),
    };
    let mut lines: Vec<String> = turns.iter().rev().map(line).collect();
    lines.retain(|line| {
        bytes += json_size(line);
        bytes <= MOST_BYTES
    });
    lines.reverse();
    lines.join("\n\n")
}
