//! `huiyin replay run` on a real broker: equal to the byte, exactly what was planted, nothing paid twice, nothing sent, nothing else removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pipeline::kafka::{Claim, Partition, scan, watermarks};
use schemas::decision::Ruling;
use serde_json::Value;

use crate::process::Ended;
use crate::rig::Rig;
use crate::stand_ins::Call;
use crate::traffic::{Line, Traffic};
use crate::wait::{now, seconds, until};

const PARTITIONS: i32 = 8;
const KINDS: [&str; 6] = ["decisions", "requests", "answers", "ledger", "outcomes", "results"];

/// A line on which people have talked, and that has ended, with the number of its turns.
fn talked(name: &str) -> (Rig, usize) {
    let rig = Rig::new(name, |text| text);
    rig.prepare();
    let mut process = rig.start("ingest,decide,call,deliver");
    process.wait_ready();
    let line = |index: usize| Line {
        app: "acme#support".into(),
        user: format!("user{}", index % 8),
        text: if index % 11 == 5 {
            format!("is pineapple {index} a fruit")
        } else {
            format!("question {index}")
        },
    };
    let plan: Vec<Line> = (0..40).map(line).collect();
    let traffic = Traffic::start(&rig.stand_ins, &plan, 4, Duration::from_millis(900));
    until("everybody to have spoken", seconds(60), || traffic.is_over().then_some(()));
    traffic.end();
    let log = rig.settled(seconds(60));
    process.terminate();
    assert_eq!(process.wait_end(40), Some(0));
    let asked = log.decisions.iter().filter(|decision| decision.value.ruling == Ruling::Asked);
    let turns: BTreeSet<_> = asked.filter_map(|decision| decision.value.turn).collect();
    // Somebody who asks again before the answer came is answered in one turn.
    assert!(turns.len() >= 30, "{} turns", turns.len());
    (rig, turns.len())
}

/// Runs a replay of all that was said.
fn run(rig: &Rig, name: &str, more: &[&str]) -> Ended {
    let fixed = ["replay", "run", "--from", "2h", "--to", "0s", "--name", name];
    let arguments: Vec<&str> = fixed.iter().chain(more).copied().collect();
    rig.edited(|text| text, &arguments)
}

fn recorded(rig: &Rig, name: &str, more: &[&str]) -> String {
    let arguments: Vec<&str> = ["--models", "recorded"].iter().chain(more).copied().collect();
    let ended = run(rig, name, &arguments);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// A value with the headers of its record, and where it is.
type Found = (i32, Option<Vec<u8>>, Vec<pipeline::Header>);

/// What a topic holds, without the header that every record of a replay has.
fn topic(rig: &Rig, name: &str) -> Vec<Found> {
    let mut all = Vec::new();
    for index in 0..PARTITIONS {
        let partition = Partition { topic: rig.topic(name).as_str().into(), index };
        scan(&rig.access(), &partition, 0, seconds(30), |record| {
            let mut headers = record.headers.to_vec();
            if name.starts_with("replay.") {
                let (mark, value) = headers.pop().unwrap();
                assert_eq!(mark, "huiyin_replay", "{name}");
                assert!(name.starts_with(&format!("replay.{}.", String::from_utf8(value).unwrap())));
            }
            all.push((index, record.value, headers));
        })
        .unwrap();
    }
    all
}

/// The turns of a replay's results.
pub(crate) fn results(rig: &Rig, name: &str) -> Vec<Value> {
    let out = tempfile::NamedTempFile::new().unwrap();
    let path = out.path().display().to_string();
    rig.done(&["replay", "show", name, "--out", &path]);
    let text = std::fs::read_to_string(out.path()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["record"] == "turn").collect()
}

#[test]
fn a_log_is_decided_again_to_the_byte_and_a_planted_rule_changes_exactly_what_it_should() {
    let (rig, all) = talked("replay");
    let sent = rig.stand_ins.sends().len();
    let told = recorded(&rig, "one", &[]);
    assert!(told.contains("0 drifted") && told.contains("100.0 % the same to the byte"), "{told}");
    assert!(told.contains("100.0 % of turns, open loop the others"), "{told}");
    recorded(&rig, "two", &[]);
    for kind in ["decisions", "requests", "answers", "ledger"] {
        let one = topic(&rig, &format!("replay.one.{kind}"));
        assert!(!one.is_empty() && one == topic(&rig, &format!("replay.two.{kind}")), "{kind}");
        let produced = topic(&rig, kind).into_iter().collect::<Vec<_>>();
        assert!(one == produced, "{kind} differs from what the line wrote");
    }
    middle(&rig);
    let turns = results(&rig, "one");
    assert_eq!(turns.len(), all);
    assert!(turns.iter().all(|turn| turn["baseline"] == turn["candidate"]), "{:?}", turns[0]);

    let told = recorded(&rig, "figures", &["--outputs", "results"]);
    assert!(told.contains("0 drifted") && told.contains("100.0 % the same to the byte"), "{told}");
    assert_eq!(results(&rig, "figures"), turns);
    assert!(
        ["decisions", "requests", "answers", "ledger"].iter().all(|kind| topic(
            &rig,
            &format!("replay.figures.{kind}")
        )
        .is_empty())
    );

    let planted = |text: String| {
        text + "\n[[filter.word]]\nid = \"fruits\"\nwords = [\"pineapple\"]\naction = \"block\"\n"
    };
    let (candidate, _) = rig.file(planted);
    let candidate = candidate.display().to_string();
    recorded(&rig, "planted", &["--candidate", &candidate]);
    let mut blocked = 0;
    for turn in results(&rig, "planted") {
        if turn["question"].as_str().unwrap().contains('\n') {
            continue;
        }
        let hit = turn["question"].as_str().unwrap().contains("pineapple");
        blocked += usize::from(hit);
        let (was, is) = (&turn["baseline"], &turn["candidate"]);
        assert_eq!(is["verdict"], if hit { "block" } else { "pass" }, "{turn}");
        assert_eq!(is["rules"], if hit { serde_json::json!(["fruits"]) } else { Value::Null }, "{turn}");
        assert_eq!(was["answer"] == is["answer"], !hit, "{turn}");
        assert_eq!(was["verdict"], "pass", "{turn}");
    }
    assert!((1..=4).contains(&blocked), "{blocked}");
    for (limit, code) in [("4", 0), ("0", 1)] {
        let condition = format!("verdict_changed>{limit}");
        let gate = rig.edited(|text| text, &["replay", "gate", "planted", "--fail-if", &condition]);
        assert_eq!(gate.code, Some(code), "{}{}", gate.stdout, gate.stderr);
    }
    rig.done(&["replay", "report", "planted", "--against", "one"]);
    prices(&rig);
    killed(&rig);
    claimed(&rig);
    names(&rig);
    assert_eq!(rig.stand_ins.sends().len(), sent, "nothing of a replay is sent");
}

/// Twice the prices are twice the cost of the same answers, and nothing else.
fn prices(rig: &Rig) {
    let double =
        |text: String| text.replace("input = \"0.5\"\noutput = \"1.5\"", "input = \"1\"\noutput = \"3\"");
    let (candidate, _) = rig.file(double);
    recorded(rig, "priced", &["--candidate", &candidate.display().to_string()]);
    let turns = results(rig, "priced");
    let pico = |side: &Value| side["cost"]["pico"].as_i64();
    assert!(turns.iter().any(|turn| pico(&turn["baseline"]).is_some_and(|pico| pico > 0)), "{:?}", turns[0]);
    for turn in &turns {
        let (was, is) = (&turn["baseline"], &turn["candidate"]);
        assert_eq!(pico(is), pico(was).map(|pico| 2 * pico), "{turn}");
        for same in ["answer", "verdict", "route", "target", "tokens", "latency_ms"] {
            assert_eq!(was[same], is[same], "{same}: {turn}");
        }
    }
    for (limit, code) in [("+5%", 1), ("+150%", 0)] {
        let gate =
            rig.edited(|text| text, &["replay", "gate", "priced", "--fail-if", &format!("cost>{limit}")]);
        assert_eq!(gate.code, Some(code), "{}{}", gate.stdout, gate.stderr);
    }
}

/// A range that begins in the middle of conversations: cold by itself, and equal with a warm-up or from a snapshot.
fn middle(rig: &Rig) {
    let mut times: Vec<i64> = rig.books.log().events.iter().map(|event| event.at).collect();
    times.sort_unstable();
    let middle = Duration::from_millis(times[times.len() / 2].unsigned_abs());
    let middle = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + middle).to_string();
    let snapshot = tempfile::tempdir().unwrap();
    let folder = snapshot.path().display().to_string();
    rig.done(&["replay", "snapshot", "--at", &middle, "--out", &folder]);
    for (name, more) in [("cold", &[][..]), ("warm", &["--warm-up", "2h"]), ("stored", &["--state", &folder])]
    {
        let fixed =
            ["replay", "run", "--from", &middle, "--to", "0s", "--models", "recorded", "--name", name];
        let told = rig.done(&[&fixed[..], more].concat());
        assert!(told.contains(" 0 drifted"), "{name}: {told}");
        assert_eq!(told.contains(", 0 began cold"), name != "cold", "{name}: {told}");
    }
}

/// One that is killed in the middle and run again has written what an unbroken one has, each record once and in its order.
fn killed(rig: &Rig) {
    let written = |name: &str, kind: &str| -> i64 {
        let topic: Arc<str> = rig.topic(&format!("replay.{name}.{kind}")).as_str().into();
        let partition = |index| Partition { topic: Arc::clone(&topic), index };
        let all: Vec<Partition> = (0..PARTITIONS).map(partition).collect();
        // Before its topics are made it has written nothing.
        let ends = watermarks(&rig.access(), &all).unwrap_or_default();
        ends.iter().map(|(low, high)| high - low).sum()
    };
    let whole = written("one", "decisions");
    let cut = (0..5).map(|number| format!("killed-{number}")).find(|name| {
        let fixed = ["replay", "run", "--from", "2h", "--to", "0s", "--models", "recorded", "--threads", "1"];
        let mut process = rig.start_with(|text| text, &[&fixed[..], &["--name", name]].concat());
        until("some decisions", seconds(60), || (written(name, "decisions") > 0).then_some(()));
        process.kill();
        written(name, "decisions") < whole
    });
    let name = cut.expect("a run that is killed before its end");
    let list = rig.done(&["replay", "list"]);
    let is_cut = |line: &str| line.starts_with(&format!("{name} ")) && line.ends_with("was cut off");
    assert!(list.lines().any(is_cut), "{list}");
    recorded(rig, &name, &["--threads", "1"]);
    for kind in ["decisions", "requests", "answers", "ledger", "outcomes"] {
        let (unbroken, broken) =
            (topic(rig, &format!("replay.one.{kind}")), topic(rig, &format!("replay.{name}.{kind}")));
        assert!(unbroken == broken, "{kind}: {} records and {}", unbroken.len(), broken.len());
    }
    let lines = |name: &str| -> Vec<Found> {
        let all = topic(rig, &format!("replay.{name}.results")).into_iter();
        let is_turn = |(name, value): &pipeline::Header| name == "huiyin_kind" && value == b"turn";
        all.filter(|(_, _, headers)| headers.iter().any(is_turn)).collect()
    };
    let (unbroken, broken) = (lines("one"), lines(&name));
    assert!(!unbroken.is_empty() && unbroken == broken, "{} turns and {}", unbroken.len(), broken.len());
}

/// While one process works on a replay no other does, nor is it removed.
fn claimed(rig: &Rig) {
    let group = format!("{}.replay.one", rig.name());
    let claim = Claim::take(&rig.access(), &group, &rig.topic("configs"), seconds(20)).unwrap();
    std::thread::scope(|scope| {
        let others = [
            &["replay", "run", "--from", "2h", "--to", "0s", "--models", "recorded", "--name", "one"][..],
            &["replay", "rm", "one"],
        ];
        let others = others.map(|arguments| scope.spawn(move || rig.edited(|text| text, arguments)));
        for other in others {
            let ended = other.join().unwrap();
            assert_eq!(ended.code, Some(2), "{}", ended.stderr);
            assert!(
                ended.stderr.contains("work on replay one")
                    && ended.stderr.contains("another process has it"),
                "{}",
                ended.stderr
            );
        }
    });
    drop(claim);
}

/// What has a name that leads elsewhere is refused, so is another replay of the same name, and only a replay's own topics go with it.
fn names(rig: &Rig) {
    for name in ["../x", "One", "a.b", "", "a/b"] {
        assert_eq!(run(rig, name, &["--models", "recorded"]).code, Some(2), "{name:?}");
        assert_eq!(rig.edited(|text| text, &["replay", "rm", name]).code, Some(2), "{name:?}");
    }
    let other = run(rig, "one", &["--models", "recorded", "--sample", "5%"]);
    assert!(other.stderr.contains("--sample was not given, and is 5%"), "{}", other.stderr);
    assert_eq!(other.code, Some(2));
    // The same again finds everything there.
    let before = topic(rig, "replay.one.decisions");
    recorded(rig, "one", &[]);
    assert!(before == topic(rig, "replay.one.decisions"));
    let list = rig.done(&["replay", "list"]);
    for name in ["one", "two", "planted"] {
        assert!(
            list.lines().any(|line| line.starts_with(&format!("{name} ")) && line.ends_with("done")),
            "{list}"
        );
    }
    let topics = || -> BTreeSet<String> {
        let there = rig.admin().partitions().unwrap();
        there.into_keys().filter_map(|topic| Some(topic.strip_prefix(&rig.topic(""))?.to_owned())).collect()
    };
    let before = topics();
    rig.done(&["replay", "rm", "two"]);
    let removed: BTreeSet<String> = KINDS.iter().map(|kind| format!("replay.two.{kind}")).collect();
    until("the topics to be gone", seconds(20), || (topics() == &before - &removed).then_some(()));
    assert_eq!(rig.edited(|text| text, &["replay", "rm", "two"]).code, Some(2));
}

/// Calls of the model by request, from a time on.
fn calls(rig: &Rig, since: i64) -> BTreeMap<String, Vec<Call>> {
    let mut calls: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for call in rig.stand_ins.calls().into_iter().filter(|call| call.started_at >= since) {
        calls.entry(call.request()).or_default().push(call);
    }
    calls
}

#[test]
fn a_replay_that_is_killed_goes_on_without_asking_a_finished_call_again_and_a_budget_stops_it() {
    let (rig, all) = talked("replay-live");
    let sent = rig.stand_ins.sends().len();
    let (candidate, _) = rig.file(|text| text.replace("You are the help desk of Acme.", "Be brief."));
    let candidate = candidate.display().to_string();
    let arguments =
        ["--models", "recorded-then-live", "--candidate", &candidate, "--concurrency", "1", "--rate", "8/s"];
    let unpaid = run(&rig, "live", &arguments);
    assert!(unpaid.code == Some(2) && unpaid.stderr.contains("--budget"), "{}", unpaid.stderr);

    let since = now();
    let mut whole = vec![
        "replay",
        "run",
        "--from",
        "2h",
        "--to",
        "0s",
        "--name",
        "live",
        "--budget",
        "5CNY",
        "--threads",
        "1",
    ];
    whole.extend(arguments);
    let mut process = rig.start_with(|text| text, &whole);
    until("some calls", seconds(60), || (calls(&rig, since).len() >= 12).then_some(()));
    process.kill();
    let kept = topic(&rig, "replay.live.outcomes").len();
    let before = calls(&rig, since);
    assert!(kept >= 8 && before.len() < all, "{kept} kept, {} asked", before.len());

    let ended = run(&rig, "live", &[&arguments[..], &["--budget", "5CNY", "--threads", "1"]].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let after = calls(&rig, since);
    let twice = after.values().filter(|calls| calls.len() > 1).count();
    // One call runs at a time: only the one that ran when the process was killed may have been asked again.
    assert!(after.len() == all && twice <= 1, "{} requests, {twice} asked twice", after.len());
    assert_eq!(topic(&rig, "replay.live.outcomes").len(), all);
    let turns = results(&rig, "live");
    assert_eq!(turns.len(), all);
    assert!(turns.iter().all(|turn| turn["candidate"]["source"] == "live"), "{:?}", turns[0]);
    let ids = |kind: &str| {
        let all = topic(&rig, &format!("replay.live.{kind}"));
        let id = |headers: &[pipeline::Header]| headers.iter().find(|(name, _)| name == "ce_id").cloned();
        let ids: Vec<_> = all.iter().filter_map(|(_, _, headers)| id(headers)).collect();
        (ids.len(), ids.into_iter().collect::<BTreeSet<_>>().len())
    };
    for kind in ["decisions", "requests", "answers", "ledger", "outcomes"] {
        let (all, different) = ids(kind);
        assert_eq!(all, different, "{kind} has a record twice");
    }

    whole[7] = "ended";
    ended_by_signal(&rig, &whole, all);

    let poor = run(&rig, "poor", &[&arguments[..], &["--budget", "0.00000001CNY"]].concat());
    assert!(poor.code == Some(1) && poor.stdout.contains("budget"), "{}{}", poor.stdout, poor.stderr);
    assert_eq!(rig.stand_ins.sends().len(), sent, "nothing of a replay is sent");
}

/// Whoever ends a replay by SIGTERM gets what is done, and goes on later.
fn ended_by_signal(rig: &Rig, whole: &[&str], all: usize) {
    let since = now();
    let mut process = rig.start_with(|text| text, whole);
    until("some calls", seconds(60), || (calls(rig, since).len() >= 8).then_some(()));
    process.terminate();
    assert_eq!(process.wait_end(30), Some(1), "{}", process.tail());
    let list = rig.done(&["replay", "list"]);
    assert!(list.lines().any(|line| line.starts_with("ended ") && line.ends_with("  stopped")), "{list}");
    let asked = calls(rig, since).len();
    assert!(asked < all && topic(rig, "replay.ended.outcomes").len() == asked, "{asked} asked");
    rig.done(whole);
    let calls = calls(rig, since);
    assert!(calls.len() == all && calls.values().all(|calls| calls.len() == 1), "{}", calls.len());
}
