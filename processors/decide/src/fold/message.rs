//! A message: seen before, too old, judged, and then asked or made to wait.

use schemas::answer::AnswerSource;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::{Message, MessageKind};
use schemas::ids::UserId;
use schemas::state::WaitingMessage;
use schemas::text::Text;

use super::{Folding, name_of};
use crate::gate::{Addressee, answers, canned};
use crate::guard::{Judged, judge};
use crate::reason;
use crate::seen::Mark;
use crate::step::Output;

/// A merge window that messages keep extending ends after this many times its length.
const LONGEST_MERGE: i64 = 3;

impl Folding<'_> {
    pub(super) fn message(&mut self, message: &Message, missed: bool) {
        let draft = self.step.about(message);
        if let Some((ruling, reasons)) = self.first_sight(message) {
            return self.step.rule(draft, ruling, reasons);
        }
        let earlier = message.verdict.clone();
        let judged = judge(self.rules.filter.as_ref(), earlier, message.text.as_ref(), &message.other_texts);
        let mut draft = Decision { verdict: Some(judged.verdict.clone()), ..draft };
        if missed {
            draft.reasons.push(reason::JUDGED_LATE.to_owned());
        }
        if self.is_by_hand(message) {
            return self.remember(message, judged, draft);
        }
        match self.bot_meant(message) {
            Ok(bot) => self.spoken_to(bot, message, judged, draft),
            Err(_) if judged.stopped() => self.step.rule(draft, Ruling::Blocked, &[]),
            Err(reasons) => self.step.rule(draft, Ruling::Passed, reasons),
        }
    }

    /// What is known of the message before it is looked at.
    fn first_sight(&mut self, message: &Message) -> Option<(Ruling, &'static [&'static str])> {
        let (id, now, horizon) = (&message.id, self.step.now, self.app.app.duplicate_horizon_ms);
        if self.state.seen.has(Mark::Seen, id) {
            return Some((Ruling::Duplicate, &[]));
        }
        if now - message.sent_at > horizon {
            return Some((Ruling::TooOld, &[reason::OLDER_THAN_HORIZON]));
        }
        self.state.seen.put(Mark::Seen, id, now, horizon);
        if self.state.seen.has(Mark::Withdrawn, id) {
            Some((Ruling::Withdrawn, &[]))
        } else if self.state.seen.has(Mark::Recalled, id) {
            Some((Ruling::Cancelled, &[]))
        } else {
            None
        }
    }

    /// The bot that is to answer, or why none is.
    fn bot_meant(&self, message: &Message) -> Result<UserId, &'static [&'static str]> {
        let bots = &self.app.app.bots;
        match &message.bot {
            None => Err(&[]),
            Some(_) if bots.contains_key(&message.sender) => Err(&[reason::FROM_BOT]),
            Some(bot) if !bots.contains_key(bot) => Err(&[reason::UNKNOWN_BOT]),
            Some(bot) => Ok(bot.clone()),
        }
    }

    fn spoken_to(&mut self, bot: UserId, message: &Message, judged: Judged, mut draft: Decision) {
        let lane = self.app.lane(&message.conversation, &message.sender);
        draft.lane = Some(lane.clone());
        let stopped = judged.stopped();
        let said = WaitingMessage {
            id: message.id.clone(),
            sender: message.sender.clone(),
            bot,
            kind: message.kind,
            text: Text::Plain(judged.text.clone().unwrap_or_default()),
            sent_at: message.sent_at,
            round: 0,
        };
        if self.state.core.person.is_some() {
            let ruling = if stopped { Ruling::Blocked } else { Ruling::TakenOver };
            self.step.rule(draft, ruling, &[]);
        } else if stopped {
            self.refuse(draft, &said, &lane, reason::BLOCKED);
        } else if judged.text.is_none() {
            let sealed = message.text.as_ref().is_some_and(|text| text.plain().is_none());
            self.refuse(draft, &said, &lane, if sealed { reason::SEALED } else { reason::NO_TEXT });
        } else {
            self.accept(draft, said, &lane);
        }
    }

    /// Refuses a message for a reason that its sender is told, where the operator has words for it.
    pub(super) fn refuse(
        &mut self,
        draft: Decision,
        message: &WaitingMessage,
        lane: &Lane,
        why: &'static str,
    ) {
        let texts = &self.app.app.canned;
        let (ruling, text) = match why {
            reason::BLOCKED => (Ruling::Blocked, &texts.blocked),
            reason::TOO_LONG => (Ruling::Unanswerable, &texts.failed),
            reason::LANE_FULL => (Ruling::Unanswerable, &texts.too_many),
            _ => (Ruling::Unanswerable, &texts.unanswerable),
        };
        // Nobody sees commands between programs, such as the signal that someone types: they are not answered either.
        let text = if message.kind == MessageKind::Command { "" } else { text.as_str() };
        let to = Addressee::of(message, lane.clone());
        let source = AnswerSource::Canned { reason: why.to_owned() };
        let parts = canned(&self.app.app, &to, text);
        let parts = answers(&self.app.app, &to, parts, &source, self.step.now);
        let turn = (!parts.is_empty()).then_some(to.turn);
        let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        self.step.rule(Decision { turn, parts: count, ..draft }, ruling, &[why]);
        self.step.add(parts.into_iter().map(Output::Answer));
    }

    /// Lets a message wait, or opens a turn for it at once.
    fn accept(&mut self, draft: Decision, message: WaitingMessage, lane: &Lane) {
        let name = name_of(lane);
        if self.is_full(name, &message) {
            return self.turn_away(draft, &message, lane);
        }
        self.state.wait(name, message);
        let (now, window) = (self.step.now, self.app.app.merge_window_ms);
        let state = self.state.lane_mut(name);
        if state.turn.is_some() {
            self.step.rule(draft, Ruling::Waits, &[reason::TURN_IN_FLIGHT]);
        } else if window > 0 || state.merge_until.is_some() {
            let limit = *state.merge_limit.get_or_insert(now + LONGEST_MERGE * window);
            state.merge_until = Some((now + window).min(limit));
            self.step.rule(draft, Ruling::Waits, &[reason::MERGE_WINDOW]);
        } else {
            self.open(lane, Some(draft));
        }
    }

    /// As many messages wait in the lane as may. One always may, however large.
    fn is_full(&self, name: &str, message: &WaitingMessage) -> bool {
        let (app, waiting) = (&self.app.app, self.state.waiting(name));
        let bytes = waiting.iter().map(|(_, m)| m.text.size()).sum::<usize>() + message.text.size();
        waiting.len() >= app.max_waiting_messages as usize
            || (!waiting.is_empty() && bytes > app.max_waiting_bytes as usize)
    }

    /// Refuses a message for which there is no room. The lane is told once until its next turn opens: a flood is not answered
    /// with another.
    fn turn_away(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane) {
        let told = std::mem::replace(&mut self.state.lane_mut(name_of(lane)).told_full, true);
        if told {
            self.step.rule(draft, Ruling::Unanswerable, &[reason::LANE_FULL, reason::TOLD_BEFORE]);
        } else {
            self.refuse(draft, message, lane, reason::LANE_FULL);
        }
    }
}
