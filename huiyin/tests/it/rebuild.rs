//! Tables that are made anew while people go on asking: refused while account runs, and afterwards every record has its rows once and every
//! rollup its sums, the act itself included.

use serde_json::Value;

use crate::process::{Ended, Process};
use crate::rig::Rig;
use crate::wait::{seconds, until};

/// The lines of a query that counts, without the header.
fn counts(rig: &Rig) -> Vec<Vec<Value>> {
    let told: Value = serde_json::from_str(&rig.done(&["query", "counts", "--json"])).unwrap();
    told["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect()
}

fn rows(rig: &Rig, table: &str) -> u64 {
    counts(rig).iter().filter(|row| row[0] == table).map(|row| row[3].as_u64().unwrap()).sum()
}

fn drift(rig: &Rig) {
    let told: Value = serde_json::from_str(&rig.done(&["query", "drift", "--json"])).unwrap();
    for row in told["rows"].as_array().unwrap() {
        assert_eq!(row[2], row[3], "{row}");
    }
}

fn command(rig: &Rig, arguments: &[&str]) -> Ended {
    rig.edited(|text| text, arguments)
}

fn account(rig: &Rig) -> Process {
    let mut process = rig.start_with(|text| text, &["run", "--roles", "account", "--leave"]);
    process.wait_ready();
    process
}

#[test]
fn tables_are_made_anew_while_account_is_stopped_and_hold_what_the_log_says() {
    let rig = Rig::new("rebuild", |text| text);
    rig.prepare();
    let _others = rig.start_apart(&["ingest,decide,call,deliver"]);
    let first = account(&rig);
    for n in 0..10 {
        rig.stand_ins.say(&format!("ada{n}"), "How late is it?");
    }
    until("the answers to be in the tables", seconds(40), || (rows(&rig, "replies") >= 10).then_some(()));

    let dry = rig.done(&["rebuild"]);
    for says in
        ["from the log: ", "from facts: ", "not possible now: account has 1 members", "--execute does it"]
    {
        assert!(dry.contains(says), "{says:?} is not in {dry}");
    }
    let refused = command(&rig, &["rebuild", "--execute"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    assert_eq!(command(&rig, &["rebuild", "--table", "usage"]).code, Some(1));

    let mut first = first;
    first.terminate();
    assert_eq!(first.wait_end(30), Some(0), "{}", first.tail());
    // What is said meanwhile waits in the log.
    rig.stand_ins.say("bob", "How late is it?");
    let before = counts(&rig);
    let (status, text) = rig.sql("TRUNCATE TABLE {{database}}.messages");
    assert_eq!(status, 200, "{text}");
    let done = command(&rig, &["rebuild", "--execute", "--by", "ops@acme", "--why", "a test"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(
        done.stdout.contains("user_day: checksum") && !done.stdout.contains("other than before"),
        "{}",
        done.stdout
    );
    assert_eq!(counts(&rig), before);
    drift(&rig);

    let _again = account(&rig);
    until("what was said meanwhile", seconds(40), || (rows(&rig, "replies") >= 11).then_some(()));
    until("the act", seconds(20), || {
        let (_, told) =
            rig.sql("SELECT operator, subject, why FROM {{database}}.audit WHERE kind = 'rebuild'");
        (told == "ops@acme\tall tables\ta test\n").then_some(())
    });
    let twice: Vec<_> = counts(&rig).into_iter().filter(|row| row[3] != row[4]).collect();
    assert_eq!(twice, Vec::<Vec<Value>>::new(), "rows that are stored twice");
    drift(&rig);
}
