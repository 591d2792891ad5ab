//! What a rule holds, in a line of processes with somebody who reviews: each message ends once, whatever becomes of its review, and each
//! review is booked.

use std::thread;
use std::time::Duration;

use schemas::answered::{Answered, Attempt, Outcome};
use schemas::decision::Ruling;
use schemas::ledger::LedgerEntry;
use schemas::request::{Request, RequestKind};
use serde_json::{Value, json};
use simulators::{Handle, reviewer};
use tokio::runtime::Runtime;

use crate::books::{Log, Placed};
use crate::http;
use crate::kills::rows_are_records;
use crate::process::Process;
use crate::rig::Rig;
use crate::stand_ins::Sent;
use crate::wait::{seconds, until};

const REFUSED: &str = "Nobody may say that.";
const FAILED: &str = "Something went wrong.";
/// Cost of one review, in 10⁻¹² of the currency.
const PRICE_PICO: i128 = 2_000_000_000;
/// Longer than any review may take.
const FOR_EVER_MS: u64 = 120_000;

/// Whoever reviews, inside the test's process.
struct Desk {
    handle: Handle,
    _runtime: Runtime,
}

impl Desk {
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = reviewer::Config {
            api_key: Default::default(),
            secret: "desk-secret".into(),
            unsafe_words: vec!["bomb".into(), "pineapple".into()],
            controversial_words: vec!["election".into()],
        };
        let handle = runtime.block_on(reviewer::start(config)).unwrap();
        Self { handle, _runtime: runtime }
    }

    /// So many of the next calls go wrong.
    fn fault(&self, times: u32, fault: Value) {
        http::post(&self.handle.url("/control/faults"), &json!({ "times": times, "fault": fault }));
    }

    fn well(&self) {
        let (status, _) = http::call("DELETE", &self.handle.url("/control/faults"), "").unwrap();
        assert_eq!(status, 200);
    }

    /// How many calls about a text it has answered.
    fn answered(&self, text: &str) -> usize {
        let calls = http::get(&self.handle.url("/control/calls"));
        calls.as_array().unwrap().iter().filter(|call| call["text"].as_str().unwrap().contains(text)).count()
    }

    /// The template with rules that hold, and this desk.
    fn configured(&self, text: &str, when_away: &str) -> String {
        let review = format!(
            "bot = [{{ id = \"bot\" }}]\ncanned = {{ failed = \"{FAILED}\" }}\n\n[app.review]\nreviewer = \"desk\"\nwithin = \"40s\"\n\
             when_away = \"{when_away}\"\ntext = \"{REFUSED}\"\n"
        );
        let url = self.handle.url("/review");
        text.replace("bot = [{ id = \"bot\" }]\n", &review)
            + &format!(
                r#"
[[filter.rule]]
id = "weapons"
words = ["dynamite"]
action = "hold"
output = "pass"

[[filter.rule]]
id = "fruit"
words = ["pineapple"]
action = "pass"
output = "hold"

[[reviewer]]
name = "desk"
kind = "webhook"
region = "cn"
timeout = "30s"
price = "0.002"
currency = "CNY"

[[call.reviewer]]
name = "desk"
base_url = "{url}"
secret = "desk-secret"

[call.chain]
max_attempts = 2
backoff_base = "20ms"
backoff_cap = "40ms"

[call.health]
pause_base = "20ms"
breaker_failures_in_a_row = 50
"#
            )
    }
}

/// The line, and who reviews.
struct Scene {
    rig: Rig,
    desk: Desk,
}

impl Scene {
    fn say(&self, user: &str, text: &str) -> Sent {
        let said = self.rig.stand_ins.say(user, text);
        assert!(said.is_intercepted(), "{said:?}");
        said
    }

    /// The only thing that a person hears of the bot.
    fn heard(&self, user: &str) -> String {
        let heard = until(&format!("an answer to {user}"), seconds(30), || {
            Some(self.rig.stand_ins.heard(user)).filter(|heard| !heard.is_empty())
        });
        let [only] = &heard[..] else { panic!("{user} heard {heard:?}") };
        only.clone()
    }

    /// A review that does not end by itself is under way, and committed as admitted.
    fn say_and_be_reviewed(&self, user: &str, text: &str) -> Sent {
        self.desk.fault(1, json!({ "kind": "slow", "ms": FOR_EVER_MS }));
        let said = self.say(user, text);
        until("the review to be asked for", seconds(20), || {
            let requests: Vec<Placed<Request>> = self.rig.books.all();
            let is_it = |request: &Placed<Request>| request.value.message.easemob_id() == said.msg_id;
            requests.iter().any(is_it).then_some(())
        });
        // The call is made within milliseconds, and what is admitted is committed as such within 250.
        thread::sleep(Duration::from_millis(800));
        said
    }
}

fn outcomes<'a>(log: &'a Log, said: &Sent) -> Vec<&'a Answered> {
    let of = log.outcomes().map(|(_, outcome)| outcome);
    of.filter(|outcome| outcome.message.easemob_id() == said.msg_id).collect()
}

#[test]
fn a_held_message_ends_once_by_its_review_or_by_the_policy_and_each_review_is_booked() {
    let desk = Desk::start();
    let rig = Rig::new("reviews", |text| desk.configured(&text, "block"));
    rig.prepare();
    let scene = Scene { rig, desk };
    let _others = scene.rig.start_apart(&["ingest,decide,deliver,account"]);
    let mut call = scene.rig.start("call");
    call.wait_ready();

    reviewed(&scene);
    let killed = killed_in_the_middle(&scene, &mut call);
    let recalled = recalled_in_the_middle(&scene);
    away(&scene);

    let log = scene.rig.settled(seconds(30));
    let ends: Vec<_> = outcomes(&log, &killed).iter().map(|o| (o.kind, o.rerun)).collect();
    assert_eq!(ends, [(RequestKind::Review, true), (RequestKind::Answer, false)]);
    assert!(matches!(outcomes(&log, &recalled)[..], [Answered { outcome: Outcome::Cancelled, .. }]));
    each_turn_is_answered_once(&log);
    let rows = rows_are_records(&scene.rig, &log);
    reviews_are_booked(&scene.rig, &log);
    let refold: Value = serde_json::from_str(&scene.rig.done(&["refold", "--json"])).unwrap();
    assert_eq!((&refold["differ"], &refold["cold"]), (&0.into(), &json!([])), "{refold}");
    assert_eq!(refold["compared"], log.decisions.len());
    println!("{} events, {} decisions, rows {rows:?}", log.events.len(), log.decisions.len());
}

/// A reviewer who is there.
fn reviewed(scene: &Scene) {
    let film = "dynamite for a film";
    scene.say("ada", film);
    scene.say("bea", "dynamite for a bomb");
    scene.say("cam", "dynamite at the election");
    scene.say("dan", "Which fruit?");
    let answer = scene.heard("ada");
    assert!(answer != REFUSED && answer != FAILED, "{answer}");
    assert_eq!(scene.heard("bea"), REFUSED);
    assert_eq!(scene.heard("cam"), REFUSED, "what is controversial is blocked by default");
    assert_eq!(scene.heard("dan"), FAILED, "what the model says is held as well");
    assert_eq!((scene.desk.answered(film), scene.rig.stand_ins.calls_about(film).len()), (1, 1));
    for never_asked in ["bomb", "election"] {
        assert_eq!(scene.rig.stand_ins.calls_about(never_asked).len(), 0, "{never_asked}");
    }
}

fn killed_in_the_middle(scene: &Scene, call: &mut Process) -> Sent {
    let text = "dynamite while call is killed";
    let said = scene.say_and_be_reviewed("eve", text);
    call.kill();
    assert_eq!((scene.desk.answered(text), scene.rig.stand_ins.calls_about(text).len()), (0, 0));
    call.start_again();
    call.wait_ready();
    let answer = scene.heard("eve");
    assert!(answer != REFUSED && answer != FAILED, "{answer}");
    assert_eq!((scene.desk.answered(text), scene.rig.stand_ins.calls_about(text).len()), (1, 1));
    said
}

fn recalled_in_the_middle(scene: &Scene) -> Sent {
    let text = "dynamite that is taken back";
    let said = scene.say_and_be_reviewed("fay", text);
    scene.rig.stand_ins.recall(&said);
    until("the review to end", seconds(10), || {
        let log = scene.rig.books.log();
        (!outcomes(&log, &said).is_empty()).then_some(())
    });
    // The lane is free at once.
    scene.say("fay", "Is there anything else?");
    assert_ne!(scene.heard("fay"), REFUSED);
    assert_eq!(scene.rig.stand_ins.calls_about(text).len(), 0);
    let log = scene.rig.books.log();
    let recall = log.decisions.iter().find(|decision| decision.value.input == "recall").unwrap();
    assert_eq!(recall.value.ruling, Ruling::Cancelled);
    said
}

/// Nobody reviews, and the policy says what becomes of that.
fn away(scene: &Scene) {
    scene.desk.fault(1_000, json!({ "kind": "status", "status": 503 }));
    scene.say("gil", "dynamite that nobody looks at");
    assert_eq!(scene.heard("gil"), REFUSED);
    let applied = scene
        .rig
        .edited(|text| text.replace("when_away = \"block\"", "when_away = \"pass\""), &["config", "apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    let text = "dynamite that passes";
    scene.say("hal", text);
    let answer = scene.heard("hal");
    assert!(answer != REFUSED && answer != FAILED, "{answer}");
    assert_eq!(scene.rig.stand_ins.calls_about(text).len(), 1);
    scene.desk.well();
}

/// Every part of every answer is there once, and was sent once.
fn each_turn_is_answered_once(log: &Log) {
    let parts = |number: u16| log.answers.iter().filter(|answer| answer.value.part == number).count();
    assert_eq!((log.answers.len(), parts(1), log.deliveries.len()), (8, 8, 8));
    let turns: std::collections::BTreeSet<_> = log.answers.iter().map(|answer| answer.value.turn).collect();
    assert_eq!(turns.len(), log.answers.len());
}

/// What the attempts cost is in the ledger and in the rows.
fn reviews_are_booked(rig: &Rig, log: &Log) {
    let reviews = log.outcomes().flat_map(|(_, outcome)| {
        let own = (outcome.kind == RequestKind::Review).then_some(&outcome.attempts);
        own.into_iter().chain(outcome.review.as_ref().map(|review| &review.attempts)).flatten()
    });
    let attempts: Vec<&Attempt> = reviews.collect();
    let cost =
        attempts.iter().filter_map(|attempt| attempt.cost.as_ref()).map(|cost| cost.pico).sum::<i128>();
    let heard = attempts.iter().filter(|attempt| attempt.error.is_none()).count();
    // Three messages and an answer, and the one whose process was killed.
    assert_eq!(heard, 5);
    assert!(cost >= PRICE_PICO * 5, "{cost}");
    let ledger: Vec<Placed<LedgerEntry>> = rig.books.all();
    let entries = ledger.iter().filter(|entry| entry.value.reason == "review");
    let booked = entries.filter_map(|entry| entry.value.amount.as_ref()).map(|amount| amount.pico);
    assert_eq!(booked.sum::<i128>(), cost);
    let statement = "SELECT count(), toInt64(sum(cost) * 1000000) FROM {{database}}.model_calls \
                     WHERE kind = 'review' FORMAT TSV";
    let (status, rows) = rig.sql(statement);
    assert_eq!((status, rows.trim()), (200, format!("{}\t{}", attempts.len(), cost / 1_000_000).as_str()));
}
