use catalogue::{Bundle, RawCatalogue, validate};
use pipeline::StartPolicy;
use schemas::decision::Ruling;
use schemas::event::{Feedback, Message};

use super::*;

const START: Millis = 1_767_578_400_000;

fn bundle() -> Bundle {
    let text = "[[app]]\nkey = \"acme#support\"\nbot = [{ id = \"bot_helpdesk\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
         merge_window = \"2s\"\n[[app.route]]\nname = \"images\"\nwhen.message = [\"image\"]\nthen.say = \"no\"\n\
         [[app.route]]\nname = \"chats\"\nwhen.chat = [\"chat\"]\nthen.chain = [\"m\"]\n\
         [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n";
    let raw: RawCatalogue = toml::from_str(text).unwrap();
    validate(&raw).unwrap()
}

fn rehearsal() -> Rehearsal {
    let deployment = Deployment {
        name: "test".to_owned(),
        kafka: pipeline::simulation::offline(),
        topics: TopicNames::new("p."),
        partitions: 8,
    };
    let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1 };
    let (bundle, hash) = (bundle(), bundle().hash().unwrap());
    let bundles = Arc::new(Bundles::of([(hash.clone(), bundle)]));
    Rehearsal::new(&deployment, &settings, &bundles, hash, START).unwrap()
}

fn message() -> Message {
    let text = include_str!("../../../../schemas/examples/events/valid-message.json");
    let Event::Message(message) = serde_json::from_str(text).unwrap() else { panic!("{text}") };
    Message { sent_at: START, received_at: START, ..message }
}

fn rulings(outputs: &[Output]) -> Vec<Ruling> {
    let ruling = |output: &Output| match output {
        Output::Decision(decision) => Some(decision.ruling),
        _ => None,
    };
    outputs.iter().filter_map(ruling).collect()
}

#[test]
fn a_message_waits_in_virtual_time_and_is_asked_when_its_window_closes() {
    let mut rehearsal = rehearsal();
    let written = rehearsal.append(&Event::Message(message())).unwrap();
    assert_eq!(rulings(&written), [Ruling::Waits]);
    assert_eq!(rehearsal.due(), Some(START + 2_000));
    assert!(rehearsal.pass_until(START + 1_999).unwrap().is_empty());
    let written = rehearsal.pass_until(START + 5_000).unwrap();
    assert_eq!((rulings(&written), rehearsal.now()), (vec![Ruling::Asked], START + 5_000));
    let Some(Output::Request(request)) = written.get(1) else { panic!("{written:?}") };
    assert_eq!(request.decided_at, START + 2_000, "the timer fires when it is due");
}

#[test]
fn a_rehearsals_decisions_tell_of_every_rule_and_are_otherwise_those_of_the_line() {
    let mut rehearsal = rehearsal();
    let mut written = rehearsal.append(&Event::Message(message())).unwrap();
    written.extend(rehearsal.pass_until(START + 2_000).unwrap());
    let routed = written.iter().find_map(|output| match output {
        Output::Decision(decision) => decision.route.clone(),
        _ => None,
    });
    let why = routed.unwrap().why.unwrap();
    let weighed: Vec<(&str, bool, &str)> = why
        .weighed
        .iter()
        .flat_map(|rule| rule.conditions.iter().map(|one| (rule.rule.as_str(), one.holds, one.is.as_str())))
        .collect();
    assert_eq!(weighed, [("images", false, "text"), ("chats", true, "chat")]);
    assert!(why.complexity.is_some(), "the score is told though no rule asks");
    assert_eq!(why.skipped.len(), 1);
}

#[test]
fn what_breaks_the_rules_of_its_record_is_refused() {
    let mut rehearsal = rehearsal();
    let feedback = Feedback {
        id: "1".into(),
        conversation: message().conversation,
        easemob_id: None,
        rating: Some(9),
        text: None,
        at: START,
    };
    let error = rehearsal.append(&Event::Feedback(feedback)).unwrap_err();
    assert_eq!((error.label(), error.to_string().contains("from 1 to 5")), ("event", true));
}
