use std::sync::Arc;

use safety::{Rule, RuleSet};
use schemas::ids::{AnswerId, MessageId, TurnId};

use super::*;

const LANE: &str = "acme#support/chat/bot_helpdesk/alice";

macro_rules! example {
    ($type:ty, $path:literal) => {
        serde_json::from_str::<$type>(include_str!(concat!("../../../../../schemas/examples/", $path)))
            .unwrap()
    };
}

fn record<R: wire::Record>(value: &R) -> Record {
    let encoded = wire::encode(value, "/test").unwrap();
    Record {
        topic: R::TOPIC.name().into(),
        partition: 0,
        offset: 1,
        timestamp: 1,
        key: encoded.key,
        headers: encoded.headers.into_iter().collect(),
        value: Some(encoded.value),
    }
}

/// Stops `pineapple`, masks `badge`, and counts `settings` in shadow.
fn filter(apps: &[&str], texts: Texts) -> Filter {
    let shadow = Rule { shadow: true, ..Rule::words("quiet", &["settings"], Action::Block) };
    let rules = [
        Rule::words("fruit", &["pineapple"], Action::Block),
        Rule::words("tropics", &["pineapple juice"], Action::Replace),
        Rule::words("badges", &["badge"], Action::Mask),
        shadow,
    ];
    let engine = Arc::new(RuleSet::new(&rules, "d2").unwrap());
    let apps = apps.iter().map(|app| AppKey::new(*app).unwrap()).collect();
    Filter { engines: Engines::one(engine), apps, texts }
}

fn says(number: i64, text: &str, verdict: Action) -> Record {
    let message = example!(Message, "events/valid-message.json");
    let id = MessageId::new(format!("acme#support/chat/{number}")).unwrap();
    let verdict = Verdict::new(verdict, Vec::new(), "d1");
    record(&Event::Message(Message { id, text: Some(Text::from(text)), verdict, ..message }))
}

/// A model's answer to a turn, with the verdict that it had.
fn answers(number: usize, said: &str, was: Action) -> Record {
    let answered = example!(Answered, "events/valid-answered-done.json");
    let mut answered =
        Answered { request: RequestId::derive("r", number), turn: TurnId::derive("t", number), ..answered };
    if let Outcome::Done { text, verdict, .. } = &mut answered.outcome {
        (*text, *verdict) = (Text::from(said), Verdict::new(was, Vec::new(), "d1"));
    }
    record(&Event::Answered(answered))
}

fn lets_out(number: usize, source: AnswerSource, part: u16) -> Record {
    let answer = example!(Answer, "answers/valid-model.json");
    let (id, turn) = (AnswerId::derive("t", usize::from(part)), TurnId::derive("t", number));
    record(&Answer { id, turn, source, part, aigc: None, ..answer })
}

fn by_model(number: usize) -> AnswerSource {
    AnswerSource::Model { request: RequestId::derive("r", number) }
}

fn found(filter: &Filter, records: &[Record]) -> Found {
    let mut found = Found::default();
    records.iter().for_each(|record| filter.event(&mut found, record).unwrap());
    found
}

#[test]
fn what_would_be_stopped_and_was_not_is_found_once_with_its_rules() {
    let records = [
        says(1, "a pineapple and PINEAPPLE juice", Action::Pass),
        says(2, "my badge", Action::Pass),
        says(3, "the settings", Action::Pass),
        says(4, "a pineapple", Action::Block),
        says(5, "a pineapple", Action::Mask),
        record(&example!(Event, "events/valid-clock.json")),
    ];
    let found = found(&filter(&[], Texts::None), &records);
    let told: Vec<_> =
        found.stopped.iter().map(|it| (it.id.as_str(), it.rules.clone(), it.text.clone())).collect();
    let rules = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            ("acme#support/chat/1", rules(&["fruit", "tropics"]), None),
            ("acme#support/chat/5", rules(&["fruit"]), None)
        ],
        "milder rules stop nothing, those in shadow neither, and what was stopped was"
    );
    assert_eq!((found.messages, found.answers, found.waits_for_answers()), (5, 0, false));
}

#[test]
fn a_message_that_came_twice_is_told_once() {
    let records = ["pineapple", "pineapple", "pineapple juice"].map(|text| says(1, text, Action::Pass));
    let found = found(&filter(&[], Texts::None), &records);
    let told: Vec<_> = found.stopped.iter().map(|it| it.rules.join(" ")).collect();
    assert_eq!((told, found.messages), (vec!["fruit".to_owned(), "fruit tropics".to_owned()], 3));
}

#[test]
fn every_text_of_a_message_is_judged_and_an_edit_too() {
    let message = example!(Message, "events/valid-message.json");
    let other = Event::Message(Message { other_texts: vec![Text::from("pineapple.png")], ..message.clone() });
    let edit = Event::Edit(Edit {
        message: MessageId::new("acme#support/chat/9").unwrap(),
        conversation: LANE.parse().unwrap(),
        text: Text::from("pineapple"),
        verdict: Verdict::new(Action::Pass, Vec::new(), "d1"),
        at: 5,
    });
    let found = found(&filter(&["acme#support"], Texts::None), &[record(&other), record(&edit)]);
    assert_eq!(found.stopped.len(), 2);
    let none = super::tests::found(&filter(&["acme#other"], Texts::None), &[record(&other), record(&edit)]);
    assert_eq!((none.stopped.len(), none.messages), (0, 0), "of other apps nothing is judged");
}

#[test]
fn of_answers_only_those_are_found_that_were_let_out_and_not_taken_back() {
    let filter = filter(&[], Texts::None);
    let records = [
        answers(1, "Try a pineapple.", Action::Pass),
        answers(2, "Try another pineapple.", Action::Pass),
        answers(3, "A pineapple that came too late.", Action::Pass),
        answers(4, "A pineapple that was stopped.", Action::Replace),
        answers(5, "Open Settings, then Badge.", Action::Pass),
    ];
    let mut found = found(&filter, &records);
    assert!(found.stopped.is_empty() && found.waits_for_answers());
    let canned = AnswerSource::Canned { reason: "failed".to_owned() };
    for (number, source, part) in
        [(1, by_model(1), 1), (1, by_model(1), 2), (2, by_model(2), 1), (4, canned, 1), (5, by_model(5), 1)]
    {
        found.let_out(&lets_out(number, source, part)).unwrap();
    }
    let turns = |found: &Found| found.stopped.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    let (one, two) = (TurnId::derive("t", 1).to_string(), TurnId::derive("t", 2).to_string());
    assert_eq!(turns(&found), [one, two.clone()]);
    assert_eq!((found.answers, found.waits_for_decisions()), (5, false));
    let answer = found.stopped[0].answer.clone().unwrap();
    assert_eq!(
        (answer.turn, answer.parts, answer.lane.to_string().as_str()),
        (TurnId::derive("t", 1), 2, LANE)
    );
    let retract = example!(Retract, "answers/valid-retract.json");
    found.let_out(&record(&Retract { turn: TurnId::derive("t", 1), ..retract })).unwrap();
    found.settle();
    assert_eq!(turns(&found), [two], "what was taken back stands nowhere any more");
}

#[test]
fn what_the_guard_had_stopped_is_not_found() {
    let records = [1, 2, 3].map(|number| says(number, "pineapple", Action::Pass));
    let mut found = found(&filter(&[], Texts::None), &records);
    assert!(found.waits_for_decisions());
    let decided = |number: i64, ruling, action| {
        let decision = example!(Decision, "decisions/valid-asked.json");
        let message = Some(MessageId::new(format!("acme#support/chat/{number}")).unwrap());
        let verdict = Some(Verdict::new(action, Vec::new(), "d1"));
        let turn = if ruling == Ruling::Asked { decision.turn } else { None };
        record(&Decision { message, verdict, ruling, turn, ..decision })
    };
    found.decided(&decided(1, Ruling::Blocked, Action::Block)).unwrap();
    found.decided(&decided(2, Ruling::Asked, Action::Pass)).unwrap();
    found.settle();
    let left: Vec<_> = found.stopped.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(left, ["acme#support/chat/2", "acme#support/chat/3"]);
}

#[test]
fn texts_are_kept_where_they_are_asked_for_and_then_masked() {
    let records = [says(1, "pineapple for alice@example.com", Action::Pass)];
    let found = found(&filter(&[], Texts::Masked), &records);
    assert_eq!(found.stopped[0].text.as_deref(), Some("pineapple for *****************"));
}
