//! `huiyin replay judge` by the name of a replay: its words are in the replay's own topic, and are paid once.

#[path = "../offline/judge/server.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod server;

use serde_json::Value;

use crate::process::Ended;
use crate::rig::Rig;
use crate::wait::seconds;
use server::{Reply, Server};

/// People who ask again, which the candidate answers without what was said before.
const AGAIN: usize = 4;
const PEOPLE: usize = 8;
/// What is replayed.
const RANGE: [&str; 8] = ["--from", "2h", "--to", "0s", "--models", "recorded-then-live", "--budget", "none"];

#[test]
fn words_of_the_judge_are_kept_with_the_results_of_a_replay_and_paid_once() {
    let server = Server::start(|_| Reply::say("{\"better\": 0}"));
    let rig = Rig::new("judging", |text| {
        format!(
            "{text}\n[[call.target]]\nname = \"arbiter\"\nbase_url = \"{}\"\napi_key = \"sk\"\nstream = false\n\
             [[target]]\nname = \"arbiter\"\nprovider = \"openai\"\nmodel = \"m-1\"\nregion = \"cn\"\n\
             [[price]]\nprovider = \"openai\"\nmodel = \"m-1\"\ncurrency = \"CNY\"\nfrom = \"2020-01-01\"\ninput = \"0\"\noutput = \"1000\"\n\
             [replay.judge]\ntarget = \"arbiter\"\nmax_output_tokens = 10\nat_once = 1\n",
            server.base
        )
    });
    rig.prepare();
    let mut line = rig.start("ingest,decide,call,deliver");
    line.wait_ready();
    for people in [PEOPLE, AGAIN] {
        for person in 0..people {
            let said = rig.stand_ins.say(&format!("u{person}"), &format!("question {people}/{person}"));
            assert!(said.is_intercepted());
        }
        rig.settled(seconds(60));
    }
    let forgetful = |text: String| text.replace("part_bytes = 256", "part_bytes = 256\nhistory_turns = 0");
    let candidate = rig.file(forgetful).0.display().to_string();
    let of = ["replay", "run", "--name", "forgetful", "--candidate", &candidate];
    rig.done(&[&of[..], &RANGE].concat());

    let judge = |budget: &str| -> String {
        let Ended { code, stdout, stderr } =
            rig.edited(|text| text, &["replay", "judge", "forgetful", "--budget", budget]);
        assert_eq!(code, Some(0), "{stderr}");
        stdout
    };
    // A reply costs 0.008, and 0.03 are set apart for it.
    let told = judge("0.05CNY");
    assert!(told.contains("then the budget was spent"), "{told}");
    assert_eq!(server.bodies().len(), 3, "the second turn was asked about in one order");
    let told = judge("none");
    assert!(told.contains("judged 12 turns") && told.contains("all of them"), "{told}");
    let calls = server.bodies().len();
    assert_eq!(calls, 3 + 2 * (AGAIN - 1), "what is equal is not asked about, and nothing twice");
    judge("none");
    assert_eq!(server.bodies().len(), calls);

    let report: Value =
        serde_json::from_str(&rig.done(&["replay", "report", "forgetful", "--format", "json"])).unwrap();
    assert!(report.to_string().contains("win_rate"), "{report}");
    judged_at_once(&rig, &server, &candidate);
    let gone = rig.edited(|text| text, &["replay", "judge", "other", "--budget", "none"]);
    assert!(gone.code == Some(2) && gone.stderr.contains("other"), "{}", gone.stderr);
    assert_eq!(rig.stand_ins.sends().len(), 12);
}

/// The rows follow the words, and a run judges by itself where it is asked to.
fn judged_at_once(rig: &Rig, server: &Server, candidate: &str) {
    let calls = server.bodies().len();
    let win_rate = |name: &str| -> Value {
        let told = rig.done(&["query", "replay", "--param", &format!("name={name}"), "--format", "jsonl"]);
        serde_json::from_str::<Value>(told.lines().next().unwrap()).unwrap()["win_rate"].clone()
    };
    assert_eq!(win_rate("forgetful").to_string().trim_matches('"').parse::<f64>().unwrap(), 0.5);
    let of = ["replay", "run", "--name", "at-once", "--candidate", candidate];
    let unpaid = rig.edited(|text| text, &[&of[..], &RANGE, &["--judge"]].concat());
    assert!(unpaid.code == Some(2) && unpaid.stderr.contains("--judge-budget"), "{}", unpaid.stderr);
    for _ in 0..2 {
        let told = rig.done(&[&of[..], &RANGE, &["--judge", "--judge-budget", "none"]].concat());
        assert!(told.contains("judged 12 turns") && !told.contains("not in ClickHouse"), "{told}");
        assert_eq!(server.bodies().len(), calls + 2 * AGAIN, "no word is paid twice");
    }
    assert_eq!(win_rate("at-once"), win_rate("forgetful"));
}
