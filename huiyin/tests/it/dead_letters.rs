//! Dead letters as an operator handles them: listed, shown without their text, and requeued once.

use std::time::Duration;

use pipeline::kafka::{Publisher, PublisherLimits, Read, Reader};
use pipeline::{GivenUp, Outgoing, Record, dead_letter};
use schemas::act::Act;
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::topic::Topic;
use serde_json::Value;

use crate::process::Ended;
use crate::rig::Rig;
use crate::stand_ins::Sent;
use crate::wait::{seconds, until};

fn command(rig: &Rig, arguments: &[&str]) -> Ended {
    rig.edited(|text| text, &[&["dead-letters"], arguments].concat())
}

fn listed(rig: &Rig, filter: &[&str]) -> Value {
    let ended = command(rig, &[&["list", "--json"], filter].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn places(listed: &Value) -> Vec<String> {
    let letters = listed["letters"].as_array().unwrap();
    letters.iter().map(|letter| letter["place"].as_str().unwrap().to_owned()).collect()
}

fn write(rig: &Rig, record: Outgoing) {
    let limits = PublisherLimits { records: 100, kibibytes: 1_024 };
    let publisher = Publisher::new(&rig.access(), limits).unwrap();
    publisher.publish(&record).unwrap().blocking_recv().unwrap().unwrap();
}

fn records(rig: &Rig, topic: &str) -> Vec<Record> {
    let mut reader = Reader::open(&rig.access(), &rig.topic(topic)).unwrap();
    (0..8).for_each(|partition| reader.add(partition, 0).unwrap());
    let mut records = Vec::new();
    while !reader.is_done() {
        if let Read::Record(record) = reader.poll(Duration::from_millis(100)).unwrap() {
            records.push(record);
        }
    }
    records
}

/// Says something while decide, which has the bundle, does not run, and leaves that out.
fn left_out(rig: &Rig) -> Sent {
    // Decide has the bundle and has ended when the message comes, and its operator leaves the message out.
    let mut decide = rig.start_with(|text| text, &["run", "--roles", "decide", "--leave"]);
    decide.wait_ready();
    let bundled = || {
        let shown: Value =
            serde_json::from_str(&rig.done(&["offsets", "show", "--role", "decide", "--json"])).ok()?;
        let all = shown["partitions"].as_array()?.iter().all(|p| p["lag"] == 0);
        all.then_some(())
    };
    until("the bundle to be folded", seconds(20), bundled);
    decide.terminate();
    assert_eq!(decide.wait_end(30), Some(0), "{}", decide.tail());
    let sent = rig.stand_ins.say("ada", "Where is my parcel?");
    assert!(sent.is_intercepted());
    let skipped = rig.done(&["offsets", "reset", "--role", "decide", "--all", "--to", "latest", "--execute"]);
    assert!(skipped.contains("1 left out") && skipped.contains("no answer"), "{skipped}");
    sent
}

/// Who was shown a text, as commands wrote it down.
fn acts(rig: &Rig) -> Vec<Act> {
    let events = rig.books.all::<Event>().into_iter();
    let acts = events.filter_map(|event| if let Event::Act(act) = event.value { Some(act) } else { None });
    acts.filter(|act| act.kind == "text_shown").collect()
}

/// The only letter: found by what it is, shown without its text unless that is asked for.
fn listed_and_shown(rig: &Rig, offset: i64) -> String {
    let all = listed(rig, &[]);
    let place = places(&all).remove(0);
    assert_eq!(all["counts"], serde_json::json!([{ "step": "decide", "reason": "crashed", "count": 1 }]));
    let letter = &all["letters"][0];
    assert_eq!(letter["source"]["offset"], offset);
    assert_eq!((&letter["kind"], &letter["requeued"]), (&"message".into(), &Value::Null));
    for none in [["--reason", "malformed"], ["--topic", "requests"], ["--until", "1h"]] {
        assert!(places(&listed(rig, &none)).is_empty(), "{none:?}");
    }
    for one in [["--step", "decide"], ["--topic", "events"], ["--since", "1h"]] {
        assert_eq!(places(&listed(rig, &one)), [place.as_str()], "{one:?}");
    }
    let shown = command(rig, &["show", &place]).stdout;
    assert!(shown.contains("given up at") && shown.contains("--body prints it"), "{shown}");
    assert!(!shown.contains("parcel"), "{shown}");
    assert!(acts(rig).is_empty(), "nobody has seen a text yet");
    let body = command(rig, &["show", &place, "--body", "--by", "ops", "--why", "ticket-4711"]);
    assert!(body.stdout.contains("Where is my parcel?"), "{}", body.stderr);
    let [act] = acts(rig).try_into().unwrap();
    assert_eq!((&*act.kind, &*act.by, act.why.as_deref()), ("text_shown", "ops", Some("ticket-4711")));
    assert_eq!(act.subject, format!("dead letter {place}"));
    place
}

#[test]
fn a_letter_is_listed_shown_and_requeued_once_and_then_folded_like_any_other_message() {
    let rig = Rig::new("letters", |text| text);
    rig.prepare();
    let mut others = rig.start("ingest,call,deliver");
    others.wait_ready();
    let sent = left_out(&rig);
    let message = records(&rig, "events").into_iter().find(|record| record.key.is_some()).unwrap();
    let given_up = GivenUp { step: "decide", reason: "crashed", attempts: 3 };
    write(&rig, dead_letter(&rig.topic("dead-letters").into(), &message, given_up));

    let place = listed_and_shown(&rig, message.offset);
    let dry = command(&rig, &["requeue", &place]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(dry.stdout.contains("1 of 1 dead letters go") && dry.stdout.contains("nothing was written"));
    assert_eq!(records(&rig, "events").iter().filter(|record| record.key.is_some()).count(), 1);
    let done = command(&rig, &["requeue", &place, "--execute"]);
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let again = records(&rig, "events").into_iter().rfind(|record| record.key.is_some()).unwrap();
    assert!(again.offset > message.offset && again.partition == message.partition);
    assert_eq!((&again.key, &again.value), (&message.key, &message.value));
    assert_eq!(again.header("dead-letter-requeued"), Some(place.as_bytes()));
    let others: pipeline::Headers =
        again.headers.iter().filter(|(name, _)| *name != "dead-letter-requeued").collect();
    assert_eq!(others, message.headers);

    let mut decide = rig.start("decide");
    decide.wait_ready();
    until("the answer", seconds(30), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));
    let refused = command(&rig, &["requeue", &place, "--execute"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stdout.contains("it was requeued at") && refused.stdout.contains("--again"));
    assert_eq!(listed(&rig, &[])["letters"][0]["requeued"]["times"], 1);
    assert_eq!(command(&rig, &["requeue", "--reason", "crashed", "--again", "--execute"]).code, Some(0));
    let rulings = || rig.books.log().on(&sent.msg_id).map(|decision| decision.ruling).collect::<Vec<_>>();
    until("the second one to be ruled on", seconds(30), || (rulings().len() == 2).then_some(()));
    assert_eq!(rulings(), [Ruling::Asked, Ruling::Duplicate]);
    assert_eq!(
        (listed(&rig, &[])["letters"][0]["requeued"]["times"].as_i64(), rig.stand_ins.heard("ada").len()),
        (Some(2), 1)
    );
}

#[test]
fn what_costs_needs_a_word_and_what_only_another_step_may_write_is_refused() {
    let rig = Rig::new("rules", |text| text);
    rig.prepare();
    let mut line = rig.start("decide,call,deliver,account");
    line.wait_ready();
    let garbage = |topic: &str, partition| Outgoing {
        topic: rig.topic(topic).into(),
        partition,
        key: Some(b"acme#support/chat/bot/bob".to_vec()),
        headers: Vec::new(),
        value: Some(b"no json".to_vec()),
    };
    for (topic, partition) in [("events", 1), ("requests", 2), ("answers", 3)] {
        write(&rig, garbage(topic, partition));
    }
    // Account gives the event up too.
    until("four letters", seconds(40), || (rig.books.count(Topic::DeadLetters) == 4).then_some(()));
    let of = |step: &str| places(&listed(&rig, &["--step", step])).remove(0);
    let (decide, call, deliver, account) = (of("decide"), of("call"), of("deliver"), of("account"));
    for (place, says) in [
        (&call, "only with --accept-cost"),
        (&deliver, "only decide writes `answers`"),
        (&account, "only its rows are missing"),
    ] {
        let ended = command(&rig, &["requeue", place, "--execute"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        assert!(ended.stdout.contains(says), "{says:?} is not in {}", ended.stdout);
    }
    assert_eq!(rig.books.count(Topic::DeadLetters), 4, "something was written");
    let missing = command(&rig, &["requeue", "0:999"]);
    assert!(
        missing.code == Some(1) && missing.stderr.contains("no dead letter at 0:999"),
        "{}",
        missing.stderr
    );

    // Nothing has changed, so both are given up again, and say which letters they were.
    let some = command(&rig, &["requeue", &decide, &call, "--accept-cost", "--execute", "--rate", "100"]);
    assert_eq!(some.code, Some(0), "{}{}", some.stdout, some.stderr);
    let was = || {
        let letters = listed(&rig, &["--since", "10m"]);
        let letters = letters["letters"].as_array().unwrap();
        let mut was: Vec<String> =
            letters.iter().filter_map(|letter| Some(letter["was_letter"].as_str()?.to_owned())).collect();
        was.sort();
        was.dedup();
        was
    };
    let mut expected = vec![decide, call];
    expected.sort();
    until("both to be given up again", seconds(40), || (was() == expected).then_some(()));
}
