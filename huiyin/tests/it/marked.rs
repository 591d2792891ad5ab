//! Nothing that a replay wrote is acted on, wherever it is copied to.

use pipeline::kafka::{Publisher, PublisherLimits, Read, Reader};
use pipeline::{Outgoing, Record};
use schemas::answer::Answer;
use schemas::ids::{AnswerId, EventId};
use schemas::retract::Retract;
use schemas::topic::Topic;
use schemas::wire::{self, REPLAY};

use crate::rig::Rig;
use crate::wait::{now, seconds, until};

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
        if let Read::Record(record) = reader.poll(std::time::Duration::from_millis(100)).unwrap() {
            records.push(record);
        }
    }
    records
}

/// A record again, on the same topic of the line, with further headers.
fn copy(record: &Record, marks: &[(&str, &str)]) -> Outgoing {
    let marks = marks.iter().map(|(name, value)| ((*name).to_owned().into(), value.as_bytes().to_vec()));
    Outgoing {
        topic: record.topic.clone(),
        partition: record.partition,
        key: record.key.clone(),
        headers: record.headers.to_vec().into_iter().chain(marks).collect(),
        value: record.value.clone(),
    }
}

/// What decide would write of it, with these headers besides.
fn written<R: wire::Record>(rig: &Rig, partition: i32, record: &R, marks: &[(&str, &str)]) -> Outgoing {
    let encoded = wire::encode(record, "/huiyin/somebody/decide").unwrap();
    let marks = marks.iter().map(|(name, value)| ((*name).to_owned().into(), value.as_bytes().to_vec()));
    Outgoing {
        topic: rig.topic(encoded.topic.name()).into(),
        partition,
        key: encoded.key,
        headers: encoded.headers.into_iter().chain(marks).collect(),
        value: Some(encoded.value),
    }
}

const MARK: &[(&str, &str)] = &[(REPLAY, "cheaper")];

/// What would take a part back.
fn retract(answer: &Answer) -> Retract {
    let example = include_str!("../../../schemas/examples/answers/valid-retract.json");
    Retract {
        id: EventId::derive("a retract of a replay", 0),
        answer: answer.id,
        turn: answer.turn,
        lane: answer.lane.clone(),
        bot: answer.bot.clone(),
        user: answer.user.clone(),
        message: answer.message.clone(),
        part: answer.part,
        parts: answer.parts,
        let_out_at: answer.decided_at,
        retract_by: now() + 60_000,
        decided_at: now(),
        ..serde_json::from_str(example).unwrap()
    }
}

/// The dead letters by step and by whether they are of a replay.
fn letters(rig: &Rig) -> Vec<(String, String)> {
    let of = |record: &Record, name| String::from_utf8_lossy(record.header(name).unwrap()).into_owned();
    let letter = |record: &Record| (of(record, "dead-letter-step"), of(record, "dead-letter-reason"));
    let mut letters: Vec<_> = records(rig, "dead-letters").iter().map(letter).collect();
    letters.sort();
    letters
}

/// As [`letters`], where each step gave up so many.
fn given_up<const N: usize>(counts: [(&str, usize); N]) -> Vec<(String, String)> {
    let letters = |(step, count): (&str, usize)| vec![(step.to_owned(), "replay".to_owned()); count];
    let mut letters: Vec<_> = counts.into_iter().flat_map(letters).collect();
    letters.sort();
    letters
}

#[test]
fn a_record_of_a_replay_on_the_topics_of_the_line_reaches_neither_easemob_nor_a_model_nor_a_table() {
    let rig = Rig::new("marked", |text| text);
    rig.prepare();
    let mut line = rig.start("ingest,decide,call,deliver,account");
    line.wait_ready();
    assert!(rig.stand_ins.say("ada", "Where is my parcel?").is_intercepted());
    rig.settled(seconds(60));
    let [answer] = rig.books.all::<Answer>().try_into().unwrap();
    let (asked, sent) = (rig.stand_ins.calls().len(), rig.stand_ins.sends().len());
    assert_eq!((asked, sent), (1, 1));
    let counts = || {
        let topics = [Topic::Events, Topic::Requests, Topic::Answers, Topic::Decisions, Topic::Deliveries];
        topics.map(|topic| rig.books.count(topic))
    };
    let before = counts();

    // As a shadow topic has them, copied by hand: a message, an outcome, a request, a part, a result, a ruling.
    let person = |record: &&Record| record.key.is_some();
    let events = records(&rig, "events");
    let copies =
        events.iter().filter(person).chain(records(&rig, "requests").iter()).cloned().collect::<Vec<_>>();
    let copies: Vec<Record> =
        copies.into_iter().chain(records(&rig, "deliveries")).chain(records(&rig, "decisions")).collect();
    copies.iter().for_each(|record| write(&rig, copy(record, MARK)));
    // Forged: a part that nobody has sent yet, and a retract of the one that was sent.
    let part = Answer {
        id: AnswerId::derive("a part of a replay", 0),
        send_by: now() + 60_000,
        decided_at: now(),
        ..answer.value.clone()
    };
    write(&rig, written(&rig, answer.partition, &part, MARK));
    write(&rig, written(&rig, answer.partition, &retract(&answer.value), MARK));

    // Account reads events, decisions and deliveries too.
    let of_account = copies.iter().filter(|record| *record.topic != rig.topic("requests")).count();
    let of_decide = events.iter().filter(person).count();
    let of_call = records(&rig, "requests").iter().filter(|record| record.header(REPLAY).is_some()).count();
    let expected =
        given_up([("account", of_account), ("call", of_call), ("decide", of_decide), ("deliver", 2)]);
    assert!(of_account >= 5 && of_call == 1 && of_decide == 2, "{expected:?}");
    until("the dead letters", seconds(60), || (letters(&rig).len() >= expected.len()).then_some(()));
    assert_eq!(letters(&rig), expected);
    assert_eq!((rig.stand_ins.calls().len(), rig.stand_ins.sends().len()), (asked, sent), "nobody was asked");
    assert_eq!(rig.stand_ins.heard("ada").len(), 1, "and nothing taken back");
    let after = counts();
    let copied = |topic: &str| copies.iter().filter(|record| *record.topic == rig.topic(topic)).count();
    let put = [copied("events"), copied("requests"), 2, copied("decisions"), copied("deliveries")];
    for (place, put) in put.into_iter().enumerate() {
        assert_eq!(after[place], before[place] + put, "a step wrote of what it gave up: {place}");
    }

    let requeue = rig.edited(
        |text| text,
        &["dead-letters", "requeue", "--reason", "replay", "--accept-cost", "--execute"],
    );
    assert!(requeue.code == Some(1) && requeue.stdout.contains("a replay wrote it"), "{}", requeue.stdout);
    assert_eq!(counts(), after, "nothing is requeued");

    // Nor does anybody who reads the log take them for what happened.
    rig.done(&["refold"]);
    let reconciled =
        || (rig.edited(|text| text, &["reconcile", "--from", "1h"]).code == Some(0)).then_some(());
    until("the books to be even", seconds(60), reconciled);

    // The same part without the mark is sent: it lacked nothing else.
    write(&rig, written(&rig, answer.partition, &part, &[]));
    until("the part", seconds(30), || (rig.stand_ins.sends().len() == sent + 1).then_some(()));
    assert_eq!(letters(&rig), expected);
}
