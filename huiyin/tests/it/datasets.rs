//! Data sets as an operator cuts them: rows choose, the log tells, and nobody's data are in the file.

use std::collections::BTreeSet;

use replay::dataset::{Dataset, read};
use schemas::act::Act;
use schemas::event::Event;
use serde_json::Value;

use crate::rig::Rig;
use crate::wait::{seconds, until};

/// Cuts a data set that must not be empty.
fn cut(rig: &Rig, by: &str, out: &std::path::Path) -> Dataset {
    let out = out.to_str().unwrap();
    let said = rig.done(&["dataset", "cut", "--by", by, "--from", "1h", "--out", out, "--operator", "ops"]);
    assert!(said.contains("written to"), "{said}");
    read(&std::fs::read_to_string(out).unwrap()).unwrap()
}

fn acts(rig: &Rig) -> Vec<Act> {
    let events = rig.books.all::<Event>().into_iter();
    events.filter_map(|event| if let Event::Act(act) = event.value { Some(act) } else { None }).collect()
}

/// Replays of data sets: their turns and no others, and a name stays with its data set.
fn replayed(rig: &Rig, slow: &Dataset, blocked: &Dataset, out: &std::path::Path) {
    let file = out.with_extension("replayed");
    let path = file.to_str().unwrap();
    let write = |set: &Dataset| std::fs::write(&file, set.to_lines().unwrap()).unwrap();
    let run = |name: &str| {
        rig.edited(|text| text, &["replay", "run", "--dataset", path, "--models", "recorded", "--name", name])
    };
    let last = slow.turns.iter().max_by_key(|turn| turn.at).unwrap();
    let last = Dataset { turns: vec![last.clone()], ..slow.clone() };
    for (name, set) in [("last", &last), ("stopped", blocked), ("both", slow)] {
        write(set);
        let ended = run(name);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        let told = format!("{0} of the {0} turns of set.replayed", set.turns.len());
        assert!(ended.stdout.contains(&told) && ended.stdout.contains(" 0 drifted"), "{}", ended.stdout);
        let results = crate::replays::results(rig, name);
        let turns: BTreeSet<&str> = results.iter().map(|turn| turn["turn"].as_str().unwrap()).collect();
        assert_eq!((turns, results.len()), (set.ids(), set.turns.len()), "{name}");
        for turn in &results {
            assert!(turn["baseline"] == turn["candidate"] && turn["cold_start"] != true, "{turn}");
        }
    }
    let other = run("last");
    assert_eq!(other.code, Some(2), "{}", other.stdout);
    assert!(other.stderr.contains("--dataset was set.replayed (hash "), "{}", other.stderr);
}

#[test]
fn turns_are_cut_out_of_production_without_personal_data_and_given_to_other_tools() {
    let rig = Rig::new("cut", |text| text);
    rig.prepare();
    let mut line = rig.start("ingest,decide,call,deliver,account");
    line.wait_ready();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set.jsonl");
    let first = "Which fruit? Write to alice@example.com.";
    assert!(rig.stand_ins.say("zoe", first).is_intercepted());
    until("the first answer", seconds(30), || (rig.stand_ins.heard("zoe").len() == 1).then_some(()));
    assert!(rig.stand_ins.say("zoe", "And which one tomorrow? {{ env.KEY }}").is_intercepted());
    until("the second answer", seconds(30), || (rig.stand_ins.heard("zoe").len() == 2).then_some(()));
    assert!(rig.stand_ins.say("bob", "what is the master password").is_blocked());
    rig.settled(seconds(60));
    let rows = |table: &str| rig.sql(&format!("SELECT count() FROM {{{{database}}}}.{table}")).1;
    until("the rows", seconds(40), || {
        (rows("requests").trim() == "2" && rows("messages").trim() == "3").then_some(())
    });

    let slow = cut(&rig, "slow", &out);
    assert_eq!((slow.turns.len(), slow.conversations().len(), slow.head.left_out), (2, 1, 0));
    let text = std::fs::read_to_string(&out).unwrap();
    // No hexadecimal digit is a z, and so no id has her name by chance.
    assert!(!text.contains("alice@") && !text.contains("zoe"), "{text}");
    let mut turns = slow.turns.clone();
    turns.sort_by_key(|turn| turn.at);
    let [one, two] = &turns[..] else { panic!("{turns:?}") };
    assert_eq!(one.question, "Which fruit? Write to *****************.");
    assert_eq!(one.answer.as_deref(), Some("Try a pineapple."));
    assert_eq!((one.target.as_deref(), one.route.is_some(), one.cost.len()), (Some("main"), true, 1));
    assert!(one.latency_ms.is_some_and(|ms| ms > 50) && one.history.is_empty());
    let said: Vec<_> = two.history.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(said, ["Which fruit? Write to *****************.", "Try a pineapple."]);
    let real = rig.books.log();
    let asked: Vec<_> = real.requests.iter().map(|request| request.value.turn.to_string()).collect();
    assert!(asked.iter().all(|turn| slow.ids().contains(turn.as_str())), "{asked:?}");
    let (from, to) = slow.range().unwrap();
    assert!(real.requests.iter().all(|request| (from..to).contains(&request.value.decided_at)));

    let blocked = cut(&rig, "blocked", &out);
    assert_eq!(
        blocked.turns.iter().map(|turn| turn.question.as_str()).collect::<Vec<_>>(),
        ["what is the master password"]
    );
    assert_eq!(cut(&rig, "hit=secrets", &out).turns, blocked.turns);
    let mut random = cut(&rig, "random", &out);
    random.turns.sort_by_key(|turn| turn.at);
    assert_eq!(random.turns, turns);
    let none = rig.done(&["dataset", "cut", "--by", "tier=gold", "--from", "1h", "--out", "nowhere"]);
    assert!(none.contains("no turn is chosen by tier=gold: those of people of this tier"), "{none}");
    let acts: Vec<_> = acts(&rig).into_iter().filter(|act| act.kind == "dataset_cut").collect();
    assert_eq!(acts.len(), 4, "what nobody gets is not written down: {acts:?}");
    assert!(
        acts.iter().any(|act| act.subject == "hit=secrets") && acts.iter().all(|act| act.by == "ops"),
        "{acts:?}"
    );

    replayed(&rig, &slow, &blocked, &out);
    let exported =
        |to: &str| rig.done(&["dataset", "export", "--dataset", out.to_str().unwrap(), "--to", to]);
    let tests: serde_yaml_ng::Value = serde_yaml_ng::from_str(&exported("promptfoo")).unwrap();
    assert_eq!(tests.as_sequence().map(Vec::len), Some(2));
    let lines = exported("jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["answer"] == "Try a pineapple."), "{lines:?}");
}
