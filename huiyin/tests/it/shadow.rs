//! A shadow beside the line: it answers the same messages by another model, nobody hears of it, and it keeps to its money.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use schemas::answered::Outcome;
use schemas::event::Event;
use schemas::topic::Topic;
use schemas::wire::{KIND, REPLAY};
use serde_json::Value;

use crate::books::{Books, Log};
use crate::http;
use crate::kills::every_turn_has_one_answer;
use crate::process::Process;
use crate::rig::Rig;
use crate::traffic::{Line, Traffic};
use crate::wait::{seconds, until};

const LINE: &str = "ingest,decide,call,deliver";
/// Model of the candidate.
const CANDIDATE: &str = "acme-tiny";

/// A shadow of that name and budget.
fn start(rig: &Rig, name: &str, budget: &str) -> Process {
    let (candidate, _) = rig.file(|text| text.replace("acme-small", CANDIDATE));
    let section = format!(
        "\n[shadow]\nname = \"{name}\"\ncandidate = {:?}\nbudget = \"{budget}\"\n",
        candidate.display().to_string()
    );
    let mut process = rig.start_with(|text| text + &section, &["run", "--roles", "shadow"]);
    process.wait_ready();
    process
}

fn books(rig: &Rig, name: &str) -> Books {
    Books::new(rig.access(), &rig.topic(&format!("shadow.{name}.")))
}

fn plan(messages: usize) -> Vec<Line> {
    let line = |n: usize| Line {
        app: "acme#support".into(),
        user: format!("u{}", n % 12),
        text: format!("Number {n}"),
    };
    (0..messages).map(line).collect()
}

/// Every turn that a shadow has opened is over.
fn settled(books: &Books, messages: usize) -> Log {
    let mut log = books.log();
    until("the shadow to settle", seconds(60), || {
        log = books.log();
        let is_done = log.messages().count() >= messages && log.is_decided();
        is_done.then_some(())
    });
    log
}

fn ids(log: &Log) -> BTreeSet<String> {
    log.messages().map(|message| message.id.to_string()).collect()
}

/// Calls of a model by its name.
fn calls_of(rig: &Rig, model: &str) -> usize {
    let ledger = http::get(&format!("{}/control/ledger", rig.stand_ins.model));
    let entries = ledger["entries"].as_array().unwrap();
    entries.iter().filter(|entry: &&Value| entry["model"] == model).count()
}

/// Kinds of records with, or without, the mark.
fn marks(books: &Books, topic: Topic) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut marked, mut bare) = (BTreeSet::new(), BTreeSet::new());
    books.each_record(topic, |record| {
        let kind = String::from_utf8_lossy(record.header(KIND).unwrap_or_default()).into_owned();
        match record.header(REPLAY) {
            Some(_) => marked.insert(kind),
            None => bare.insert(kind),
        };
    });
    (marked, bare)
}

fn remove_groups(rig: &Rig, name: &str) {
    for step in ["copy", "decide", "call"] {
        drop(rig.admin().delete_group(&format!("{}-shadow-{name}.{step}", rig.name())));
    }
}

#[test]
fn a_shadow_answers_the_same_messages_by_its_candidate_and_nobody_hears_of_it() {
    let rig = Rig::new("shadow", |text| text);
    rig.prepare();
    let line = rig.start_apart(&[LINE]);
    assert!(rig.stand_ins.say("before", "Said before the shadow").is_intercepted());
    let mut shadow = start(&rig, "tiny", "50CNY");
    let books = books(&rig, "tiny");
    let traffic = Traffic::start(&rig.stand_ins, &plan(60), 4, Duration::from_millis(60));
    until("some messages", seconds(60), || (traffic.said().len() >= 20).then_some(()));
    shadow.kill();
    until("more messages", seconds(60), || (traffic.said().len() >= 40).then_some(()));
    shadow.start_again();
    shadow.wait_ready();
    until("the end of the traffic", seconds(60), || traffic.is_over().then_some(()));
    let said = traffic.end();
    assert!(said.iter().all(|said| said.sent.is_intercepted()));

    let log = rig.settled(seconds(60));
    every_turn_has_one_answer(&log);
    let own = settled(&books, said.len());
    every_turn_has_one_answer(&own);
    let mut expected = ids(&log);
    expected.retain(|id| log.messages().any(|m| m.id.to_string() == *id && m.sender.as_str() != "before"));
    assert_eq!(ids(&own), expected, "what was said while it ran, and while it was down");
    assert_eq!(own.messages().count(), expected.len(), "each once");
    assert!(own.outcomes().all(|(_, answered)| {
        matches!(answered.outcome, Outcome::Done { .. })
            && answered.attempts.iter().all(|a| a.model == CANDIDATE)
    }));
    assert!(log.outcomes().all(|(_, answered)| answered.attempts.iter().all(|a| a.model == "acme-small")));

    // Easemob's REST side has what production let out, and nothing else.
    let sent: BTreeSet<String> = rig.stand_ins.sends().iter().map(|send| send.reply_id()).collect();
    let let_out: BTreeSet<String> = log.answers.iter().map(|answer| answer.value.id.to_string()).collect();
    assert_eq!(sent, let_out);
    assert!(!own.answers.is_empty() && own.deliveries.is_empty());

    for topic in [Topic::Events, Topic::Decisions, Topic::Requests, Topic::Answers, Topic::Ledger] {
        let (marked, bare) = marks(&books, topic);
        assert!(!marked.is_empty() && bare.is_empty(), "{topic:?}: {bare:?}");
        let (marked, _) = marks(&rig.books, topic);
        assert!(marked.is_empty(), "{topic:?} of production: {marked:?}");
    }
    let refold: Value = serde_json::from_str(&rig.done(&["refold", "--json"])).unwrap();
    assert_eq!(refold["differ"], 0, "{refold}");
    let metrics = shadow.metrics();
    for name in
        ["huiyin_shadow_records_total{result=\"copied\"}", "huiyin_shadow_spent_units{currency=\"CNY\"}"]
    {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
    shadow.terminate();
    assert_eq!(shadow.wait_end(20), Some(0), "{}", shadow.tail());
    drop(line);
    remove_groups(&rig, "tiny");
}

#[test]
fn a_shadow_whose_budget_is_spent_asks_nobody_any_more_and_goes_on_deciding() {
    let rig = Rig::new("shadow-poor", |text| text);
    rig.prepare();
    let _line = rig.start_apart(&[LINE]);
    // Room for the ceiling of a call, which is far above what a call costs.
    let mut shadow = start(&rig, "poor", "0.005CNY");
    let books = books(&rig, "poor");
    let said = 40;
    for number in 0..said {
        assert!(rig.stand_ins.say(&format!("u{number}"), &format!("Number {number}")).is_intercepted());
    }
    let log = rig.settled(seconds(60));
    assert!(log.outcomes().all(|(_, answered)| matches!(answered.outcome, Outcome::Done { .. })));
    let own = settled(&books, said);
    let spent: i128 =
        own.outcomes().flat_map(|(_, a)| &a.attempts).filter_map(|a| a.cost.as_ref()).map(|c| c.pico).sum();
    assert!(spent <= 5_000_000_000, "{spent}");
    let (done, refused): (Vec<_>, Vec<_>) =
        own.outcomes().partition(|(_, answered)| matches!(answered.outcome, Outcome::Done { .. }));
    assert!(!done.is_empty() && !refused.is_empty(), "{} {}", done.len(), refused.len());
    for (_, answered) in &refused {
        assert!(
            matches!(&answered.outcome, Outcome::Failed { reason, .. } if reason == "budget")
                && answered.attempts.is_empty(),
            "{answered:?}"
        );
    }
    assert_eq!(calls_of(&rig, CANDIDATE), done.len());
    assert!(shadow.metrics().contains("huiyin_shadow_refused_calls_total{reason=\"budget\"}"));

    // What was spent is spent after a restart, too.
    shadow.terminate();
    assert_eq!(shadow.wait_end(20), Some(0));
    shadow.start_again();
    shadow.wait_ready();
    assert!(rig.stand_ins.say("later", "Number 12345678901234567890").is_intercepted());
    let own = settled(&books, said + 1);
    let last =
        own.outcomes().find(|(_, answered)| answered.user.as_ref().is_some_and(|u| u.as_str() == "later"));
    let last = last.unwrap().1;
    assert!(
        matches!(&last.outcome, Outcome::Failed { reason, .. } if reason == "budget"),
        "{last:?}, {spent} spent before"
    );
    let is_message = |event: &Event| matches!(event, Event::Message(_));
    assert_eq!(own.events.iter().filter(|event| is_message(&event.value)).count(), said + 1);
    remove_groups(&rig, "poor");
}

#[test]
fn a_shadow_that_cannot_be_paid_or_read_is_refused_with_the_reason() {
    let rig = Rig::new("shadow-bad", |text| text);
    rig.prepare();
    let run = |section: &str| {
        let ended = rig.edited(|text| format!("{text}\n{section}"), &["run", "--roles", "shadow"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        ended.stderr
    };
    assert!(run("").contains("section [shadow] is missing"));
    let gone = run("[shadow]\nname = \"x\"\ncandidate = \"gone.toml\"\nbudget = \"none\"");
    assert!(gone.contains("gone.toml") && gone.contains("No such file"), "{gone}");
    let (candidate, _) = rig.file(|text| text.replace("acme-small", CANDIDATE));
    let usd = run(&format!("[shadow]\nname = \"x\"\ncandidate = {candidate:?}\nbudget = \"5USD\""));
    assert!(usd.contains("\"main\"") && usd.contains("CNY"), "{usd}");
    let unpriced =
        fs::read_to_string(&candidate).unwrap().replace("acme-tiny\"\ncurrency", "other\"\ncurrency");
    fs::write(&candidate, unpriced).unwrap();
    let unpriced = run(&format!("[shadow]\nname = \"x\"\ncandidate = {candidate:?}\nbudget = \"5CNY\""));
    assert!(unpriced.contains("\"main\"") && unpriced.contains("[[price]]"), "{unpriced}");
    let there = rig.admin().partitions().unwrap();
    assert!(!there.keys().any(|topic| topic.starts_with(&rig.topic("shadow."))), "nothing was made");
}
