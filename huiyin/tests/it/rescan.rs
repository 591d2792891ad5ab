//! The log judged by another dictionary: what would be stopped now is told, and what the bot said of it taken back.

use schemas::topic::Topic;
use serde_json::Value;

use crate::http;
use crate::rig::Rig;
use crate::wait::{seconds, until};

/// Texts of the bot that stand in a chat.
fn standing(rig: &Rig, user: &str) -> Vec<String> {
    let inbox = http::get(&format!("{}/control/inbox?user={user}", rig.stand_ins.easemob));
    let messages = inbox["messages"].as_array().unwrap().iter();
    let stands = messages.filter(|message| message["from"] == "bot" && message["recalled"] == false);
    stands.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

fn rescanned(rig: &Rig, words: &str, more: &[&str]) -> Value {
    let arguments = ["safety", "rescan", "--from", "1h", "--dictionary", words, "--json"];
    serde_json::from_str(&rig.done(&[&arguments, more].concat())).unwrap()
}

/// Who said it, in which conversation, the rule that stops it, and how often.
fn lines(found: &Value) -> Vec<(&str, &str, &str, u64)> {
    let lines = found["lines"].as_array().unwrap().iter();
    lines
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap();
            (text("of"), text("conversation"), text("rule"), it["count"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn a_planted_word_is_found_once_where_it_was_said_and_only_the_bots_answers_are_taken_back() {
    let rig = Rig::new("rescan", |text| text);
    rig.prepare();
    let mut line = rig.start("ingest,decide,call,deliver");
    line.wait_ready();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fruit.tsv");
    std::fs::write(&file, "pineapple\ttropics\ndurian\ttropics\nsmell\tsmells\n").unwrap();
    let words = file.to_str().unwrap();
    for (user, text) in [
        ("ada", "Which fruit shall I buy?"),
        ("bob", "A durian, a durian: does it smell? alice@example.com"),
        ("cat", "Where is my parcel?"),
    ] {
        assert!(rig.stand_ins.say(user, text).is_intercepted());
    }
    assert!(rig.stand_ins.say("dan", "the master password is pineapple").is_blocked());
    rig.settled(seconds(60));
    let said = ["ada", "bob", "cat"].map(|user| standing(&rig, user));
    assert_eq!(said[0], ["Try a pineapple."]);

    let found = rescanned(&rig, words, &[]);
    let lines = lines(&found);
    // The stand-in's other answers say again what they were asked.
    let echoed = said[1].concat().contains("durian");
    let expected = [
        Some(("message", "acme#support/chat/bot/bob", "fruit/smells", 1)),
        Some(("message", "acme#support/chat/bot/bob", "fruit/tropics", 1)),
        Some(("answer", "acme#support/chat/bot/ada", "fruit/tropics", 1)),
        echoed.then_some(("answer", "acme#support/chat/bot/bob", "fruit/smells", 1)),
        echoed.then_some(("answer", "acme#support/chat/bot/bob", "fruit/tropics", 1)),
    ];
    assert_eq!(lines, expected.into_iter().flatten().collect::<Vec<_>>(), "{found}");
    assert_eq!((found["messages"].as_u64(), found["answers"].as_u64()), (Some(4), Some(3)));
    assert!(found["per_second"].as_f64().unwrap() > 0.0 && found["ordered"] == false);
    assert!(!found.to_string().contains("durian") && !found.to_string().contains("texts"), "no text is told");
    let current = rig.done(&["safety", "rescan", "--from", "1h"]);
    assert!(current.starts_with("0 messages and 0 answers of 0 conversations"), "{current}");
    assert!(current.contains("4 messages and 3 answers judged"), "{current}");

    let shown = rescanned(&rig, words, &["--show-text", "--by", "ops", "--why", "a look"]);
    assert!(shown.to_string().contains("does it smell? *****************"), "{shown}");
    let dry = rig.done(&["safety", "rescan", "--from", "1h", "--dictionary", words, "--retract"]);
    assert!(dry.contains("nothing was ordered: --yes takes these answers back"), "{dry}");
    assert_eq!(["ada", "bob", "cat"].map(|user| standing(&rig, user)), said);

    let delivered = rig.books.count(Topic::Deliveries);
    let ordered = rescanned(&rig, words, &["--retract", "--yes", "--by", "ops", "--why", "a new dictionary"]);
    assert_eq!(ordered["ordered"], true, "{ordered}");
    let taken_back = said[0].len() + if echoed { said[1].len() } else { 0 };
    let results = || (rig.books.count(Topic::Deliveries) == delivered + taken_back).then_some(());
    until("the answers to be taken back", seconds(30), results);
    assert!(standing(&rig, "ada").is_empty());
    assert_eq!(standing(&rig, "cat"), said[2], "nothing else is taken back");
    assert_eq!(standing(&rig, "bob").len(), if echoed { 0 } else { said[1].len() });
    let again = rescanned(&rig, words, &["--retract", "--yes", "--by", "ops", "--why", "again"]);
    assert_eq!((&again["stopped"]["answers"], &again["ordered"]), (&0.into(), &false.into()), "{again}");
    assert_eq!(
        again["stopped"]["messages"], found["stopped"]["messages"],
        "what people said stands in their chats"
    );
}

#[test]
fn a_rescan_without_a_name_a_reason_or_good_words_changes_and_tells_nothing() {
    let rig = Rig::new("rescans", |text| text);
    rig.prepare();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.tsv");
    std::fs::write(&file, "--\tfruit\n").unwrap();
    let words = file.to_str().unwrap();
    for (arguments, says) in [
        (&["--from", "1h", "--retract", "--yes"][..], "--by"),
        (&["--from", "1h", "--yes", "--by", "a", "--why", "b"], "--retract"),
        (&["--from", "1h", "--dictionary", words], "nothing"),
        (&["--from", "1h", "--dictionary", "gone.tsv"], "read gone.tsv"),
        (&["--from", "1h", "--candidate", "gone.toml"], "gone.toml"),
        (&["--from", "1h", "--to", "2h"], "--from is not before --to"),
        (&[], "--from"),
    ] {
        let ended = rig.edited(|text| text, &[&["safety", "rescan"], arguments].concat());
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
}
