//! `huiyin explain --message`: a message of the log, told as it stood when it was decided on.

use serde_json::Value;

use crate::process::Ended;
use crate::rig::Rig;
use crate::wait::{seconds, until};

#[test]
fn a_message_of_the_log_is_told_with_the_history_and_the_bundle_that_it_was_decided_with() {
    let rig = Rig::new("explain", |text| text);
    rig.prepare();
    let mut process = rig.start("ingest,decide,call,deliver");
    process.wait_ready();
    let first = rig.stand_ins.say("ada", "my cat is Momo");
    until("the first answer", seconds(20), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));
    let second = rig.stand_ins.say("ada", "what is its name");
    until("the second answer", seconds(20), || (rig.stand_ins.heard("ada").len() == 2).then_some(()));
    rig.stand_ins.say("ada", "and how old is it");
    until("the third answer", seconds(20), || (rig.stand_ins.heard("ada").len() == 3).then_some(()));
    let told = |id: &str| -> Value {
        serde_json::from_str(&rig.done(&["explain", "--message", id, "--json"])).unwrap()
    };
    let texts = |told: &Value| -> Vec<String> {
        let lines = told["prompt"].as_array().unwrap().iter();
        let of_people = lines.filter(|line| line["role"] == "user");
        of_people.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&told(&first.msg_id)), ["my cat is Momo"]);
    let second = told(&format!("acme#support/chat/{}", second.msg_id));
    assert_eq!(texts(&second), ["my cat is Momo", "what is its name"], "nothing of what came later");
    assert_eq!((&second["route"], &second["decisions"][0]["ruling"]), (&"chain".into(), &"asked".into()));
    assert_eq!(second["message"]["from"], "ada");
    let missing = rig.edited(|text| text, &["explain", "--message", "999"]);
    let Ended { code, stderr, .. } = missing;
    assert!(code == Some(1) && stderr.contains("no message 999 is in topic events"), "{stderr}");
}
