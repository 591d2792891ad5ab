//! Offsets as an operator sees and sets them: planned first, refused while somebody runs, obeyed by who starts next.

use pipeline::kafka::{CommitOffset, Group, Instance, Partition, read_incarnation};
use pipeline::offsets::Driver;
use schemas::decision::Ruling;
use serde_json::Value;

use crate::process::{Ended, Process};
use crate::rig::Rig;
use crate::wait::{seconds, until};

fn command(rig: &Rig, arguments: &[&str]) -> Ended {
    rig.edited(|text| text, arguments)
}

fn show(rig: &Rig, role: &str) -> Value {
    serde_json::from_str(&rig.done(&["offsets", "show", "--role", role, "--json"])).unwrap()
}

/// What `offsets show` says of a role's partitions.
fn shown(rig: &Rig, role: &str) -> Vec<Value> {
    show(rig, role)["partitions"].as_array().unwrap().clone()
}

/// How many members it says that a role has.
fn members(rig: &Rig, role: &str) -> usize {
    show(rig, role)["members"][role].as_array().unwrap().len()
}

/// Partition and committed offset of each partition of a role.
fn committed(rig: &Rig, role: &str) -> Vec<(i64, Option<i64>)> {
    let of = |p: &Value| (p["partition"].as_i64().unwrap(), p["committed"].as_i64());
    shown(rig, role).iter().map(of).collect()
}

fn group(rig: &Rig, role: &str) -> Group {
    Group::open(&rig.access(), &Instance::new(rig.name(), role, 0).unwrap().group_id()).unwrap()
}

fn incarnation(rig: &Rig) -> String {
    read_incarnation(&rig.access(), &rig.topic("configs")).unwrap().unwrap()
}

/// A role that gives its partitions back at once when it ends.
fn start_leaving(rig: &Rig, roles: &str) -> Process {
    let mut process = rig.start_with(|text| text, &["run", "--roles", roles, "--leave"]);
    process.wait_ready();
    process
}

fn end(mut process: Process) {
    process.terminate();
    assert_eq!(process.wait_end(30), Some(0), "{}", process.tail());
}

#[test]
fn a_reset_tells_first_is_refused_while_the_role_runs_and_is_obeyed_by_the_restarted_one() {
    let rig = Rig::new("reset", |text| text);
    rig.prepare();
    let _others = rig.start_apart(&["ingest,decide,deliver"]);
    let mut call = rig.start("call");
    call.wait_ready();
    rig.stand_ins.say("ada", "How late is it?");
    until("the answer", seconds(30), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));
    let at = rig.books.log().requests[0].partition;
    until("the outcome to be committed", seconds(10), || {
        let place = &shown(&rig, "call")[usize::try_from(at).unwrap()];
        (place["lag"] == 0 && place["committed"].as_i64() > Some(0)).then_some(())
    });
    let before = committed(&rig, "call");
    assert_eq!(members(&rig, "call"), 1);

    let dry = rig.done(&["offsets", "reset", "--role", "call", "--all", "--to", "earliest"]);
    for says in ["-> 0 (log 0..", "paid again", "not possible now", "nothing was changed: --execute does it"]
    {
        assert!(dry.contains(says), "{says:?} is not in {dry}");
    }
    let execute = ["offsets", "reset", "--role", "call", "--all", "--to", "earliest", "--execute"];
    let refused = command(&rig, &execute);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("1 members") && refused.stderr.contains("nothing was changed"));
    let at_once = group(&rig, "call").commit(&[CommitOffset {
        partition: Partition { topic: rig.topic("requests").into(), index: at },
        next: 0,
        metadata: String::new(),
    }]);
    assert!(at_once.is_err(), "the broker lets an outsider commit beside members");
    assert_eq!(committed(&rig, "call"), before);

    call.terminate();
    assert_eq!(call.wait_end(30), Some(0));
    // A static member that did not leave counts until its session is over.
    let done = until("the session to be over", seconds(30), || {
        Some(command(&rig, &execute)).filter(|ended| ended.code == Some(0))
    });
    assert!(done.stdout.contains("done: 8 partitions"), "{}", done.stdout);
    let partition = Partition { topic: rig.topic("requests").into(), index: at };
    let found = group(&rig, "call").committed(&[partition]).unwrap().remove(0);
    assert_eq!(found.next, Some(0));
    assert_eq!(found.metadata, Some(Driver::Call.empty(&incarnation(&rig), 0).unwrap()));
    let place = &shown(&rig, "call")[usize::try_from(at).unwrap()];
    assert_eq!((&place["finished_ahead"], &place["progress"]["incomplete"]), (&0.into(), &0.into()));
    assert!(place["lag"].as_i64() > Some(0) && place["frontier_age_ms"].as_i64() > Some(0), "{place}");
    assert_eq!((members(&rig, "call"), &place["refused"]), (0, &Value::Null));
    let text = rig.done(&["offsets", "show"]);
    for says in
        ["call: 0 members", "decide: 1 members", "events/0", "answers/7", "deliveries/3", "ended in order"]
    {
        assert!(text.contains(says), "{says:?} is not in {text}");
    }

    call.start_again();
    until("the request to be called again", seconds(30), || {
        (rig.stand_ins.calls_about("How late is it?").len() == 2).then_some(())
    });
    until("its outcome to be booked", seconds(30), || {
        rig.books.log().decisions.iter().any(|d| d.value.ruling == Ruling::Late).then_some(())
    });
    assert_eq!(rig.stand_ins.heard("ada").len(), 1, "the second outcome was let out");
}

#[test]
fn a_refused_partition_says_why_and_is_accepted_where_it_stands_by_a_reset() {
    let rig = Rig::new("accept", |text| text);
    rig.prepare();
    let _others = rig.start_apart(&["ingest,call,deliver"]);
    let decide = start_leaving(&rig, "decide");
    rig.stand_ins.say("bob", "first");
    until("the first answer", seconds(30), || (rig.stand_ins.heard("bob").len() == 1).then_some(()));
    let at = rig.books.log().messages().next().map(|_| rig.books.log().requests[0].partition).unwrap();
    end(decide);
    let events = Partition { topic: rig.topic("events").into(), index: at };
    let stood =
        group(&rig, "decide").committed(std::slice::from_ref(&events)).unwrap().remove(0).next.unwrap();
    let foreign =
        CommitOffset { partition: events.clone(), next: stood, metadata: "by some other tool".into() };
    group(&rig, "decide").commit(&[foreign]).unwrap();

    let place = shown(&rig, "decide")[usize::try_from(at).unwrap()].clone();
    assert_eq!(place["refused"]["reason"], "metadata_foreign", "{place}");
    let mut refusing = rig.start_with(|text| text, &["run", "--roles", "decide", "--leave"]);
    until("decide to refuse the partition", seconds(30), || {
        refusing.ready()?;
        refusing.metrics().contains("huiyin_fold_refused_partitions{step=\"decide\"} 1").then_some(())
    });
    assert!(refusing.ended().is_none() && !refusing.is_ready());
    end(refusing);

    let partition = at.to_string();
    let reset = |to: &str, execute: bool| {
        let mut arguments =
            vec!["offsets", "reset", "--role", "decide", "--partition", &partition, "--to", to];
        arguments.extend(execute.then_some("--execute"));
        command(&rig, &arguments)
    };
    let beyond = reset("1000000", true);
    assert_eq!(beyond.code, Some(1));
    assert!(beyond.stderr.contains("is not within the log"), "{}", beyond.stderr);
    let dry = reset("committed", false);
    assert!(dry.stdout.contains(&format!("{stood} -> {stood}")), "{}", dry.stdout);
    assert!(dry.stdout.contains("was refused metadata_foreign"), "{}", dry.stdout);
    let back = reset("earliest", false);
    assert!(back.stdout.contains("duplicate") && back.stdout.contains("states stay"), "{}", back.stdout);
    assert_eq!(reset("1h", false).stdout, back.stdout, "everything is younger than an hour");
    assert_eq!(reset("0s", false).stdout, reset("latest", false).stdout, "nothing is younger than now");
    assert_eq!(reset("committed", true).code, Some(0));
    let found = group(&rig, "decide").committed(&[events]).unwrap().remove(0);
    assert_eq!(found.metadata, Some(Driver::Fold.empty(&incarnation(&rig), stood).unwrap()));

    let _decide = start_leaving(&rig, "decide");
    rig.stand_ins.say("bob", "second");
    until("the second answer", seconds(30), || (rig.stand_ins.heard("bob").len() == 2).then_some(()));
    let refold: Value = serde_json::from_str(&rig.done(&["refold", "--json"])).unwrap();
    assert_eq!(refold["differ"], 0, "accepting a partition where it stands changed a decision: {refold}");
}

#[test]
fn a_call_that_is_stuck_makes_the_age_of_its_partition_grow_and_others_wait_ahead_of_it() {
    let rig = Rig::new("stuck", |text| text);
    rig.prepare();
    let mut line = rig.start("ingest,decide,call,deliver,account");
    line.wait_ready();
    rig.stand_ins.hold("hold this");
    rig.stand_ins.say("eve", "Please hold this");
    until("a held call", seconds(30), || (rig.stand_ins.held("hold this") == 1).then_some(()));
    let at = rig.books.log().requests[0].partition;
    let gauge = |name: &str, step: &str, partition: i32| {
        let labels = format!("{name}{{step=\"{step}\",partition=\"{partition}\"}} ");
        let metrics = line.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(&labels)?.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("{labels} is not in {metrics}"))
    };
    let age = |partition| gauge("huiyin_pipeline_calls_frontier_age_seconds", "call", partition);
    until("the age to grow", seconds(15), || (age(at) > 2.0).then_some(()));
    assert!((0..8).filter(|other| *other != at).all(|other| age(other) == 0.0));
    // Somebody in the same partition is answered meanwhile, and waits in the map.
    let ahead = || gauge("huiyin_pipeline_calls_finished_ahead_count", "call", at);
    let mut users = 0;
    until("an outcome ahead of the stuck call", seconds(60), || {
        users += 1;
        rig.stand_ins.say(&format!("u{users}"), "Quick question");
        (ahead() >= 1.0).then_some(())
    });
    for (name, step) in [
        ("huiyin_pipeline_calls_frontier_age_seconds", "deliver"),
        ("huiyin_pipeline_calls_metadata_fill_ratio", "call"),
        ("huiyin_fold_frontier_age_seconds", "decide"),
    ] {
        assert!((0.0..5.0).contains(&gauge(name, step, at)), "{name}");
    }
    let events = rig.topic("events");
    for name in ["huiyin_account_pending_age_seconds", "huiyin_account_lag_records"] {
        let labels = format!("{name}{{topic=\"{events}\",partition=\"{at}\"}} ");
        until(&labels, seconds(15), || line.metrics().contains(&labels).then_some(()));
    }
    let place = &shown(&rig, "call")[usize::try_from(at).unwrap()];
    assert!(place["finished_ahead"].as_i64() >= Some(1), "{place}");
    assert!(place["frontier_age_ms"].as_i64() > Some(2_000), "{place}");

    rig.stand_ins.release("hold this");
    until("the age to fall", seconds(15), || (age(at) == 0.0 && ahead() == 0.0).then_some(()));
}
