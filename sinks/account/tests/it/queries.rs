use std::collections::BTreeMap;

use account::queries;
use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::scene::{MESSAGES, MODEL_CALLS, REPLIES, SAFETY_EVENTS, Scene, answered, built, example};

/// 2025-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_735_689_600_000;

fn call(model: &str, at: i64, took: u32) -> Value {
    json!({
        "target": "main", "provider": "openai", "model": model, "region": "cn",
        "started_at": NEW_YEAR + at, "duration_ms": took, "status": 200,
    })
}

fn priced(mut call: Value, tokens: (u64, u64), cost: Option<(i64, &str)>) -> Value {
    call["usage"] =
        json!({"input": tokens.0, "cached": 1, "output": tokens.1, "reasoning": 2, "source": "provider"});
    if let Some((pico, currency)) = cost {
        call["cost"] = json!({"pico": pico, "currency": currency});
    }
    call
}

fn failed(mut call: Value) -> Value {
    call["error"] = json!("server_error");
    call
}

fn done() -> Value {
    json!({"end": "done", "text": {"plain": "x"}, "verdict": {"action": "pass", "dictionary": "d"}, "target": "main"})
}

/// Two apps, two models, two currencies, a call without price and a failure.
async fn store_calls(scene: &Scene) {
    let ends = [
        answered(
            "a#one",
            done(),
            &[failed(call("m-1", 0, 5_000)), priced(call("m-1", 10, 100), (10, 20), Some((1, "CNY")))],
        ),
        answered(
            "a#one",
            done(),
            &[priced(call("m-1", 20, 300), (30, 40), Some((999_999_999_999_999_998, "CNY")))],
        ),
        answered("a#one", done(), &[priced(call("m-1", 30, 200), (1, 1), Some((7_000_000_000_000, "USD")))]),
        answered("a#one", done(), &[priced(call("m-2", 40, 50), (5, 6), None)]),
        answered(
            "a#two",
            json!({"end": "failed", "reason": "server_error"}),
            &[failed(call("m-1", 86_400_000, 1))],
        ),
    ];
    let rows = ends
        .iter()
        .enumerate()
        .flat_map(|(i, end)| built(&scene.sink, Topic::Events, i as i64, end))
        .collect();
    scene.insert(MODEL_CALLS, "events:3:0-4", rows).await.unwrap();
}

/// The days around the new year.
const DAYS: [(&str, &str); 2] = [("from", "2025-01-01"), ("to", "2025-01-03")];

async fn cost(scene: &Scene, more: &[(&str, &str)]) -> account::queries::Table {
    let given: Vec<_> = DAYS.iter().chain(more).copied().collect();
    scene.query("cost", &given).await
}

#[tokio::test]
async fn costs_are_exact_and_currencies_are_never_added() {
    let scene = Scene::migrated().await;
    store_calls(&scene).await;
    let table = cost(&scene, &[]).await;
    let columns = [
        "app",
        "provider",
        "model",
        "currency",
        "calls",
        "errors",
        "unpriced",
        "uncertain",
        "free",
        "cost",
        "corrected",
        "before",
        "change",
    ];
    assert_eq!(table.columns, columns);
    let expected = json!([
        ["a#one", "openai", "m-1", "CNY", 2, 0, 0, 0, 0, "999999.999999999999", "0", null, null],
        ["a#one", "openai", "m-1", "USD", 2, 1, 0, 0, 1, "7", "0", null, null],
        ["a#one", "openai", "m-2", "", 1, 0, 1, 0, 0, null, "0", null, null],
        ["a#two", "openai", "m-1", "", 1, 1, 0, 0, 1, null, "0", null, null],
    ]);
    assert_eq!(json!(table.rows), expected, "\n{}", table.to_text());
    scene.drop().await;
}

/// Amounts in rials: a call costs more than a million, a month of them more than 64 bits hold.
#[tokio::test]
async fn sums_have_room_for_every_currency() {
    let scene = Scene::migrated().await;
    let of = |units: i64| Value::from(format!("{units}000000000000"));
    let mut ends: Vec<Value> = Vec::new();
    for units in [1_200_000, 45_000_000_000, 9_000_000_000_000_000] {
        let mut call = priced(call("m-1", 0, 1), (1_000_000, 1_000), Some((0, "IRR")));
        call["cost"]["pico"] = of(units);
        ends.push(answered("a#one", done(), &[call]));
    }
    let rows = (0..).zip(&ends).flat_map(|(i, end)| built(&scene.sink, Topic::Events, i, end)).collect();
    scene.insert(MODEL_CALLS, "events:3:0-2", rows).await.unwrap();
    let table = cost(&scene, &[]).await;
    assert_eq!(table.get(0, "cost"), Some(&json!("9000045001200000")), "\n{}", table.to_text());
    let tokens = scene.query("tokens", &DAYS).await;
    assert_eq!(tokens.get(0, "input"), Some(&json!(3_000_000)));
    scene.drop().await;
}

/// Requests that ended in every way that money can be spent, or not.
fn every_end() -> Vec<Value> {
    let ended = |error: &str, status: Option<u16>, may_be_billed: bool| {
        let mut call = call("m-1", 0, 10);
        (call["error"], call["may_be_billed"]) = (json!(error), json!(may_be_billed));
        call["status"] = json!(status);
        call
    };
    let failed = |reason: &str| json!({"end": "failed", "reason": reason});
    let contradicting = || {
        let mut call = priced(call("m-1", 0, 10), (1, 2), None);
        (call["usage_contradicts"], call["may_be_billed"]) = (json!(true), json!(true));
        call
    };
    let counted_and_failed = || priced(ended("protocol", Some(200), true), (3, 4), Some((5, "CNY")));
    let mut ends = vec![
        // Unreadable twice: it answered, so it was made.
        answered(
            "a#b",
            failed("protocol"),
            &[ended("protocol", Some(200), true), ended("protocol", Some(200), true)],
        ),
        // Cut off, timed out, a gateway that gave up: nobody knows.
        answered(
            "a#b",
            failed("timeout"),
            &[ended("timeout", None, true), ended("server_error", Some(502), true)],
        ),
        // Refused, or never reached.
        answered("a#b", failed("rate_limited"), &[ended("rate_limited", Some(429), false)]),
        answered(
            "a#b",
            failed("server_error"),
            &[ended("server_error", None, false), ended("bad_request", Some(400), false)],
        ),
        // Unusable, and its tokens were told.
        answered("a#b", failed("protocol"), &[counted_and_failed()]),
        // An answer whose tokens contradict each other, one that told none, one that is priced.
        answered("a#b", done(), &[contradicting()]),
        answered("a#b", done(), &[call("m-1", 0, 10)]),
        answered("a#b", done(), &[priced(call("m-1", 0, 10), (1, 1), Some((7, "CNY")))]),
        // Too large to be written; its process ended in it three times.
        answered("a#b", failed("oversize"), &[priced(call("m-1", 0, 10), (1, 1), Some((9, "CNY")))]),
        answered("a#b", json!({"end": "dead", "reason": "crashed"}), &[ended("timeout", None, true)]),
    ];
    ends[9]["rerun"] = json!(true);
    ends
}

/// Every attempt of every end is a row, and each row is one of four: nothing that may have been paid is missing.
#[tokio::test]
async fn whatever_may_have_been_paid_is_in_the_report() {
    let scene = Scene::migrated().await;
    let ends = every_end();
    let attempts: usize = ends.iter().map(|end| end["attempts"].as_array().unwrap().len()).sum();
    let rows: Vec<_> =
        (0..).zip(&ends).flat_map(|(i, end)| built(&scene.sink, Topic::Events, i, end)).collect();
    assert_eq!(rows.len(), attempts, "a row for each attempt");
    scene.insert(MODEL_CALLS, "events:3:0-9", rows).await.unwrap();

    let table = cost(&scene, &[("app", "a#b")]).await;
    let of = |column: &str| table.get(0, column).unwrap().as_u64().unwrap();
    assert_eq!(table.rows.len(), 1, "{}", table.to_text());
    assert_eq!(of("calls"), u64::try_from(attempts).unwrap());
    assert_eq!((of("unpriced"), of("uncertain"), of("free")), (4, 3, 3), "{}", table.to_text());
    assert_eq!(table.get(0, "cost"), Some(&json!("0.000000000021")));
    let priced = scene.number("SELECT countIf(cost IS NOT NULL) FROM {db}.model_calls").await;
    assert_eq!(priced + of("unpriced") + of("uncertain") + of("free"), of("calls"));
    assert_eq!(
        scene
            .number("SELECT count() FROM {db}.model_calls WHERE (billing = 'priced') != (cost IS NOT NULL)")
            .await,
        0
    );
    assert_eq!(scene.number("SELECT countIf(usage_contradicts) FROM {db}.model_calls").await, 1);
    scene.drop().await;
}

#[tokio::test]
async fn app_and_time_narrow_a_query() {
    let scene = Scene::migrated().await;
    store_calls(&scene).await;
    let calls = |table: account::queries::Table| -> u64 {
        (0..table.rows.len()).map(|row| table.get(row, "calls").unwrap().as_u64().unwrap()).sum()
    };
    assert_eq!(calls(cost(&scene, &[("app", "a#two")]).await), 1);
    assert_eq!(calls(cost(&scene, &[("to", "2025-01-02")]).await), 5);
    assert_eq!(calls(cost(&scene, &[("from", "2025-01-02T00:00:00Z")]).await), 1);
    assert_eq!(
        calls(cost(&scene, &[("from", "2025-01-01 00:00:00.020"), ("to", "2025-01-01T00:00:00.040Z")]).await),
        2
    );
    assert_eq!(calls(cost(&scene, &[("app", "' OR 1 = 1 --")]).await), 0);
    scene.drop().await;
}

#[tokio::test]
async fn counts_tell_rows_from_their_sources() {
    let scene = Scene::migrated().await;
    store_calls(&scene).await;
    let asked = || built(&scene.sink, Topic::Decisions, 1, &example!("decisions/valid-asked.json"));
    scene.insert(MESSAGES, "decisions:3:1-1", asked()).await.unwrap();
    // What must never happen: the same record under two tokens.
    scene.insert(MESSAGES, "decisions:3:1-2", asked()).await.unwrap();
    let reply = built(&scene.sink, Topic::Deliveries, 1, &example!("deliveries/valid-undelivered.json"));
    scene.insert(REPLIES, "deliveries:3:1-1", reply).await.unwrap();
    let table = scene.query("counts", &[]).await;
    assert_eq!(table.columns, ["table", "app", "label", "rows", "sources"]);
    let expected = json!([
        ["messages", "acme#support", "asked", 2, 1],
        ["model_calls", "a#one", "done", 5, 5],
        ["model_calls", "a#two", "failed", 1, 1],
        ["replies", "acme#support", "undelivered", 1, 1],
    ]);
    assert_eq!(json!(table.rows), expected, "\n{}", table.to_text());
    scene.drop().await;
}

#[tokio::test]
async fn unknown_names_and_malformed_values_are_refused() {
    let scene = Scene::migrated().await;
    let label = |name: &'static str, parameter: &'static str, value: &'static str| {
        let store = scene.store.clone();
        async move {
            let given = BTreeMap::from([(parameter.to_owned(), value.to_owned())]);
            queries::run(&store, name, &given).await.unwrap_err().label()
        }
    };
    assert_eq!(label("costs", "app", "a#b").await, "unknown_query");
    assert_eq!(label("cost", "apps", "a#b").await, "unknown_parameter");
    for name in ["cost", "counts", "false_hits", "safety_hits"] {
        for (parameter, value) in
            [("from", "the day before"), ("to", "2025-13-45"), ("from", ""), ("to", "2025-02-01; DROP")]
        {
            let given = BTreeMap::from([(parameter.to_owned(), value.to_owned())]);
            let error = queries::run(&scene.store, name, &given).await.unwrap_err();
            assert_eq!(error.label(), "parameter_value", "{value}");
            let told = error.to_string();
            let begins = format!("run query: {parameter}={value:?} is not a time such as ");
            assert!(told.starts_with(&begins) && !told.contains("SELECT"), "{told}");
        }
    }
    scene.drop().await;
}

fn finding(rule: &str, views: &[&str], shadow: bool) -> Value {
    json!({
        "rule": rule, "category": "gambling", "severity": 7, "action": "block", "spans": [[1, 3], [4, 6]],
        "views": views, "shadow": shadow,
    })
}

fn message(number: u64, user: &str, findings: &Value) -> Value {
    let mut message = example!("events/valid-message.json");
    message["id"] = json!(format!("acme#support/chat/{number}"));
    message["conversation"] = json!(format!("acme#support/chat/bot/{user}"));
    message["received_at"] = json!(NEW_YEAR + i64::try_from(number).unwrap());
    message["verdict"]["findings"] = json!({"list": findings, "left_off": 1});
    message
}

/// Three messages of two people. The first one is told twice, judged again by the guard, and its answer is taken back.
async fn store_findings(scene: &Scene) {
    let (plain, seen) = (finding("g", &[], false), finding("g", &["separators", "pinyin"], false));
    let mut decision = example!("decisions/valid-asked.json");
    decision["message"] = json!("acme#support/chat/1");
    decision["conversation"] = json!("acme#support/chat/bot/alice");
    decision["at"] = json!(NEW_YEAR + 10);
    decision["verdict"]["findings"] = json!({"list": [plain]});
    let mut rows = Vec::new();
    for event in [
        message(1, "alice", &json!([plain])),
        message(1, "alice", &json!([plain])),
        message(2, "bob", &json!([plain, seen])),
        message(3, "bob", &json!([finding("s", &[], true)])),
    ] {
        rows.extend(scene.rows_of(SAFETY_EVENTS, Topic::Events, &event));
    }
    scene.insert(SAFETY_EVENTS, "events:3:0-3", rows).await.unwrap();
    let guard = scene.rows_of(SAFETY_EVENTS, Topic::Decisions, &decision);
    scene.insert(SAFETY_EVENTS, "decisions:3:0-0", guard).await.unwrap();
    let mut taken_back = example!("deliveries/valid-retracted.json");
    taken_back["message"] = json!("acme#support/chat/1");
    let taken_back = built(&scene.sink, Topic::Deliveries, 0, &taken_back);
    scene.insert(REPLIES, "deliveries:3:0-0", taken_back).await.unwrap();
}

#[tokio::test]
async fn hits_count_by_place_and_what_is_told_twice_counts_once() {
    let scene = Scene::migrated().await;
    store_findings(&scene).await;
    let table = scene.query("safety_hits", &[]).await;
    assert_eq!(
        table.columns,
        [
            "app",
            "rule",
            "category",
            "direction",
            "place",
            "hits",
            "shadow_hits",
            "spots",
            "messages",
            "conversations",
            "severity",
            "actions",
            "left_off"
        ]
    );
    let expected = json!([
        ["acme#support", "g", "gambling", "input", "callback", 3, 0, 6, 2, 2, 7, ["block"], 2],
        ["acme#support", "g", "gambling", "input", "guard", 1, 0, 2, 1, 1, 7, ["block"], 0],
        ["acme#support", "s", "gambling", "input", "callback", 1, 1, 2, 1, 1, 7, ["block"], 1],
    ]);
    assert_eq!(json!(table.rows), expected, "\n{}", table.to_text());
    let hits = |parameter: &'static str, value: &'static str| {
        let scene = &scene;
        async move {
            let table = scene.query("safety_hits", &[(parameter, value)]).await;
            (0..table.rows.len()).map(|row| table.get(row, "hits").unwrap().as_u64().unwrap()).sum::<u64>()
        }
    };
    for (parameter, value, expected) in [
        ("rule", "s", 1),
        ("category", "gambling", 5),
        ("category", "drugs", 0),
        ("direction", "output", 0),
        ("place", "guard", 1),
        ("from", "2025-01-01T00:00:00.003Z", 2),
        ("to", "2025-01-01T00:00:00.003Z", 3),
        ("app", "acme#other", 0),
    ] {
        assert_eq!(hits(parameter, value).await, expected, "{parameter}={value}");
    }
    scene.drop().await;
}

#[tokio::test]
async fn false_hits_are_listed_by_rule_and_view_with_conversations_and_samples() {
    let scene = Scene::migrated().await;
    store_findings(&scene).await;
    let table = scene.query("false_hits", &[]).await;
    let sample =
        |numbers: &[u64]| numbers.iter().map(|n| format!("acme#support/chat/{n}")).collect::<Vec<_>>();
    let expected = json!([
        ["acme#support", "g", "gambling", "input", "-", 2, 0, 2, 1, sample(&[1, 2])],
        ["acme#support", "g", "gambling", "input", "separators,pinyin", 1, 0, 1, 0, sample(&[2])],
        ["acme#support", "s", "gambling", "input", "-", 1, 1, 1, 0, sample(&[3])],
    ]);
    assert_eq!(json!(table.rows), expected, "\n{}", table.to_text());
    let columns = [
        "app",
        "rule",
        "category",
        "direction",
        "view",
        "hits",
        "shadow_hits",
        "conversations",
        "retracted",
        "samples",
    ];
    assert_eq!(table.columns, columns);
    scene.drop().await;
}
