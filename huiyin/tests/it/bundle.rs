//! A second bundle, and a deployment that lost a topic.

use std::collections::BTreeMap;

use schemas::answered::Outcome;
use schemas::event::Event;
use schemas::request::Role;

use crate::books::Log;
use crate::process::Process;
use crate::rig::Rig;
use crate::wait::{seconds, until};

const OLD_PROMPT: &str = "You are the help desk of Acme.";
const NEW_PROMPT: &str = "You are the night shift of Acme.";

fn changed(text: String) -> String {
    let changed = text
        .replace(OLD_PROMPT, NEW_PROMPT)
        .replace("words = [\"master password\"]", "words = [\"master password\", \"pineapple\"]");
    assert_ne!(changed, text);
    changed
}

/// Says it and waits for the answer.
fn asked(rig: &Rig, user: &str, text: &str) -> String {
    let before = rig.stand_ins.heard(user).len();
    let sent = rig.stand_ins.say(user, text);
    assert!(sent.is_intercepted(), "{sent:?}");
    until("an answer", seconds(30), || rig.stand_ins.heard(user).get(before).cloned())
}

#[test]
fn another_bundle_holds_from_its_offset_on_and_reaches_every_role_within_seconds() {
    let rig = Rig::new("bundle", |text| text);
    rig.prepare();
    let _processes = rig.start_apart(&["ingest", "decide", "call", "deliver"]);
    for n in 0..12 {
        assert_eq!(asked(&rig, &format!("u{n}"), "Which fruit is it?"), "Try a pineapple.");
    }
    assert!(rig.done(&["config", "apply"]).contains("is applied already"));
    let applied = rig.edited(changed, &["config", "apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);

    until("ingest to block the new word", seconds(10), || {
        rig.stand_ins.say("writer", "I like pineapple").is_blocked().then_some(())
    });
    // What the model says is reviewed by the same list; whatever went out before that was let out by the old one.
    let mut round = 0;
    until("call to stop the new word", seconds(10), || {
        round += 1;
        let heard = asked(&rig, "reader", &format!("Which fruit, for the {round}th time?"));
        (heard != "Try a pineapple.").then(|| assert!(!heard.contains("pineapple"), "{heard}"))
    });
    for n in 0..12 {
        asked(&rig, &format!("u{n}"), "And what is your name?");
    }
    let log = rig.settled(seconds(30));
    let (before, after) = decided_by_the_bundle_of_their_offset(&log);
    for request in &log.requests {
        let system = request.value.prompt.iter().find(|line| line.role == Role::System).unwrap();
        let expected = if request.value.bundle.as_str() == before { OLD_PROMPT } else { NEW_PROMPT };
        assert_eq!(system.text.plain(), Some(expected));
    }
    let stopped = log.outcomes().any(|(_, answered)| {
        matches!(&answered.outcome, Outcome::Failed { verdict: Some(verdict), .. } if !verdict.rules.is_empty())
    });
    assert!(stopped, "no outcome was stopped by the reviewer");
    let (folded, edited) = (rig.done(&["refold"]), rig.edited(changed, &["refold"]));
    assert_eq!((edited.code, &edited.stdout), (Some(0), &folded), "the file has no say in what was decided");
    println!("{} of {} decisions are under the second bundle; {}", after, log.decisions.len(), folded.trim());
    assert!(folded.contains(" 0 differ") && after >= 12);
}

/// The first bundle, and how many decisions the second one has.
fn decided_by_the_bundle_of_their_offset(log: &Log) -> (String, usize) {
    let mut switches: BTreeMap<i32, Vec<(i64, String)>> = BTreeMap::new();
    for event in &log.events {
        if let Event::Config(switch) = &event.value {
            switches.entry(event.partition).or_default().push((event.offset, switch.bundle.to_string()));
        }
    }
    assert_eq!(switches.len(), 8);
    assert!(switches.values().all(|switches| switches.len() == 2), "{switches:?}");
    let mut after = 0;
    for decision in &log.decisions {
        let switches = &switches[&decision.value.partition];
        let (_, expected) = switches.iter().rfind(|(offset, _)| *offset < decision.value.offset).unwrap();
        assert_eq!(decision.value.bundle.as_ref().map(|hash| hash.as_str()), Some(expected.as_str()));
        after += usize::from(*expected == switches[1].1);
    }
    (switches[&0][0].1.clone(), after)
}

#[test]
fn a_deployment_that_lost_a_topic_is_made_anew_only_on_demand_and_old_commits_do_not_meet_new_topics() {
    let rig = Rig::new("renew", |text| text);
    rig.prepare();
    const BEHIND: [&str; 4] = ["decide", "call", "deliver", "account"];
    let mut processes = rig.start_apart(&["ingest", "decide", "call", "deliver", "account"]);
    for n in 0..6 {
        asked(&rig, &format!("u{n}"), "Good morning");
    }
    let rows = || rig.done(&["query", "counts"]).lines().filter(|line| line.contains("acme#support")).count();
    until("the tables to be filled", seconds(30), || (rows() >= 3).then_some(()));
    for process in &mut processes {
        process.terminate();
        assert_eq!(process.wait_end(20), Some(0), "{}", process.tail());
    }
    let lost = rig.topic("ledger");
    rig.admin().delete(&[&lost]).unwrap();
    until("the topic to be gone", seconds(20), || {
        (!rig.admin().partitions().unwrap().contains_key(&lost)).then_some(())
    });
    let refused = rig.edited(|text| text, &["topics", "create"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains(&lost) && refused.stderr.contains("--renew"), "{}", refused.stderr);
    assert!(!rig.admin().partitions().unwrap().contains_key(&lost), "it was created all the same");
    let renewed = rig.done(&["topics", "create", "--renew"]);
    assert!(renewed.contains(&format!("created {lost}")) && renewed.contains("incarnation "), "{renewed}");

    let answers = rig.stand_ins.sends().len();
    for role in BEHIND {
        let mut process = rig.start(role);
        let told = until(&format!("{role} to refuse its partitions"), seconds(40), || {
            assert!(process.ended().is_none(), "{role} ended: {}", process.tail());
            process
                .ready()
                .filter(|(status, body)| *status == 503 && body.to_string().contains("incarnation"))
        });
        println!("{role}: {}", told.1["roles"][0]["detail"]);
        assert!(process.output().contains("incarnation"), "{}", process.tail());
        drop::<Process>(process);
    }
    assert_eq!(rig.stand_ins.sends().len(), answers, "something was sent again");
}
