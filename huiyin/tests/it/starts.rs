//! What a start refuses, each time with a clear message, soon, and without telling a secret; and what a line does
//! before its first bundle.

use std::time::Instant;

use pipeline::Outgoing;
use pipeline::kafka::{INCARNATION_KEY, Publisher, PublisherLimits, Topic};
use schemas::decision::Ruling;

use crate::process::{Ended, Process, command};
use crate::rig::Rig;
use crate::wait::{seconds, until};

/// Every secret of the configuration file.
const SECRETS: [&str; 5] = [
    "rule-secret-before",
    "rule-secret-after",
    "sk-of-the-tests",
    "client-secret-of-acme",
    "pseudonym-key-of-the-tests-000000",
];

/// It ended with code 1, and standard error says all of this and no secret.
fn refused(ended: &Ended, says: &[&str]) {
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let last = ended.stderr.split("huiyin: ").last().unwrap_or_default();
    for part in says {
        assert!(last.contains(part), "{part:?} is not in: {}", ended.stderr);
    }
    for secret in SECRETS {
        let told = ended.stderr.contains(secret) || ended.stdout.contains(secret);
        assert!(!told, "{secret} is in: {}{}", ended.stdout, ended.stderr);
    }
}

/// What `huiyin run` gives on a file, edited; it must end soon.
fn run(rig: &Rig, edit: impl FnOnce(String) -> String) -> Ended {
    run_roles(rig, "ingest,decide,call,deliver,account", edit)
}

fn run_roles(rig: &Rig, roles: &str, edit: impl FnOnce(String) -> String) -> Ended {
    let begun = Instant::now();
    let mut process = rig.start_with(edit, &["run", "--roles", roles]);
    let code = process.wait_end(15);
    assert!(begun.elapsed() < seconds(15));
    Ended { code, stdout: String::new(), stderr: process.output() }
}

fn replaced(from: &'static str, to: &'static str) -> impl FnOnce(String) -> String {
    move |text| {
        assert!(text.contains(from), "{from:?} is not in the template");
        text.replacen(from, to, 1)
    }
}

#[test]
fn a_file_that_cannot_hold_is_refused_before_anything_is_asked() {
    let rig = Rig::new("files", |text| text);
    let cases: [(&'static str, &'static str, &[&str]); 8] = [
        (
            "\"rule-secret-before\"",
            "\"${HUIYIN_TEST_NOT_SET}\"",
            &[":28: ", "HUIYIN_TEST_NOT_SET is not set"],
        ),
        ("\"sk-of-the-tests\"", "\"${file:/nowhere/key}\"", &["secret file /nowhere/key cannot be read"]),
        (
            "instance = \"0\"",
            "instance = \"huiyin-7f9c4d-xk2x\"",
            &["deployment.instance", "\"huiyin-7f9c4d-xk2x\"", "each start"],
        ),
        (
            "heartbeat_interval = \"500ms\"",
            "[kafka.properties]\n\"isolation.level\" = \"read_uncommitted\"",
            &["isolation.level"],
        ),
        ("partitions = 8", "partitions = 8\ncolour = 1", &[":5: ", "unknown field `colour`"]),
        (
            "secret = \"rule-secret-before\"",
            "secrets = \"rule-secret-before\"",
            &[":28: ", "unknown field `secrets`"],
        ),
        ("chain = [\"main\"]", "chain = [\"gone\"]", &["gone", "not configured"]),
        ("name = \"e-files", "name = \"E-files", &["deployment: name"]),
    ];
    for (from, to, says) in cases {
        refused(&run(&rig, replaced(from, to)), says);
    }
}

#[test]
fn a_cluster_or_store_that_is_not_prepared_is_refused() {
    let rig = Rig::new("prepared", |text| text);
    refused(&run(&rig, |text| text), &["is missing", "huiyin topics create"]);
    rig.done(&["topics", "create"]);
    refused(&run(&rig, replaced("partitions = 8", "partitions = 6")), &["has 8 partitions and must have 6"]);
    refused(&run(&rig, |text| text), &["no bundle was applied", "huiyin config apply"]);
    rig.done(&["config", "apply"]);
    for (role, section) in [
        ("ingest", "[ingest]"),
        ("call", "[[call.target]]"),
        ("deliver", "[[deliver.app]]"),
        ("account", "[account]"),
    ] {
        let without = |text: String| without(&text, section);
        refused(&run_roles(&rig, role, without), &[&format!("start {role}"), "is missing"]);
    }
    refused(&run_roles(&rig, "account", |text| text), &["check the tables"]);
    rig.done(&["migrate"]);
    for (change, says) in [
        ("ALTER TABLE {{database}}.replies REMOVE TTL", "replies"),
        ("DROP TABLE {{database}}.replies", "replies"),
        (
            "INSERT INTO {{database}}.schema_migrations (number, name, checksum) VALUES (99, '0099_later', 'c')",
            "0099_later",
        ),
    ] {
        let (status, body) = rig.sql(change);
        assert_eq!(status, 200, "{body}");
        refused(&run_roles(&rig, "account", |text| text), &["check the tables", says]);
    }
    refused(&run_roles(&rig, "ingest,fly", |text| text), &["\"fly\" is none of ingest"]);
    let (path, _) = rig.file(|text| text);
    refused(&command(&path.with_extension("gone"), &["check"], &[]), &["read file"]);
}

#[test]
fn a_broker_that_does_not_answer_is_refused_within_a_bound() {
    let rig = Rig::new("nobody", |text| text);
    let begun = Instant::now();
    let edit = |text: String| {
        let address = std::env::var("HUIYIN_TEST_KAFKA").unwrap();
        text.replacen(&address, "127.0.0.1:1", 1)
    };
    let mut process = rig.start_with(edit, &["run"]);
    let code = process.wait_end(40);
    println!("without a broker it ended after {:?}", begun.elapsed());
    let says = ["read topics", "kafka is out of reach: 127.0.0.1:1: connection refused"];
    refused(&Ended { code, stdout: String::new(), stderr: process.output() }, &says);
}

/// The file without its sections under that header.
fn without(text: &str, section: &str) -> String {
    let name = section.trim_matches(['[', ']']).split('.').next().unwrap();
    let (mut kept, mut keep) = (Vec::new(), true);
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_matches(['[', ']']);
            keep = header != name && !header.starts_with(&format!("{name}."));
        }
        if keep {
            kept.push(line);
        }
    }
    kept.join("\n")
}

#[test]
fn a_message_ahead_of_the_first_bundle_is_decided_as_unconfigured_and_nothing_else_comes_of_it() {
    let rig = Rig::new("early", |text| text);
    rig.prepare();
    // The topics are there and empty of any bundle for decide, which reads only `events`: the switch is behind.
    let events = rig.topic("events");
    rig.admin().delete(&[&events]).unwrap();
    until("the topic to be gone", seconds(20), || {
        (!rig.admin().partitions().unwrap().contains_key(&events)).then_some(())
    });
    let settings = [("message.timestamp.type".to_owned(), "LogAppendTime".to_owned())].into();
    rig.admin().create(&[Topic { name: events, partitions: 8, replication: 1, config: settings }]).unwrap();
    let mut ingest = rig.start("ingest");
    ingest.wait_ready();
    let sent = rig.stand_ins.say("early", "Is anybody there?");
    assert!(sent.is_intercepted(), "{sent:?}");
    // Another bundle switches every partition, behind that message.
    let changed = replaced("You are the help desk of Acme.", "You are the night shift of Acme.");
    assert_eq!(rig.edited(changed, &["config", "apply"]).code, Some(0));
    let mut others = rig.start("decide,call,deliver");
    others.wait_ready();
    let late = rig.stand_ins.say("early", "And now?");
    until("the later answer", seconds(30), || (rig.stand_ins.heard("early").len() == 1).then_some(()));
    let log = rig.books.log();
    let rulings = |id| log.on(id).map(|decision| decision.ruling).collect::<Vec<_>>();
    assert_eq!(rulings(&sent.msg_id), [Ruling::Unconfigured]);
    assert_eq!(log.on(&sent.msg_id).next().unwrap().bundle, None);
    assert_eq!(rulings(&late.msg_id), [Ruling::Asked]);
    assert_eq!((log.requests.len(), log.answers.len(), rig.stand_ins.calls().len()), (1, 1, 1));
    assert_eq!(log.requests[0].value.prompt.len(), 2, "the early message is in no prompt");
    drop::<[Process; 2]>([ingest, others]);
}

#[test]
fn topics_that_were_made_but_not_stamped_are_stamped_by_the_next_create() {
    let rig = Rig::new("unstamped", |text| text);
    rig.prepare();
    let publisher =
        Publisher::new(&rig.access(), PublisherLimits { records: 10, kibibytes: 64 }).expect("a client");
    let stamp = Outgoing {
        topic: rig.topic("configs").into(),
        partition: 0,
        key: Some(INCARNATION_KEY.to_vec()),
        headers: Vec::new(),
        value: None,
    };
    publisher.publish(&stamp).unwrap().blocking_recv().unwrap().unwrap();
    refused(&run(&rig, |text| text), &["has no incarnation", "topics create"]);
    let created = rig.done(&["topics", "create"]);
    assert!(created.contains("incarnation "), "{created}");
    assert_eq!(rig.done(&["topics", "create"]), "all topics are there\n");
    rig.start("ingest,decide,call,deliver,account").wait_ready();
}
