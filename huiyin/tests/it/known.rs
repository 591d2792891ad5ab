//! A bundle that names what a running process does not know.

use serde_json::Value;

use crate::process::Process;
use crate::rig::Rig;
use crate::wait::{seconds, until};

fn renamed(text: String) -> String {
    text.replace("name = \"main\"", "name = \"primary\"")
        .replace("chain = [\"main\"]", "chain = [\"primary\"]")
}

/// As during a change: what is called now and what will be.
fn both(text: String) -> String {
    let target = "[[target]]\nname = \"main\"\nprovider = \"local\"\nmodel = \"acme-small\"\nregion = \"cn\"\ntimeout = \"30s\"\n";
    assert!(text.contains(target));
    let entry = text.split("\n\n").find(|block| block.starts_with("[[call.target]]")).unwrap().to_owned();
    let more = target.replace("main", "primary") + "\n" + &entry.replace("main", "primary") + "\n";
    format!("{text}\n{more}")
}

fn role(process: &Process, role: &str) -> Option<Value> {
    let (_, body) = process.ready()?;
    body["roles"].as_array()?.iter().find(|entry| entry["role"] == role).cloned()
}

fn apply(rig: &Rig, edit: fn(String) -> String) {
    let ended = rig.edited(edit, &["config", "apply"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Waits for the answer to a question.
fn answer(rig: &Rig, user: &str) -> String {
    let before = rig.stand_ins.heard(user).len();
    assert!(rig.stand_ins.say(user, "Which fruit is it?").is_intercepted());
    until("an answer", seconds(30), || rig.stand_ins.heard(user).get(before).cloned())
}

#[test]
fn a_renamed_target_makes_call_not_ready_once_and_a_known_one_mends_it() {
    let rig = Rig::new("renamed", |text| text);
    rig.prepare();
    let process = rig.start_apart(&["ingest,decide,call,deliver"]).remove(0);
    apply(&rig, renamed);
    let told = until("call to be not ready", seconds(10), || {
        role(&process, "call").filter(|call| call["ready"] == false)
    });
    assert!(told["detail"].as_str().unwrap().contains("does not have: primary"), "{told}");
    assert!(!process.is_ready() && told["live"] == true);
    assert!(role(&process, "deliver").unwrap()["ready"] == true);
    for user in ["a", "b", "c"] {
        assert_ne!(answer(&rig, user), "Try a pineapple.");
    }
    assert!(process.metrics().contains("huiyin_run_unknown_names_count{role=\"call\"} 1"));
    assert_eq!(process.output().matches("does not have: primary").count(), 1, "{}", process.tail());

    apply(&rig, |text| text);
    until("call to be ready again", seconds(10), || process.is_ready().then_some(()));
    assert_eq!(answer(&rig, "a"), "Try a pineapple.");
    assert!(process.metrics().contains("huiyin_run_unknown_names_count{role=\"call\"} 0"));
}

#[test]
fn processes_first_and_the_bundle_then_change_a_target_without_a_gap() {
    let rig = Rig::new("order", |text| text);
    rig.prepare();
    // Under the old bundle, with a file that has both.
    let mut process = rig.start_with(both, &["run", "--roles", "ingest,decide,call,deliver"]);
    process.wait_ready();
    assert_eq!(answer(&rig, "a"), "Try a pineapple.");
    apply(&rig, |text| both(text).replace("chain = [\"main\"]", "chain = [\"primary\"]"));
    for user in ["a", "b", "a", "b"] {
        assert_eq!(answer(&rig, user), "Try a pineapple.");
        assert!(process.is_ready());
    }
    apply(&rig, renamed);
    assert_eq!(answer(&rig, "c"), "Try a pineapple.");
    assert!(process.is_ready());
}
