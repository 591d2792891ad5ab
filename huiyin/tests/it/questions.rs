//! Questions that people ask of the books, on the running line: a message's story, whether everything agrees, other prices.

use serde_json::Value;

use crate::rig::Rig;
use crate::wait::{seconds, until};

fn rows(rig: &Rig, query: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> =
        ["query"].into_iter().chain(query.iter().copied()).chain(["--format", "jsonl"]).collect();
    rig.done(&arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn cost(rig: &Rig) -> String {
    rows(rig, &["cost"])[0]["cost"].as_str().unwrap_or_default().to_owned()
}

/// Twice what the deployment's own file says.
const PRICES: &str = "[[price]]\nprovider = \"local\"\nmodel = \"acme-small\"\ncurrency = \"CNY\"\n\
                      from = \"2026-01-01\"\ninput = \"1\"\noutput = \"3\"\n";

const EVERYTHING: [&str; 5] = ["reconcile", "--from", "1h", "--to", "0s"];

#[test]
fn books_agree_tell_a_story_and_are_priced_again() {
    let rig = Rig::new("questions", |text| text);
    rig.prepare();
    let _line = rig.start_apart(&["ingest,decide,call,deliver,account"]);
    for n in 0..3 {
        rig.stand_ins.say(&format!("ada{n}"), "How late is it?");
    }
    until("the answers to be in the tables", seconds(40), || {
        let funnel = rows(&rig, &["funnel"]);
        funnel.first().is_some_and(|line| line["delivered"] == 3).then_some(())
    });
    let agreed = until("the books to agree", seconds(30), || {
        let done = rig.edited(|text| text, &EVERYTHING);
        (done.code == Some(0)).then_some(done.stdout)
    });
    assert!(agreed.ends_with("everything agrees\n") && agreed.contains("accepted = decided"), "{agreed}");
    story(&rig);
    priced_again(&rig);
    gaps(&rig);
}

#[test]
fn a_message_whose_answer_was_interrupted_tells_of_both_turns_and_of_nothing_that_never_was() {
    let chain = "chain = [\"main\"]\n";
    let rig =
        Rig::new("story", |text| text.replace(chain, &format!("{chain}while_answering = \"interrupt\"\n")));
    rig.prepare();
    let _line = rig.start_apart(&["ingest,decide,call,deliver,account"]);
    rig.stand_ins.hold("projector");
    let first = rig.stand_ins.say("vera", "Book the projector for Monday.");
    until("the call to hang", seconds(30), || (rig.stand_ins.held("projector") == 1).then_some(()));
    rig.stand_ins.say("vera", "No, for Tuesday.");
    until("the call to be cut", seconds(20), || {
        (rig.stand_ins.calls_about("projector")[0].end == "client_gone").then_some(())
    });
    rig.stand_ins.release("projector");
    let told = until("both outcomes and the reply to be in the tables", seconds(40), || {
        let told = rig.edited(|text| text, &["why", &first.msg_id]).stdout;
        (told.contains("cancelled,") && told.contains("done,") && told.contains("send ")).then_some(told)
    });
    assert_eq!(told.matches("history    the model saw").count(), 2, "{told}");
    assert!(!told.contains("saw 0 lines") && !told.contains("gone "), "{told}");
}

fn story(rig: &Rig) {
    let (_, message) = rig.sql("SELECT any(message) FROM {{database}}.replies");
    let message = message.trim();
    let told = rig.done(&["why", message]);
    for part in [
        "verdict    pass",
        "asked",
        "history    the model saw",
        "attempt 1",
        "price      local/acme-small",
        "send ",
        "ledger ",
    ] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    assert!(!told.contains("How late is it?") && !told.contains("gone "), "{told}");
    let shown = rig.done(&["why", message, "--show-text", "--by", "ops@acme", "--why", "a test"]);
    assert!(shown.contains("How late is it?"), "{shown}");
    until("the act of showing", seconds(20), || {
        let (_, told) =
            rig.sql("SELECT operator, subject, why FROM {{database}}.audit WHERE kind = 'text_shown'");
        (told == format!("ops@acme\t{message}\ta test\n")).then_some(())
    });
    let (_, easemob_id) = rig.sql("SELECT any(easemob_id) FROM {{database}}.replies");
    let by_part: Value =
        serde_json::from_str(&rig.done(&["why", easemob_id.trim(), "--json", "--no-log"])).unwrap();
    assert!(by_part["message"].as_str().unwrap().contains("/chat/"), "{by_part}");
    assert_eq!(rig.edited(|text| text, &["why", "acme#support/chat/1"]).code, Some(1));
}

fn priced_again(rig: &Rig) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.toml");
    std::fs::write(&file, PRICES).unwrap();
    let again = ["recost", "--from", "1h", "--to", "0s", "--prices", file.to_str().unwrap()];
    let before = cost(rig);
    let dry = rig.done(&again);
    assert!(dry.contains("3 calls differ") && dry.contains("nothing was changed"), "{dry}");
    assert_eq!(cost(rig), before);
    let execute: Vec<&str> = again.into_iter().chain(["--execute", "--by", "ops@acme"]).collect();
    let done = rig.done(&execute);
    assert!(done.contains("3 corrections were written"), "{done}");
    let twice = account::decimal_text(2 * account::decimal(&before).unwrap());
    until("the corrections to count", seconds(20), || (cost(rig) == twice).then_some(()));
    let nothing = until("account to have committed", seconds(20), || {
        let done = rig.edited(|text| text, &execute);
        (done.code == Some(0)).then_some(done.stdout)
    });
    assert!(nothing.contains("0 calls differ") && nothing.contains("all of it is booked so"), "{nothing}");
    assert_eq!(cost(rig), twice);
    let facts = rows(rig, &["cost", "-p", "source=facts"]);
    assert_eq!(facts[0]["cost"].as_str(), Some(twice.as_str()));
    assert_eq!(facts[0]["calls"], 3, "a correction is no call");
    let csv = rig.done(&["export", "finance", "--from", "1d", "--to", "tomorrow"]);
    assert!(csv.starts_with("app,day,provider,model,currency,price,entry,calls"), "{csv}");
    assert!(csv.lines().any(|line| line.contains(",recost-")), "{csv}");
}

/// A row that is gone is a gap with its place; a store that is away is no answer.
fn gaps(rig: &Rig) {
    let (status, text) =
        rig.sql("ALTER TABLE {{database}}.replies DELETE WHERE part = 1 SETTINGS mutations_sync = 2");
    assert_eq!(status, 200, "{text}");
    let torn = rig.edited(|text| text, &EVERYTHING);
    assert_eq!(torn.code, Some(1), "{}", torn.stdout);
    let told = &torn.stdout;
    assert!(told.contains("records = rows of replies") && told.contains("0 rows for 1"), "{told}");
    let away =
        rig.edited(|text| text.replace("[account]", "[account]\nquery_timeout = \"1ms\""), &EVERYTHING);
    assert_eq!(away.code, Some(2), "{}{}", away.stdout, away.stderr);
}
