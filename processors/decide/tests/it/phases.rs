//! Turns that wait for something before their request goes out. No rule makes one yet; a state may hold one.

use decide::{At, Key, LazyState, Output, Step, restore};
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ids::{EventId, RequestId, TurnId};
use schemas::request::RequestKind;

use crate::world::*;

/// A conversation whose turn waits for a grant until a minute after [`START`].
fn pending() -> (Key, LazyState) {
    let key = Key::from(alice());
    let (name, turn, lost_at) = (key.as_str().to_owned(), TurnId::derive("1", 0), START + MINUTE);
    let core = format!(
        r#"{{"version":1,"time":{START},"lanes":{{"":{{"turn":{{"id":"{turn}","awaits":"grant","number":0,"lost_at":{lost_at},"cancelled":false}}}}}}}}"#
    );
    let asked = format!(
        r#"{{"id":"{}","sender":"alice","bot":"bot","kind":"text","text":{{"plain":"hello"}},"sent_at":{START}}}"#,
        id(1)
    );
    let entry = format!(r#"{{"version":1,"asked":[{asked}]}}"#);
    let entries = [(name.clone(), core), (format!("{name}|h||0000000000"), entry)];
    let (_, mut states) =
        restore(entries.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()))).unwrap();
    states.pop().unwrap()
}

fn at(time: i64) -> At {
    At { partition: 3, offset: 7, time }
}

fn fold(event: Event) -> (Key, Step<LazyState>) {
    let (key, state) = pending();
    let step = LazyState::fold(Some(&rules("")), at(START + SECOND), &key, Some(&state), event).unwrap();
    (key, step)
}

fn decided(step: &Step<LazyState>) -> Vec<Ruling> {
    let decision = |output: &Output| match output {
        Output::Decision(decision) => Some(decision.ruling),
        Output::Request(_)
        | Output::Cancel(_)
        | Output::Answer(_)
        | Output::Retract(_)
        | Output::Ledger(_) => None,
    };
    step.outputs.iter().filter_map(decision).collect()
}

#[test]
fn a_message_waits_while_the_turn_before_it_has_no_request() {
    let world = World::new("");
    let (key, step) = fold(Event::Message(world.message(2, "and this?")));
    assert_eq!(decided(&step), [Ruling::Waits]);
    let before = pending();
    let written = LazyState::entries(&key, Some(&before.1), step.state.as_ref());
    let core = written.iter().find(|(name, _)| name == key.as_str()).unwrap().1.as_deref().unwrap();
    assert!(String::from_utf8_lossy(core).contains(r#""awaits":"grant""#), "the phase is kept");
}

#[test]
fn an_outcome_of_a_request_that_never_went_out_is_late() {
    let request = World::new("").say(1, "hello").request().clone();
    let answered = schemas::answered::Answered {
        id: EventId::derive("1", 0),
        request: RequestId::derive("1", 0),
        kind: RequestKind::Answer,
        turn: TurnId::derive("1", 0),
        ..outcome(&request, done("an answer"))
    };
    let (_, step) = fold(Event::Answered(answered));
    assert_eq!(decided(&step), [Ruling::Late]);
}

#[test]
fn a_turn_that_waits_too_long_for_its_request_is_given_up_and_nothing_was_spent() {
    let (key, state) = pending();
    assert_eq!(state.due(), Some(START + MINUTE));
    let step = state.fire(Some(&rules("")), at(START + MINUTE), &key, 0);
    assert_eq!(decided(&step), [Ruling::Lost]);
    assert!(step.outputs.iter().any(|output| matches!(output, Output::Answer(_))), "the person is told");
    assert!(!step.outputs.iter().any(|output| matches!(output, Output::Ledger(_))));
    assert!(step.state.is_none(), "nothing is left of it");
}
