//! A message: seen before, too old, judged, and then asked or made to wait.

use std::sync::Arc;

use catalogue::dialogue::Command;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::{CallbackReply, Message};
use schemas::ids::UserId;
use schemas::state::{Held, WaitingMessage};
use schemas::text::Text;

use super::command::Order;
use super::media::noted;
use super::refuse::Refusal;
use super::{Folding, bound_of, name_of};
use crate::guard::{Judged, judge, stops};
use crate::reason::Reason;
use crate::rules::lane_of;
use crate::seen::Mark;
use crate::state::State;

/// A merge window that messages keep extending ends after this many times its length.
pub(super) const LONGEST_MERGE: i64 = 3;

/// When a message came to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Before it was delivered.
    InTime,
    /// After Easemob had delivered it without a verdict of ours.
    Missed,
}

impl Folding<'_> {
    /// A message came.
    pub(super) fn message(&mut self, message: &Message, arrival: Arrival) {
        let draft = self.step.about(message);
        if let Some((ruling, reason)) = self.first_sight(message) {
            return self.step.rule(draft, ruling, reason);
        }
        let earlier = message.verdict.clone();
        let engine = match &message.bot {
            Some(_) => self.rules.before_model(self.step.conversation.app()),
            None => self.rules.engine(self.step.conversation.app()),
        };
        let judged = judge(engine, earlier, message.text.as_ref(), &message.other_texts).in_app(self.app);
        let mut draft = Decision { verdict: Some(judged.verdict.clone()), ..draft };
        if arrival == Arrival::Missed {
            draft.reasons.push(Reason::JudgedLate.label().to_owned());
        }
        if self.is_by_hand(message) {
            return self.remember(message, judged, draft);
        }
        if self.is_of_staff(message) {
            return self.staff_spoke(message, judged, draft);
        }
        match self.bot_meant(message) {
            Ok(bot) => self.spoken_to(bot, message, judged, draft),
            Err(_) if judged.stopped() && !self.was_let_through(message, &judged) => {
                self.step.rule(draft, Ruling::Blocked, None)
            }
            Err(reason) => self.step.rule(draft, Ruling::Passed, reason),
        }
    }

    /// It reaches people although its verdict stops messages: ingest let it through by the app's policy on those among people, or
    /// nothing that is held can wait for its review there.
    fn was_let_through(&self, message: &Message, judged: &Judged) -> bool {
        let by_ingest = message.reply == CallbackReply::Pass && stops(&message.verdict);
        let by_policy = judged.is_held(self.app) && self.app.lets_held_on(judged.verdict.on_error);
        by_ingest || (by_policy && message.reply != CallbackReply::Block)
    }

    /// What is known of the message before it is looked at.
    fn first_sight(&mut self, message: &Message) -> Option<(Ruling, Option<Reason>)> {
        let (id, now, horizon) = (&message.id, self.step.now, self.app.duplicate_horizon_ms);
        if self.state.seen.has(Mark::Seen, id) {
            return Some((Ruling::Duplicate, None));
        }
        if now - message.sent_at > horizon {
            return Some((Ruling::TooOld, Some(Reason::OlderThanHorizon)));
        }
        self.state.seen.put(Mark::Seen, id, now, horizon);
        if self.state.seen.has(Mark::Withdrawn, id) {
            Some((Ruling::Withdrawn, None))
        } else if self.state.seen.has(Mark::Recalled, id) {
            Some((Ruling::Cancelled, None))
        } else {
            None
        }
    }

    /// The bot that is to answer, or why none is.
    fn bot_meant(&self, message: &Message) -> Result<UserId, Option<Reason>> {
        let bots = &self.app.bots;
        match &message.bot {
            None => Err(None),
            Some(_) if bots.contains_key(&message.sender) => Err(Some(Reason::FromBot)),
            Some(bot) if !bots.contains_key(bot) => Err(Some(Reason::UnknownBot)),
            Some(bot) => Ok(bot.clone()),
        }
    }

    fn spoken_to(&mut self, bot: UserId, message: &Message, judged: Judged, draft: Decision) {
        let lane = lane_of(self.app, &message.conversation, &message.sender);
        // Whoever was told that the message is not delivered is not answered later.
        let held = judged.is_held(self.app) && message.reply != CallbackReply::Block;
        let stopped = judged.stopped() && !held;
        let stopped_at_once = judged.stopped_at_once(self.app);
        let marks = self.marks(&message.tags, [&message.verdict, &judged.verdict]);
        let marks = self.claimed(marks, message.claim.as_ref().map(|claim| claim.tier.as_str()));
        let brought = self.brought(message, &judged);
        let mut draft = noted(draft, brought.as_ref());
        let (media, caption) = brought.map(|brought| (brought.media, brought.caption)).unzip();
        let text = judged.text.or(caption);
        let others = judged.others.into_iter().map(Text::from).collect();
        let said = WaitingMessage {
            id: message.id.clone(),
            sender: message.sender.clone(),
            bot,
            kind: message.kind,
            text: Text::from(text.clone().unwrap_or_default()),
            sent_at: message.sent_at,
            round: 0,
            marks,
            media,
            held: held.then_some(Held { others, on_error: judged.verdict.on_error }),
        };
        draft.lane = Some(lane.clone());
        let draft = self.tiered(draft, &said);
        let command = self.command(&said).filter(|_| !stopped && !held && said.media.is_none());
        if self.state.core.person.is_some() {
            let back = command.filter(|given| given.command == Command::HandBack);
            match back.filter(|_| self.may_hand_back(&message.sender)) {
                Some(given) => self.obey(given, Order { draft, message: &said, lane: &lane }),
                None if stopped || stopped_at_once => self.step.rule(draft, Ruling::Blocked, None),
                None => {
                    self.step.rule(draft, Ruling::TakenOver, None);
                    self.overhear(&lane, said);
                }
            }
        } else if stopped {
            self.refuse(draft, &said, &lane, Refusal::Blocked);
        } else if let Some(given) = command {
            self.obey(given, Order { draft, message: &said, lane: &lane });
        } else if text.is_none() {
            let sealed = message.text.as_ref().is_some_and(|text| text.plain().is_none());
            let refusal = if sealed { Refusal::Sealed } else { Refusal::NoText };
            self.refuse(draft, &said, &lane, refusal);
        } else {
            self.accept(draft, said, &lane);
        }
    }

    /// Lets a message wait, or opens a turn for it at once.
    fn accept(&mut self, mut draft: Decision, mut message: WaitingMessage, lane: &Lane) {
        let name = name_of(lane);
        if self.is_full(name, &message) {
            return self.turn_away(draft, &message, lane);
        }
        let (placeholders, written) = (Arc::clone(&self.state.placeholders), 6 * size(&message));
        let (sender, others) =
            (message.sender.clone(), message.held.iter_mut().flat_map(|held| &mut held.others));
        let mut is_hidden = false;
        for text in others.chain([&mut message.text]) {
            if let Some(hidden) = text.plain().and_then(|text| self.hidden(&sender, text)) {
                *text = Text::from(hidden);
                is_hidden = true;
            }
        }
        if !self.has_room(&self.state, lane, &message, written) {
            self.state.placeholders = placeholders;
            return self.no_room(draft, &message, lane);
        }
        if is_hidden {
            draft.reasons.push(Reason::PersonalDataHidden.label().to_owned());
        }
        draft.reasons.extend(self.expire_session(name, &message).map(|reason| reason.label().to_owned()));
        self.state.wait(name, message);
        let (now, window) = (self.step.now, self.app.merge_window_ms);
        let state = self.state.lane_mut(name);
        if state.turn.is_some() {
            self.join(lane, draft);
        } else if window > 0 || state.merge_until.is_some() {
            let limit = *state.merge_limit.get_or_insert(now + LONGEST_MERGE * window);
            state.merge_until = Some((now + window).min(limit));
            self.step.rule(draft, Ruling::Waits, [Reason::MergeWindow]);
        } else {
            self.open(lane, Some(draft));
        }
    }

    /// A message came while its lane's turn is in flight.
    fn join(&mut self, lane: &Lane, draft: Decision) {
        if self.may_interrupt(name_of(lane)) {
            self.step.rule(draft, Ruling::Waits, [Reason::Interrupts]);
            self.interrupt(lane);
        } else {
            self.step.rule(draft, Ruling::Waits, [Reason::TurnInFlight]);
        }
    }

    /// Forgets what was said in a lane in which nobody has said anything for too long.
    fn expire_session(&mut self, name: &str, message: &WaitingMessage) -> Option<Reason> {
        let idle = self.app.session.idle_ms(&message.bot)?;
        let is_pending =
            self.state.lane(name).is_some_and(|lane| lane.turn.is_some() || !lane.waiting.is_empty());
        let is_over = !is_pending && self.state.last_said(name).is_some_and(|at| self.step.now - at > idle);
        if is_over {
            self.state.unpin(name);
        }
        (is_over && self.state.forget_said(name)).then_some(Reason::SessionExpired)
    }

    /// As many messages wait in the lane as may. One always may, however large.
    fn is_full(&self, name: &str, message: &WaitingMessage) -> bool {
        let (app, waiting) = (self.app, self.state.waiting(name));
        let bytes = waiting.iter().map(|(_, m)| size(m)).sum::<usize>() + size(message);
        waiting.len() >= app.max_waiting_messages as usize
            || (!waiting.is_empty() && bytes > app.max_waiting_bytes as usize)
    }

    /// Whether a state of the conversation has room for one more message that waits, which was so long when it was written, in bytes.
    pub(super) fn has_room(
        &self,
        state: &State,
        lane: &Lane,
        message: &WaitingMessage,
        written: usize,
    ) -> bool {
        let bound = bound_of(self.app, &self.step);
        bound.is_none_or(|bound| bound.has_room(state, name_of(lane), message, written))
    }

    /// Refuses a message for which the conversation's state has no room: with all that waits in it, or even alone.
    fn no_room(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane) {
        if self.state.core.lanes.values().any(|lane| lane.turn.is_some() || !lane.waiting.is_empty()) {
            self.turn_away(draft, message, lane);
        } else {
            self.refuse(draft, message, lane, Refusal::TooLong);
        }
    }

    /// Refuses a message for which there is no room. The lane is told once until its next turn opens: a flood is not answered
    /// with another.
    fn turn_away(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane) {
        let told = std::mem::replace(&mut self.state.lane_mut(name_of(lane)).told_full, true);
        if told {
            self.step.rule(draft, Ruling::Unanswerable, [Reason::LaneFull, Reason::ToldBefore]);
        } else {
            self.refuse(draft, message, lane, Refusal::LaneFull);
        }
    }
}

/// Bytes of everything that a message says.
pub(super) fn size(message: &WaitingMessage) -> usize {
    let others = message.held.iter().flat_map(|held| &held.others);
    message.text.size() + others.map(Text::size).sum::<usize>()
}
