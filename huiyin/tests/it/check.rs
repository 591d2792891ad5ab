//! `huiyin check --online`: everything that is wrong is told at once.

use crate::process::Ended;
use crate::rig::Rig;
use crate::wait::{seconds, until};

/// Every line of it, in order, each as it begins.
fn says(ended: &Ended, code: i32, lines: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    let told: Vec<&str> = ended.stdout.lines().filter(|line| line.contains("ok")).collect();
    let fits = told.len() == lines.len() && told.iter().zip(lines).all(|(told, line)| told.starts_with(line));
    assert!(fits, "not {lines:#?} but {}{}", ended.stdout, ended.stderr);
}

#[test]
fn what_is_missing_everywhere_is_told_at_once() {
    let rig = Rig::new("check", |text| text);
    let probe = "transactions, compaction, 4095 characters of offset metadata: ok";
    let online = |edit: fn(String) -> String| rig.edited(edit, &["check", "--online"]);
    let fresh = online(|text| text);
    says(
        &fresh,
        1,
        &[
            "configuration ok",
            "tables: NOT ok: check schema: migration 0001_messages is not applied",
            "brokers: ok",
            probe,
            "topics: NOT ok: topic ",
            "name of the deployment: ok",
        ],
    );
    let away = online(|text| {
        let kafka = std::env::var("HUIYIN_TEST_KAFKA").unwrap();
        let clickhouse = std::env::var("HUIYIN_TEST_CLICKHOUSE").unwrap();
        text.replacen(&kafka, "127.0.0.1:1", 1).replacen(&clickhouse, "http://127.0.0.1:1", 1)
    });
    says(&away, 1, &["configuration ok", "tables: NOT ok: read migrations", "brokers: NOT ok: "]);
    // What the file itself has wrong does not hide the rest.
    let broken = online(|text| text.replacen("secret = \"rule-secret-before\"", "secret = \"\"", 1));
    assert!(
        broken.stdout.contains(".toml:28: ingest.rule \"/callbacks/acme/before\": secret: it is empty"),
        "{}",
        broken.stdout
    );
    assert!(
        broken.stdout.contains("tables: NOT ok") && broken.stdout.contains("topics: NOT ok"),
        "{}",
        broken.stdout
    );
    rig.prepare();
    says(
        &online(|text| text),
        0,
        &["configuration ok", "tables: ok", "brokers: ok", probe, "topics: ok", "name of the deployment: ok"],
    );
}

#[test]
fn a_second_deployment_of_one_name_is_told_before_it_joins_the_groups_of_the_first() {
    let rig = Rig::new("namesake", |text| text);
    rig.prepare();
    let mut first = rig.start("ingest,decide,call,deliver");
    first.wait_ready();
    rig.stand_ins.say("alice", "Are you there?");
    until("an answer", seconds(30), || (rig.stand_ins.heard("alice").len() == 1).then_some(()));
    let staging = |text: String| {
        let prefix = format!("topic_prefix = \"{}", rig.topic(""));
        assert!(text.contains(&prefix));
        text.replacen(&prefix, &format!("{prefix}staging."), 1)
    };
    assert_eq!(rig.edited(staging, &["topics", "create"]).code, Some(0));
    let told = until("the first one's offsets", seconds(10), || {
        let checked = rig.edited(staging, &["check", "--online"]);
        checked.stdout.contains("name of the deployment: NOT ok").then_some(checked)
    });
    assert_eq!(told.code, Some(1));
    let mut second = rig.start_with(staging, &["run", "--apply"]);
    assert_eq!(second.wait_end(20), Some(1));
    let name = format!("deployment.name {:?} is in use on this cluster", rig.name());
    for said in [told.stdout, second.output()] {
        assert!(said.contains(&name) && said.contains("needs a name of its own"), "{said}");
    }
    rig.stand_ins.say("alice", "And still?");
    until("another answer", seconds(30), || (rig.stand_ins.heard("alice").len() == 2).then_some(()));
    let own = rig.edited(|text| text, &["check", "--online"]);
    assert_eq!(own.code, Some(0), "the first one is not disturbed: {}{}", own.stdout, own.stderr);
}
