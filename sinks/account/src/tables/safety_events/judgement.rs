//! Where judgements stand in records.

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::decision::Decision;
use schemas::event::Event;
use schemas::findings::Findings;
use schemas::ids::{MessageId, TurnId, UserId};
use schemas::verdict::Verdict;
use schemas::wire::Record;

/// Who judged. A message is judged in its callback and again when it is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Ingest, before the message was delivered.
    Callback,
    /// Decide, when the message was its turn; also what was delivered without a verdict.
    Guard,
    /// Call, before the answer was let out.
    Answer,
}

impl Place {
    /// Its name in rows.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Guard => "guard",
            Self::Answer => "answer",
        }
    }
}

/// A judgement that found something.
pub(super) struct Judgement<'a> {
    /// Names the judgement: a record that repeats it has the same.
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) verdict: &'a Verdict,
    pub(super) findings: &'a Findings,
    pub(super) conversation: &'a Conversation,
    pub(super) message: Option<&'a MessageId>,
    pub(super) turn: Option<TurnId>,
    pub(super) sender: Option<&'a UserId>,
    pub(super) at: Millis,
}

impl<'a> Judgement<'a> {
    /// Of an event; `None` for one whose findings another record tells, or that has none.
    pub(super) fn of_event(event: &'a Event) -> Option<Self> {
        let verdict = event.verdict()?;
        let (place, message, sender, at) = match event {
            Event::Message(m) => (Place::Callback, &m.id, Some(&m.sender), m.received_at),
            Event::Edit(e) => (Place::Callback, &e.message, None, e.at),
            Event::Answered(a) => (Place::Answer, &a.message, a.user.as_ref(), a.ended_at),
            _ => return None,
        };
        Some(Self {
            id: event.id(),
            place,
            verdict,
            findings: verdict.findings.as_deref()?,
            conversation: event.conversation()?,
            message: Some(message),
            turn: event.turn(),
            sender,
            at,
        })
    }

    /// Of a decision: what the guard found.
    pub(super) fn of_decision(decision: &'a Decision) -> Option<Self> {
        let verdict = decision.verdict.as_ref()?;
        Some(Self {
            id: decision.id.to_string(),
            place: Place::Guard,
            verdict,
            findings: verdict.findings.as_deref()?,
            conversation: &decision.conversation,
            message: decision.message.as_ref(),
            turn: None,
            sender: decision.sender.as_ref(),
            at: decision.at,
        })
    }
}
