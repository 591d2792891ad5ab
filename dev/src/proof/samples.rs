//! Records for the tests, made from the examples of the schemas.

use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::{CallbackReply, Event, Message};
use schemas::ids::{AnswerId, MessageId, RequestId, TurnId};
use schemas::ledger::LedgerEntry;

macro_rules! example {
    ($file:literal) => {
        serde_json::from_str(include_str!(concat!("../../../schemas/examples/", $file))).unwrap()
    };
}

/// A message of that Easemob id about which Easemob was told this.
pub(crate) fn message(easemob_id: &str, reply: CallbackReply) -> Message {
    let Event::Message(message) = example!("events/valid-message.json") else { panic!("not a message") };
    let id = MessageId::new(format!("acme#support/chat/{easemob_id}")).unwrap();
    Message { id, reply, ..message }
}

/// The records of a turn that was asked, answered in one part, and delivered.
pub(crate) fn answered_turn(number: usize) -> (Decision, Answer, Delivery) {
    let (turn, id) = (TurnId::derive("sample", number), AnswerId::derive("sample", number));
    let decision: Decision = example!("decisions/valid-asked.json");
    let answer: Answer = example!("answers/valid-model.json");
    let answer = Answer {
        id,
        turn,
        parts: 1,
        source: schemas::answer::AnswerSource::Model { request: RequestId::derive("sample", number) },
        ..answer
    };
    let delivery: Delivery = example!("deliveries/valid-sent.json");
    (Decision { turn: Some(turn), ..decision }, answer, Delivery { answer: id, turn, parts: 1, ..delivery })
}

/// How the request of a turn ended: a failed attempt, then the call of that number on the invoice.
pub(crate) fn outcome(number: usize, call: u64) -> Answered {
    let Event::Answered(mut answered) = example!("events/valid-answered-done.json") else {
        panic!("not an outcome")
    };
    answered.request = RequestId::derive("sample", number);
    answered.attempts.last_mut().unwrap().provider_request = Some(format!("req_{call}"));
    answered
}

/// A settled amount for the request of a turn.
pub(crate) fn settled(number: usize) -> LedgerEntry {
    let entry: LedgerEntry = example!("ledger/valid-settle.json");
    LedgerEntry { request: RequestId::derive("sample", number), ..entry }
}

/// A fact without an amount.
pub(crate) fn uncertain() -> LedgerEntry {
    example!("ledger/valid-uncertain-without-amount.json")
}
