//! Reviews of what the filter holds: by a moderation server, a signed webhook, and a model as a judge.

use std::time::Duration;

use outbound::{Method, Request as Call};
use pipeline::call::{Cancellation, Handler};
use safety::{OnError, Rule};
use schemas::answered::{Answered, Outcome};
use schemas::ids::TargetName;
use schemas::request::{Request, RequestKind};
use schemas::review::Level;
use schemas::verdict::Action;
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::{self, Answer, ModelConfig};
use simulators::reviewer;

use crate::world::{World, attempts, catalogue, outcome, reason, record, text};

const REVIEWERS: &str = r#"
[[reviewer]]
name = "cloud"
kind = "moderation"
region = "cn"
timeout = "300ms"
price = "0.002"
currency = "CNY"
[[reviewer]]
name = "desk"
kind = "webhook"
region = "eu"
timeout = "300ms"
[[reviewer]]
name = "judge"
kind = "judge"
target = "main"
"#;

struct Desk {
    world: World,
    sim: Handle,
}

/// The policy of the app names a reviewer.
async fn desk(policy: &str) -> Desk {
    desk_with(policy, "whsec", "breaker_min_lanes = 50").await
}

async fn desk_with(policy: &str, secret: &str, health: &str) -> Desk {
    let sim = reviewer::start(reviewer::Config {
        api_key: "mod-key".into(),
        secret: "whsec".into(),
        unsafe_words: vec!["炸药".into()],
        controversial_words: vec!["选举".into()],
    });
    let sim = sim.await.unwrap();
    let says = |contains: &str, reply: &str| Answer { contains: contains.into(), reply: reply.into() };
    let models = vec![ModelConfig { name: "sim-main".into(), ..ModelConfig::default() }];
    let answers = vec![
        says("how do I build", "unsafe."),
        says("tell", "一个奇怪的故事"),
        says("bomb", "奇怪的炸药"),
        says("vote", "奇怪的选举"),
    ];
    let provider =
        model::Config { api_keys: vec!["sk-sim".into()], models, answers, ..model::Config::default() };
    let provider = model::start(provider).await.unwrap();
    let catalogue = catalogue("sim-main", "sim-main");
    let (app, rest) = catalogue.split_once("[[app.bot]]").unwrap();
    let policy = if policy.is_empty() { String::new() } else { format!("[app.review]\n{policy}") };
    let catalogue = format!("{app}\n{policy}\n[[app.bot]]{rest}\n{REVIEWERS}");
    let (base, desk) = (provider.url("/v1"), sim.url(""));
    let section = format!(
        r#"
        chain = {{ backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms", max_attempts = 3 }}
        health = {{ pause_base = "20ms", {health} }}
        [[target]]
        name = "main"
        base_url = "{base}"
        api_key = "sk-sim"
        [[target]]
        name = "spare"
        base_url = "{base}"
        api_key = "sk-sim"
        [[reviewer]]
        name = "cloud"
        base_url = "{desk}/v1"
        api_key = "mod-key"
        [[reviewer]]
        name = "desk"
        base_url = "{desk}/review"
        secret = "{secret}"
        "#
    );
    Desk { world: World::built(provider, &catalogue, &section), sim }
}

impl Desk {
    fn request(&self, reviewer: &str, text: &str) -> Request {
        Request {
            kind: RequestKind::Review,
            chain: vec![TargetName::new(reviewer).unwrap()],
            ..self.world.request(text, 2_000)
        }
    }

    async fn review(&self, reviewer: &str, text: &str) -> Answered {
        self.world.run(&self.request(reviewer, text)).await
    }

    async fn fault(&self, times: u32, fault: Value) {
        let order = json!({ "times": times, "fault": fault }).to_string();
        self.world.exchange(Call::post_json(self.sim.url("/control/faults").parse().unwrap(), order)).await;
    }

    /// Status and text of every call.
    async fn calls(&self) -> Vec<(u64, String)> {
        let call =
            Call::new(Method::GET, self.sim.url("/control/calls").parse().unwrap(), Default::default());
        let calls = self.world.exchange(call).await;
        let told =
            |call: &Value| (call["status"].as_u64().unwrap(), call["text"].as_str().unwrap().to_owned());
        calls.as_array().unwrap().iter().map(told).collect()
    }
}

fn heard(answered: &Answered) -> (Level, Option<&str>) {
    match &answered.outcome {
        Outcome::Reviewed { level, category, reviewer } => {
            assert_eq!(&answered.attempts.last().unwrap().target, reviewer);
            (*level, category.as_deref())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_moderation_server_is_asked_for_one_text_and_its_call_is_paid() {
    let desk = desk("").await;
    assert_eq!(heard(&desk.review("cloud", "奇怪的花").await), (Level::Safe, None));
    let answered = desk.review("cloud", "炸药").await;
    assert_eq!((heard(&answered), answered.kind), ((Level::Unsafe, Some("violence")), RequestKind::Review));
    let attempt = &answered.attempts[0];
    assert_eq!(
        (attempt.provider.as_str(), attempt.region.as_str(), attempt.status),
        ("moderation", "cn", Some(200))
    );
    assert_eq!(attempt.cost.as_ref().unwrap().pico, 2_000_000_000);
    assert_eq!(attempt.price.as_deref(), Some("reviewer/cloud"));
    assert_eq!(desk.calls().await, [(200, "奇怪的花".into()), (200, "炸药".into())]);
}

#[tokio::test]
async fn a_webhook_takes_signed_calls_and_says_one_of_three_words() {
    let desk = desk("").await;
    for (text, level, category) in [
        ("花", Level::Safe, None),
        ("选举", Level::Controversial, Some("politics")),
        ("炸药", Level::Unsafe, Some("violence")),
    ] {
        let request = Request { id: schemas::ids::RequestId::derive(text, 0), ..desk.request("desk", text) };
        let answered = desk.world.run(&request).await;
        assert_eq!(heard(&answered), (level, category));
        assert!(answered.attempts[0].cost.is_none() && answered.attempts[0].may_be_billed, "it has no price");
    }
}

#[tokio::test]
async fn every_call_has_an_id_of_its_own_after_a_failure_and_after_a_crash() {
    let desk = desk("").await;
    desk.fault(1, json!({ "kind": "status", "status": 500 })).await;
    let answered = desk.review("desk", "花").await;
    assert_eq!(attempts(&answered), [("desk", "server_error"), ("desk", "ok")]);
    // The same request again, as after a crash: the server has seen its first calls, and refuses what it has seen.
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(attempts(&desk.review("desk", "花").await), [("desk", "ok")]);
    let forged = desk_with("", "another", "breaker_min_lanes = 50").await.review("desk", "花").await;
    assert_eq!((reason(&forged), forged.attempts[0].status), ("auth", Some(401)));
}

#[tokio::test]
async fn whatever_a_server_says_instead_of_a_verdict_is_none() {
    for (reviewer, fault) in [
        ("cloud", json!({ "kind": "lie" })),
        ("desk", json!({ "kind": "lie" })),
        ("desk", json!({ "kind": "no_json" })),
        ("cloud", json!({ "kind": "no_json" })),
        ("desk", json!({ "kind": "huge" })),
    ] {
        let desk = desk("").await;
        desk.fault(9, fault.clone()).await;
        let answered = desk.review(reviewer, "花").await;
        assert_eq!(reason(&answered), "protocol", "{fault}");
        assert!(answered.attempts.iter().all(|attempt| attempt.may_be_billed), "the call was made");
    }
}

#[tokio::test]
async fn a_server_that_is_slow_is_cut_off_and_asked_again_until_the_review_is_due() {
    let desk = desk("").await;
    desk.fault(1, json!({ "kind": "slow", "ms": 5_000 })).await;
    let answered = desk.review("cloud", "花").await;
    assert_eq!(attempts(&answered), [("cloud", "timeout"), ("cloud", "ok")]);
    assert!(answered.attempts.iter().all(|attempt| attempt.cost.is_some()), "both may be billed");
    let late = Request { answer_by: 0, decided_at: 0, ..desk.request("cloud", "花") };
    assert_eq!(desk.world.run(&late).await.outcome, Outcome::Expired);
}

#[tokio::test]
async fn a_server_that_fails_for_everybody_is_left_alone() {
    // A request's second attempt says nothing new of the server.
    let health = "breaker_failures_in_a_row = 2, breaker_probe = \"1m\", breaker_open = \"2m\"";
    let desk = desk_with("", "whsec", health).await;
    desk.fault(99, json!({ "kind": "status", "status": 500 })).await;
    for person in ["alice", "bob"] {
        let lane = format!("acme#support/group/7@{person}").parse().unwrap();
        desk.world.run(&Request { lane, ..desk.request("cloud", "花") }).await;
    }
    let before = desk.calls().await.len();
    let request =
        Request { answer_by: desk.world.request("", 150).answer_by, ..desk.request("cloud", "花") };
    let answered = desk.world.run(&request).await;
    assert!(
        answered.attempts.is_empty() && matches!(answered.outcome, Outcome::Failed { .. } | Outcome::Expired),
        "{answered:?}"
    );
    assert_eq!(desk.calls().await.len(), before);
}

#[tokio::test]
async fn a_judge_is_a_model_that_says_one_word() {
    let desk = desk("").await;
    let request = desk.request("judge", "how do I build a 奇怪 thing?");
    let answered = desk.world.run(&request).await;
    let Outcome::Reviewed { level, reviewer, .. } = &answered.outcome else {
        panic!("{:?}", answered.outcome)
    };
    assert_eq!((*level, reviewer.as_str()), (Level::Unsafe, "judge"));
    assert_eq!(attempts(&answered), [("main", "ok")], "the model that was asked");
    assert!(answered.attempts[0].usage.is_some());
    let talkative = desk.review("judge", "花").await;
    assert_eq!((reason(&talkative), attempts(&talkative)), ("no_verdict", vec![("main", "ok")]));
}

#[tokio::test]
async fn an_unknown_reviewer_and_one_in_a_region_that_is_not_allowed_are_not_asked() {
    let desk = desk("").await;
    assert_eq!(reason(&desk.review("gone", "花").await), "unknown_reviewer");
    let elsewhere = Request { allowed_regions: vec!["us".into()], ..desk.request("desk", "花") };
    assert_eq!(reason(&desk.world.run(&elsewhere).await), "region");
    assert!(desk.calls().await.is_empty());
}

#[tokio::test]
async fn beyond_its_budget_an_app_has_no_reviews() {
    let desk = desk("reviewer = \"cloud\"\nper_minute = 1").await;
    assert_eq!(heard(&desk.review("cloud", "花").await).0, Level::Safe);
    let refused = desk.review("cloud", "花").await;
    assert_eq!((reason(&refused), refused.attempts.len()), ("review_budget", 0));
}

#[tokio::test]
async fn a_review_that_is_cancelled_is_cut_and_its_call_recorded() {
    let desk = desk("").await;
    desk.fault(1, json!({ "kind": "slow", "ms": 5_000 })).await;
    let record = record(&desk.request("desk", "花"));
    let (canceller, cancellation) = Cancellation::new();
    let job = pipeline::call::Job { cancellation, ..desk.world.job(&record) };
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        canceller.cancel();
    };
    let (done, ()) = tokio::join!(desk.world.step.run(job), cancel);
    let answered = outcome(&record, done);
    assert_eq!(
        (answered.outcome.clone(), attempts(&answered)),
        (Outcome::Cancelled, vec![("desk", "cancelled")])
    );
}

#[tokio::test]
async fn a_held_answer_is_reviewed_before_it_goes_out() {
    let desk = desk("reviewer = \"desk\"").await;
    let safe = desk.world.ask("tell me").await;
    assert_eq!(text(&safe), "一个奇怪的故事");
    let Outcome::Done { verdict, .. } = &safe.outcome else { panic!() };
    assert_eq!((verdict.action, verdict.rules.as_slice()), (Action::Pass, &["odd".to_owned()][..]));
    let review = safe.review.as_ref().unwrap();
    assert_eq!((review.level, review.attempts.len(), safe.attempts.len()), (Some(Level::Safe), 1, 1));
    for (question, level) in [("bomb", Level::Unsafe), ("vote", Level::Controversial)] {
        let desk = self::desk("reviewer = \"desk\"").await;
        let stopped = desk.world.ask(question).await;
        assert_eq!(
            (reason(&stopped), stopped.review.as_ref().unwrap().level),
            ("blocked_output", Some(level))
        );
    }
}

#[tokio::test]
async fn a_held_answer_goes_by_the_policy_when_nobody_reviews_it() {
    for (policy, goes_out) in [("", false), ("when_away = \"pass\"", true)] {
        let desk = desk(&format!("reviewer = \"cloud\"\n{policy}")).await;
        desk.fault(9, json!({ "kind": "status", "status": 401 })).await;
        let answered = desk.world.ask("tell me").await;
        assert_eq!(matches!(answered.outcome, Outcome::Done { .. }), goes_out);
        let review = answered.review.as_ref().unwrap();
        assert_eq!((review.level, review.reason.as_deref()), (None, Some("auth")));
    }
    let unreviewed = desk("").await.world.ask("tell me").await;
    assert_eq!((reason(&unreviewed), &unreviewed.review), ("blocked_output", &None));
}

#[tokio::test]
async fn an_answer_that_is_reviewed_afterwards_is_told_at_once_and_held_by_its_verdict() {
    let desk = desk("reviewer = \"desk\"\nanswers = \"after\"").await;
    let told = desk.world.ask("bomb").await;
    assert_eq!(text(&told), "奇怪的炸药");
    let Outcome::Done { verdict, .. } = &told.outcome else { panic!() };
    assert_eq!((verdict.action, &told.review), (Action::Hold, &None));
    assert!(desk.calls().await.is_empty(), "decide has it reviewed");
    let request = Request { kind: RequestKind::AnswerReview, ..desk.request("desk", "奇怪的炸药") };
    let answered = desk.world.run(&request).await;
    let said = (Level::Unsafe, Some("violence"));
    assert_eq!((heard(&answered), answered.kind), (said, RequestKind::AnswerReview));
    assert_eq!(desk.calls().await, [(200, "奇怪的炸药".into())]);
}

#[tokio::test]
async fn the_review_of_an_answer_that_is_out_is_in_no_lane_of_its_conversation() {
    let desk = desk("").await;
    let lane = |request: &Request| desk.world.step.admit(&record(request)).unwrap().lane;
    let message = desk.request("desk", "花");
    let answer = Request { kind: RequestKind::AnswerReview, ..message.clone() };
    assert_eq!(&*lane(&message), message.lane.to_string().as_bytes());
    assert_ne!(lane(&answer), lane(&message));
}

/// From now on the rule that holds answers says what becomes of them when nobody reviews them.
fn say(desk: &Desk, on_error: Option<OnError>) {
    desk.world.judge_by(Rule { on_error, ..Rule::words("odd", &["奇怪"], Action::Hold) });
}

#[tokio::test]
async fn a_rule_says_what_becomes_of_an_answer_that_nobody_reviewed_and_the_policy_where_it_does_not() {
    let (open, closed) = (Some(OnError::Open), Some(OnError::Closed));
    for (on_error, policy, goes_out) in [
        (open, "", true),
        (closed, "", false),
        (None, "", false),
        (open, "reviewer = \"cloud\"", true),
        (closed, "reviewer = \"cloud\"\nwhen_away = \"pass\"", false),
        (None, "reviewer = \"cloud\"\nwhen_away = \"pass\"", true),
    ] {
        let desk = desk(policy).await;
        say(&desk, on_error);
        desk.fault(9, json!({ "kind": "status", "status": 401 })).await;
        let answered = desk.world.ask("tell me").await;
        let verdict = answered.outcome.verdict().unwrap();
        assert_eq!(matches!(answered.outcome, Outcome::Done { .. }), goes_out, "{on_error:?} {policy}");
        assert_eq!(
            (verdict.action, verdict.on_error),
            match goes_out {
                true => (Action::Pass, None),
                false => (Action::Hold, on_error),
            }
        );
    }
    let heard = desk("reviewer = \"desk\"").await;
    say(&heard, open);
    assert_eq!(reason(&heard.world.ask("bomb").await), "blocked_output", "a verdict is one");
}
