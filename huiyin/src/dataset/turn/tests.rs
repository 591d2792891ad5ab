use account::Pseudonyms;
use pipeline::Record;
use replay::dataset::Turn;
use schemas::answer::{Answer, AnswerSource};
use schemas::answered::Answered;
use schemas::event::{Event, Message, Reference};
use schemas::ids::{AnswerId, MessageId, RequestId};
use schemas::retract::Retract;
use schemas::topic::Topic;
use schemas::wire;

use super::*;

const LANE: &str = "acme#support/chat/bot_helpdesk/alice";

fn names() -> Pseudonyms {
    let raw = "url = 'http://x'\npseudonym_key = '0123456789abcdef0123456789abcdef'";
    account::validate(&toml::from_str(raw).unwrap()).unwrap().pseudonyms().unwrap()
}

fn pseudonym() -> String {
    names().of_conversation(&LANE.parse().unwrap())
}

fn record<R: wire::Record>(value: &R, at: i64) -> Record {
    let encoded = wire::encode(value, "/test").unwrap();
    Record {
        topic: R::TOPIC.name().into(),
        partition: 0,
        offset: at,
        timestamp: at,
        key: encoded.key,
        headers: encoded.headers.into_iter().collect(),
        value: Some(encoded.value),
    }
}

macro_rules! example {
    ($type:ty, $path:literal) => {
        serde_json::from_str::<$type>(include_str!(concat!("../../../../schemas/examples/", $path))).unwrap()
    };
}

fn id(number: i64) -> MessageId {
    MessageId::new(format!("acme#support/chat/{number}")).unwrap()
}

fn turn_id(number: i64) -> TurnId {
    TurnId::derive(id(number).as_str(), 0)
}

struct Scene(Log);

impl Scene {
    fn new() -> Self {
        Self(Log::new(names(), [pseudonym()].into_iter()))
    }

    fn event(&mut self, event: Event, at: i64) {
        self.0.take(Topic::Events, &record(&event, at)).unwrap();
    }

    fn says(&mut self, number: i64, text: &str, at: i64) {
        let message = example!(Message, "events/valid-message.json");
        let text = Some(schemas::text::Text::from(text.to_owned()));
        self.event(Event::Message(Message { id: id(number), text, ..message }), at);
    }

    /// A model answers the turn that the message opened and that was asked at this moment, in two labelled parts.
    fn is_answered(&mut self, number: i64, text: &str, (asked_at, at): (i64, i64)) {
        let answered = example!(Answered, "events/valid-answered-done.json");
        let request = RequestId::derive(id(number).as_str(), 0);
        let mut answered = Answered {
            request,
            turn: turn_id(number),
            message: id(number),
            decided_at: Some(asked_at),
            ..answered
        };
        if let schemas::answered::Outcome::Done { text: said, .. } = &mut answered.outcome {
            *said = schemas::text::Text::from(text.to_owned());
        }
        self.event(Event::Answered(answered), at);
        for part in 1..=2 {
            self.gets(number, "AI: a part", AnswerSource::Model { request }, (part, at));
        }
    }

    fn gets(&mut self, number: i64, text: &str, source: AnswerSource, (part, at): (u16, i64)) {
        let answer = example!(Answer, "answers/valid-model.json");
        let answer = Answer {
            id: AnswerId::derive(id(number).as_str(), usize::from(part)),
            turn: turn_id(number),
            message: id(number),
            text: schemas::text::Text::from(text.to_owned()),
            source,
            aigc: None,
            part,
            decided_at: at,
            send_by: at + 1,
            ..answer
        };
        self.0.take(Topic::Answers, &record(&answer, at)).unwrap();
    }

    fn turn(&self, number: i64, at: i64) -> Option<Turn> {
        self.of(&ChosenTurn { turn: turn_id(number).to_string(), ..chosen(number, at) })
    }

    fn of(&self, chosen: &ChosenTurn) -> Option<Turn> {
        of(chosen, &self.0, 2)
    }
}

fn chosen(number: i64, at: i64) -> ChosenTurn {
    ChosenTurn {
        app: "acme#support".to_owned(),
        conversation: pseudonym(),
        turn: String::new(),
        message: id(number).to_string(),
        partition: 0,
        at,
        route: "rest".to_owned(),
        target: String::new(),
        class: String::new(),
        tier: String::new(),
        action: "mask".to_owned(),
        latency_ms: Some(-1),
        cost: vec![("CNY".to_owned(), "1.5".to_owned())],
        rating: Some(2),
    }
}

fn said(turn: &Turn) -> Vec<&str> {
    turn.history.iter().map(|said| said.text.as_str()).collect()
}

#[test]
fn a_turn_has_every_message_that_it_answers_masked_and_what_the_model_said() {
    let mut scene = Scene::new();
    scene.says(1, "I am alice@example.com", 100);
    scene.says(2, "and my parcel is late", 110);
    scene.is_answered(1, "Dear alice@example.com, it is on its way.", (110, 200));
    scene.says(3, "thanks", 150);
    let turn = scene.turn(1, 110).unwrap();
    assert_eq!(turn.question, "I am *****************\nand my parcel is late");
    assert_eq!(turn.messages, ["acme#support/chat/1", "acme#support/chat/2"]);
    assert_eq!(
        turn.answer.as_deref(),
        Some("Dear *****************, it is on its way."),
        "without label and parts"
    );
    assert_eq!(
        (turn.verdict, turn.route.as_deref(), &turn.target, turn.latency_ms),
        (Some(Action::Mask), Some("rest"), &None, None)
    );
    assert_eq!(turn.cost, [Money { currency: "CNY".to_owned(), pico: 1_500_000_000_000 }]);
    assert!(turn.history.is_empty() && turn.canned.is_none());
    assert_eq!((turn.conversation, turn.turn), (pseudonym(), turn_id(1).to_string()));
}

#[test]
fn what_was_answered_before_it_is_its_history_as_far_as_is_asked_for() {
    let mut scene = Scene::new();
    for number in 1..=4 {
        scene.says(number, &format!("question {number}"), number * 100);
        scene.is_answered(number, &format!("answer {number}"), (number * 100, number * 100 + 50));
    }
    // Answered only after the next question had come.
    scene.says(5, "question 5", 500);
    scene.says(6, "question 6", 510);
    scene.is_answered(5, "answer 5", (500, 520));
    assert_eq!(said(&scene.turn(6, 510).unwrap()), ["question 3", "answer 3", "question 4", "answer 4"]);
    assert_eq!(said(&scene.turn(2, 200).unwrap()), ["question 1", "answer 1"]);
}

#[test]
fn what_was_taken_back_is_in_no_data_set() {
    let mut scene = Scene::new();
    scene.says(1, "a secret", 100);
    scene.is_answered(1, "it stays between us", (100, 150));
    let retract = example!(Retract, "answers/valid-retract.json");
    let retract = Retract { turn: turn_id(1), message: id(1), ..retract };
    scene.0.take(Topic::Answers, &record(&retract, 160)).unwrap();
    assert_eq!(scene.turn(1, 100).unwrap().answer, None);
    scene.says(2, "hello", 200);
    scene.is_answered(2, "hi", (200, 210));
    assert!(scene.turn(2, 200).unwrap().history.is_empty());
    let reference = Reference { message: id(2), conversation: LANE.parse().unwrap(), at: 220 };
    scene.event(Event::Recall(reference), 220);
    assert_eq!(scene.turn(2, 200), None);
    assert_eq!(scene.turn(9, 200), None, "the log does not have it");
}

#[test]
fn a_message_that_was_stopped_is_a_turn_by_itself_and_joins_no_other() {
    let mut scene = Scene::new();
    scene.says(1, "hello", 100);
    let message = example!(Message, "events/valid-message.json");
    let verdict = schemas::verdict::Verdict::new(Action::Block, vec!["casino".into()], "d");
    let text = Some(schemas::text::Text::from("best casino".to_owned()));
    scene.event(Event::Message(Message { id: id(2), text, verdict, ..message }), 105);
    scene.says(3, "there", 110);
    scene.is_answered(1, "hi", (110, 200));
    assert_eq!(scene.turn(1, 110).unwrap().question, "hello\nthere");
    let blocked = scene.of(&ChosenTurn { action: "block".to_owned(), ..chosen(2, 105) }).unwrap();
    assert_eq!(
        (blocked.question.as_str(), blocked.answer.as_ref(), blocked.verdict),
        ("best casino", None, Some(Action::Block))
    );
    assert_eq!(blocked.turn, turn_id(2).to_string(), "the id that its turn would have had");
}

#[test]
fn what_an_operator_wrote_is_told_with_its_occasion_as_it_was_let_out() {
    let mut scene = Scene::new();
    scene.says(1, "hello", 100);
    let canned = || AnswerSource::Canned { reason: "failed".to_owned() };
    scene.gets(1, "Please try ", canned(), (1, 150));
    scene.gets(1, "again.", canned(), (2, 150));
    let turn = scene.turn(1, 100).unwrap();
    assert_eq!((turn.answer.as_deref(), turn.canned.as_deref()), (Some("Please try again."), Some("failed")));
}

#[test]
fn other_conversations_are_not_even_read() {
    let mut scene = Scene::new();
    let mut other = record(&Event::Message(example!(Message, "events/valid-message.json")), 1);
    other.key = Some(b"acme#support/chat/bot_helpdesk/bob".to_vec());
    other.value = Some(b"{".to_vec());
    scene.0.take(Topic::Events, &other).unwrap();
    other.key = Some(LANE.as_bytes().to_vec());
    assert!(scene.0.take(Topic::Events, &other).is_err());
}
