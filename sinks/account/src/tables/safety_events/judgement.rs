//! Where judgements stand in records.

use schemas::Millis;
use schemas::event::Event;
use schemas::findings::Findings;
use schemas::ids::TurnId;
use schemas::wire::Record;

use crate::pseudonym::{Pseudonyms, Who};
use crate::view::{Answered, Decision, Verdict};

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
    pub(super) dictionary: &'a str,
    pub(super) findings: &'a Findings,
    pub(super) app: &'a str,
    pub(super) chat_kind: &'static str,
    /// Pseudonym.
    pub(super) conversation: String,
    /// The message that was judged, or whose answer was.
    pub(super) message: &'a str,
    pub(super) turn: Option<TurnId>,
    /// Pseudonym, empty if unknown.
    pub(super) sender: String,
    pub(super) at: Millis,
}

impl<'a> Judgement<'a> {
    /// Of an event that is no outcome; `None` for one whose findings another record tells, or that has none.
    pub(super) fn of_event(event: &'a Event, names: &Pseudonyms) -> Option<Self> {
        let verdict = event.verdict()?;
        let (message, sender, at) = match event {
            Event::Message(m) => (&m.id, Some(&m.sender), m.received_at),
            Event::Edit(e) => (&e.message, None, e.at),
            _ => return None,
        };
        let conversation = event.conversation()?;
        let app = conversation.app();
        Some(Self {
            id: event.id(),
            place: Place::Callback,
            dictionary: &verdict.dictionary,
            findings: verdict.findings.as_deref()?,
            app: app.as_str(),
            chat_kind: conversation.kind().label(),
            conversation: names.of_conversation(conversation),
            message: message.as_str(),
            turn: event.turn(),
            sender: sender.map(|user| names.of_user(app, user)).unwrap_or_default(),
            at,
        })
    }

    /// Of an outcome: what was found in the answer.
    pub(super) fn of_answer(end: &'a Answered<'a>, who: &'a Who<'a>) -> Option<Self> {
        let judged = Judged { id: end.id.to_string(), place: Place::Answer, at: end.ended_at };
        let found = Self::of_view(judged, end.outcome.verdict()?, who)?;
        Some(Self { message: &end.message, turn: Some(end.turn), ..found })
    }

    /// Of a decision: what the guard found.
    pub(super) fn of_decision(decision: &'a Decision<'a>, who: &'a Who<'a>) -> Option<Self> {
        let judged = Judged { id: decision.id.to_string(), place: Place::Guard, at: decision.at };
        let found = Self::of_view(judged, decision.verdict.as_ref()?, who)?;
        Some(Self { message: decision.message.as_deref().unwrap_or_default(), ..found })
    }

    fn of_view(Judged { id, place, at }: Judged, verdict: &'a Verdict<'a>, who: &'a Who<'a>) -> Option<Self> {
        Some(Self {
            id,
            place,
            dictionary: &verdict.dictionary,
            findings: verdict.findings.as_deref()?,
            app: who.app,
            chat_kind: who.chat_kind,
            conversation: who.conversation().to_owned(),
            message: "",
            turn: None,
            sender: who.user().to_owned(),
            at,
        })
    }
}

/// Which judgement it is, and when it was made.
struct Judged {
    id: String,
    place: Place,
    at: Millis,
}
