//! The join: records of two sides in, turns that both are done with out.

use std::collections::HashMap;

use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::conversation::{Conversation, Lane};
use schemas::decision::{Decision, Ruling};
use schemas::ids::{MessageId, TurnId};
use schemas::request::Request;
use schemas::text::Text;

use super::content::Hash;
use super::cost::Costs;
use super::half::{Half, Source, judged};
use super::mask::masked;
use super::talk::Talk;
use super::waiting::Waiting;
use crate::dataset::Chosen;
use crate::results::{DriftCause, Footing, TurnResult};

/// A side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// What it compares with: as a rule, what really happened.
    Baseline,
    /// What is tried.
    Candidate,
}

/// Both sides of a turn.
#[derive(Debug)]
struct Pair {
    conversation: Conversation,
    /// Turns are given in the order in which they were first heard of, where several are done at once.
    number: u64,
    baseline: Half,
    candidate: Half,
    /// What was asked, of a message that a side stopped.
    said: Option<Text>,
}

impl Pair {
    fn half(&mut self, arm: Arm) -> &mut Half {
        match arm {
            Arm::Baseline => &mut self.baseline,
            Arm::Candidate => &mut self.candidate,
        }
    }

    /// A side that opened no turn of its own has nothing more to say once the other is done and time has passed.
    fn is_over(&self) -> bool {
        self.baseline.is_over && self.candidate.is_over
    }
}

/// What the join found.
#[derive(Debug, Default)]
pub struct Joined {
    /// Conversations with a turn.
    pub conversations: u64,
    /// Of them, those that began with another state than the line had.
    pub cold: u64,
    /// Turns that were given.
    pub turns: u64,
    /// Of them, in closed loop.
    pub closed: u64,
    /// Turns that the range's end cut off: they are not given.
    pub cut_off: u64,
    /// What the baseline's calls cost.
    pub baseline: Costs,
    /// What the candidate's calls cost, recorded ones at its prices.
    pub candidate: Costs,
    /// Of the candidate's, those that were asked of models.
    pub live: Costs,
}

/// Records of two sides, joined by turn.
#[derive(Debug, Default)]
pub struct Join {
    /// The turns that are given; all of them without.
    chosen: Option<Chosen>,
    pairs: HashMap<TurnId, Pair>,
    talks: HashMap<Conversation, Talk>,
    baseline_waits: Waiting,
    candidate_waits: Waiting,
    /// The message that was folded last, and its text.
    last_said: Option<(MessageId, Option<Text>)>,
    /// Turns that both sides are done with, and have not been given.
    done: Vec<TurnId>,
    heard: u64,
    joined: Joined,
}

impl Join {
    /// A join that gives these turns and no others.
    pub fn of(chosen: Option<Chosen>) -> Self {
        Self { chosen, ..Self::default() }
    }

    fn is_chosen(&self, turn: TurnId) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.has(turn))
    }

    /// A message, before the decisions on it.
    pub fn said(&mut self, message: &MessageId, text: Option<&Text>) {
        self.last_said = Some((message.clone(), text.cloned()));
    }

    /// A decision of one side, with the hash of its record's value.
    pub fn decided(&mut self, arm: Arm, decision: &Decision, hash: Hash) {
        let talk = match self.talks.get_mut(&decision.conversation) {
            Some(talk) => talk,
            None => self.talks.entry(decision.conversation.clone()).or_default(),
        };
        match arm {
            Arm::Baseline => talk.first_of_baseline(&decision.state_before),
            Arm::Candidate => talk.first_of_candidate(&decision.state_before),
        }
        let waiting = match arm {
            Arm::Baseline => &mut self.baseline_waits,
            Arm::Candidate => &mut self.candidate_waits,
        };
        if let (Ruling::Waits, Some(lane), Some(message)) =
            (decision.ruling, &decision.lane, &decision.message)
        {
            waiting.put(lane, message, judged(decision));
        }
        let Some(turn) = turn_of(decision) else { return };
        let opens =
            matches!(decision.ruling, Ruling::Asked | Ruling::Held | Ruling::Answered | Ruling::Unanswerable);
        let waited = decision.lane.as_ref().zip(decision.message.as_ref()).filter(|_| opens);
        let waited = waited.and_then(|(lane, message)| waiting.take(lane, message, decision.merged));
        let opened =
            matches!(decision.ruling, Ruling::Asked | Ruling::Held | Ruling::Blocked | Ruling::Unanswerable)
                || decision.route.is_some();
        if !opened && !self.pairs.contains_key(&turn) {
            // Its turn began before the range.
            return;
        }
        let said = self.said_of(decision);
        let pair = self.pair(turn, &decision.conversation);
        pair.said = pair.said.take().or(said);
        pair.half(arm).decided(decision, hash, waited);
        if pair.is_over() && !self.done.contains(&turn) {
            self.done.push(turn);
        }
    }

    fn said_of(&self, decision: &Decision) -> Option<Text> {
        let (message, text) = self.last_said.as_ref()?;
        text.clone().filter(|_| decision.message.as_ref() == Some(message))
    }

    fn pair(&mut self, turn: TurnId, conversation: &Conversation) -> &mut Pair {
        let heard = &mut self.heard;
        self.pairs.entry(turn).or_insert_with(|| {
            *heard += 1;
            Pair {
                conversation: conversation.clone(),
                number: *heard,
                baseline: Half::default(),
                candidate: Half::default(),
                said: None,
            }
        })
    }

    /// A request of one side, with the hash of its content.
    pub fn requested(&mut self, arm: Arm, request: &Request, content: Hash) {
        if let Some(pair) = self.pairs.get_mut(&request.turn) {
            pair.half(arm).requested(request, content);
        }
    }

    /// The hash of the content of one side's request, where the request itself is not at hand.
    pub fn requested_as(&mut self, arm: Arm, turn: TurnId, content: Hash) {
        if let Some(pair) = self.pairs.get_mut(&turn) {
            pair.half(arm).requested_as(content);
        }
    }

    /// The end of one side's request, before the decision on it.
    pub fn ended(&mut self, arm: Arm, answered: &Answered, source: Source) {
        let Some(pair) = self.pairs.get_mut(&answered.turn) else { return };
        pair.half(arm).ended(answered, source);
        if !self.is_chosen(answered.turn) {
            return;
        }
        let mut costs = Costs::default();
        costs.add(answered);
        match (arm, source) {
            (Arm::Baseline, _) => self.joined.baseline.plus(&costs),
            (Arm::Candidate, Source::Recorded) => self.joined.candidate.plus(&costs),
            (Arm::Candidate, Source::Live) => {
                self.joined.candidate.plus(&costs);
                self.joined.live.plus(&costs);
            }
        }
    }

    /// A part of what one side lets out.
    pub fn let_out(&mut self, arm: Arm, answer: &Answer) {
        if let Some(pair) = self.pairs.get_mut(&answer.turn) {
            pair.half(arm).let_out(answer);
        }
    }

    /// Decisions of a conversation differ and should not; of this turn, where they belong to one.
    pub fn drifted(&mut self, decision: &Decision, cause: DriftCause) {
        let talk = self.talks.entry(decision.conversation.clone()).or_default();
        talk.drifted.extend(turn_of(decision).map(|turn| (turn, cause)));
    }

    /// Whether a conversation began with another state than the line had, as far as both sides have told.
    pub fn is_cold(&self, conversation: &Conversation) -> bool {
        self.talks.get(conversation).is_some_and(Talk::is_cold)
    }

    /// Turns that both sides are done with since the last time, in the order in which they ended. `canned` gives what the baseline said instead of a
    /// model's answer.
    pub fn take(&mut self, canned: &mut dyn FnMut(TurnId) -> Option<String>) -> Vec<TurnResult> {
        let done = std::mem::take(&mut self.done);
        done.into_iter().filter_map(|turn| self.result(turn, canned)).collect()
    }

    /// As [`Self::take`], when nothing more comes: turns without an end on the baseline's side were cut off by the range's end, and are only counted.
    pub fn finish(mut self, canned: &mut dyn FnMut(TurnId) -> Option<String>) -> (Vec<TurnResult>, Joined) {
        let mut results = self.take(canned);
        let mut rest: Vec<(u64, TurnId)> =
            self.pairs.iter().map(|(turn, pair)| (pair.number, *turn)).collect();
        rest.sort_unstable();
        for (_, turn) in rest {
            let Some(pair) = self.pairs.get_mut(&turn) else { continue };
            if !pair.baseline.is_over && (pair.baseline.is_told || !pair.candidate.is_over) {
                self.joined.cut_off += u64::from(self.is_chosen(turn));
                self.pairs.remove(&turn);
                continue;
            }
            pair.candidate.cut_off();
            results.extend(self.result(turn, canned));
        }
        self.count();
        (results, self.joined)
    }

    /// When a run ends before it is done: how many turns are not, and what was found.
    pub fn stop(mut self) -> (u64, Joined) {
        self.count();
        let left = self.pairs.keys().filter(|turn| self.is_chosen(**turn)).count();
        (left as u64, self.joined)
    }

    fn count(&mut self) {
        self.joined.cold = self.talks.values().filter(|talk| talk.is_cold()).count() as u64;
        self.joined.conversations = self.talks.len() as u64;
    }

    fn result(
        &mut self,
        turn: TurnId,
        canned: &mut dyn FnMut(TurnId) -> Option<String>,
    ) -> Option<TurnResult> {
        let mut pair = self.pairs.remove(&turn)?;
        if pair.baseline.is_told
            && pair.baseline.shown().is_none()
            && let Some(text) = canned(turn)
        {
            pair.baseline.said_instead(text);
        }
        // What both sides called off is nothing to compare.
        if !pair.baseline.says_something() && !pair.candidate.says_something() {
            return None;
        }
        let talk = self.talks.entry(pair.conversation.clone()).or_default();
        let footing = if talk.is_open { Footing::Open } else { Footing::Closed };
        talk.is_open |= pair.baseline.shown() != pair.candidate.shown();
        let cold_start = talk.is_cold();
        let drift = talk.drifted.remove(&turn).filter(|_| !cold_start);
        if !self.is_chosen(turn) {
            return None;
        }
        self.joined.turns += 1;
        self.joined.closed += u64::from(footing == Footing::Closed);
        let Pair { conversation, baseline, candidate, said, .. } = pair;
        let question = candidate.asked.as_ref().or(baseline.asked.as_ref()).or(said.as_ref());
        let question = question.and_then(Text::plain);
        let real = baseline.shown().map(masked);
        let tried = match candidate.shown() {
            same if same == baseline.shown() => real.clone(),
            other => other.map(masked),
        };
        Some(TurnResult {
            app: conversation.app().to_string(),
            conversation: conversation.text(),
            turn: turn.to_string(),
            class: baseline.class.clone().or_else(|| candidate.class.clone()),
            tier: baseline.tier.clone().or_else(|| candidate.tier.clone()),
            question: question.map(masked),
            baseline: baseline.side(real),
            candidate: candidate.side(tried),
            footing,
            cold_start,
            drift,
            judged: None,
        })
    }
}

/// The turn that a decision belongs to, or that the message which it stops would have opened.
pub(crate) fn turn_of(decision: &Decision) -> Option<TurnId> {
    let stops = matches!(decision.ruling, Ruling::Blocked | Ruling::Unanswerable);
    let stopped = || {
        let lane: Option<&Lane> = decision.lane.as_ref().filter(|_| stops);
        lane.zip(decision.message.as_ref()).map(|(_, message)| TurnId::derive(message.as_str(), 0))
    };
    decision.turn.or_else(stopped)
}
