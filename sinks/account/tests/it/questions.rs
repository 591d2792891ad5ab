//! The named queries over a few rows made by hand: every sum was added up on paper, and rollups give what facts give.

use std::collections::BTreeMap;

use account::queries::{self, ListPrice, Question, Table};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Two apps on two days; a retry, a correction, two currencies, a call that may be billed.
const CALLS: &str = "INSERT INTO {db}.model_calls (app, at, request, kind, turn, message, chat_kind, conversation, attempt, target, provider,
    model, region, error, duration_ms, time_to_first_token_ms, tokens_input, tokens_cached, tokens_output, cost, billing, currency, user, tier,
    rule, class, arms, calls, correction, usage_source) VALUES
('a#one', '2025-01-02 08:10:00', '00000000-0000-0000-0000-000000000001', 'answer', '00000000-0000-0000-0000-0000000000a1', 'a#one/chat/1', 'chat',
 'c1', 1, 'large', 'openai', 'm-1', 'cn', 'timeout', 5000, NULL, NULL, NULL, NULL, NULL, 'uncertain', '', 'u1', 'gold', 'r-hard', 'hard', ['style=a'], 1, '', ''),
('a#one', '2025-01-02 08:10:05', '00000000-0000-0000-0000-000000000001', 'answer', '00000000-0000-0000-0000-0000000000a1', 'a#one/chat/1', 'chat',
 'c1', 2, 'small', 'local', 'm-2', 'cn', '', 100, 40, 100, 40, 20, 0.5, 'priced', 'CNY', 'u1', 'gold', 'r-hard', 'hard', ['style=a'], 1, '', 'estimated'),
('a#one', '2025-01-02 09:00:00', '00000000-0000-0000-0000-000000000002', 'answer', '00000000-0000-0000-0000-0000000000a2', 'a#one/chat/2', 'chat',
 'c2', 1, 'large', 'openai', 'm-1', 'cn', '', 300, 60, 1000, 0, 200, 2, 'priced', 'CNY', 'u2', '', 'r-rest', 'simple', [], 1, '', 'provider'),
('a#one', '2025-01-02 09:00:00', '00000000-0000-0000-0000-000000000002', 'answer', '00000000-0000-0000-0000-0000000000a2', 'a#one/chat/2', 'chat',
 'c2', 1, 'large', 'openai', 'm-1', 'cn', '', 0, NULL, NULL, NULL, NULL, -0.25, 'correction', 'CNY', 'u2', '', 'r-rest', 'simple', [], 0, 'run', ''),
('a#two', '2025-01-02 23:30:00', '00000000-0000-0000-0000-000000000003', 'answer', '00000000-0000-0000-0000-0000000000a3', 'a#two/group/3', 'group',
 'c3', 1, 'gpt', 'openai', 'm-3', 'us', '', 200, NULL, 10, 0, 5, 1, 'priced', 'USD', 'u3', '', '', '', [], 1, '', 'provider'),
('a#one', '2025-01-01 09:00:00', '00000000-0000-0000-0000-000000000004', 'answer', '00000000-0000-0000-0000-0000000000a4', 'a#one/chat/4', 'chat',
 'c1', 1, 'large', 'openai', 'm-1', 'cn', '', 100, 50, 500, 100, 100, 1, 'priced', 'CNY', 'u1', 'gold', 'r-rest', 'simple', [], 1, '', 'provider')";

const MESSAGES: &str = "INSERT INTO {db}.messages (app, at, message, chat_kind, conversation, sender, input, ruling, turn, targets, queue_ms,
    decide_ms, bundle) VALUES
('a#one', '2025-01-02 08:09:59', 'a#one/chat/1', 'chat', 'c1', 'u1', 'message', 'asked', '00000000-0000-0000-0000-0000000000a1', ['large', 'small'], 30, 10, 'b2'),
('a#one', '2025-01-02 08:59:59', 'a#one/chat/2', 'chat', 'c2', 'u2', 'message', 'asked', '00000000-0000-0000-0000-0000000000a2', ['small'], 30, 10, 'b2'),
('a#one', '2025-01-02 08:59:59', 'a#one/chat/5', 'chat', 'c2', 'u2', 'message', 'blocked', NULL, [], 30, 10, 'b2'),
('a#one', '2025-01-01 08:59:59', 'a#one/chat/4', 'chat', 'c1', 'u1', 'message', 'asked', '00000000-0000-0000-0000-0000000000a4', ['large'], 30, 10, 'b1'),
('a#two', '2025-01-02 23:29:59', 'a#two/group/3', 'group', 'c3', 'u3', 'message', 'asked', '00000000-0000-0000-0000-0000000000a3', ['gpt'], 30, 10, 'b2'),
('a#two', '2025-01-02 23:29:58', 'a#two/group/6', 'group', 'c3', 'u4', 'message', 'passed', NULL, [], 30, 10, 'b2')";

const REQUESTS: &str = "INSERT INTO {db}.requests (app, at, request, kind, turn, message, chat_kind, conversation, user, outcome, attempts,
    rerun, waiting_ms, pacing_ms, took_ms, rule) VALUES
('a#one', '2025-01-02 08:10:06', '00000000-0000-0000-0000-000000000001', 'answer', '00000000-0000-0000-0000-0000000000a1', 'a#one/chat/1', 'chat', 'c1', 'u1', 'done', 2, true, 20, 5, 6000, 'r-hard'),
('a#one', '2025-01-02 09:00:01', '00000000-0000-0000-0000-000000000002', 'answer', '00000000-0000-0000-0000-0000000000a2', 'a#one/chat/2', 'chat', 'c2', 'u2', 'done', 1, false, 20, 5, 400, 'r-rest'),
('a#one', '2025-01-02 09:00:02', '00000000-0000-0000-0000-000000000009', 'answer', '00000000-0000-0000-0000-0000000000a9', 'a#one/chat/9', 'chat', 'c2', 'u2', 'expired', 0, false, NULL, NULL, 90000, ''),
('a#one', '2025-01-02 09:00:02', '00000000-0000-0000-0000-00000000000a', 'review', '00000000-0000-0000-0000-0000000000a2', 'a#one/chat/2', 'chat', 'c2', 'u2', 'reviewed', 1, false, 20, 5, 9, '')";

const REPLIES: &str = "INSERT INTO {db}.replies (app, at, answer, turn, message, chat_kind, conversation, part, parts, result, delivery_ms) VALUES
('a#one', '2025-01-02 08:10:07', generateUUIDv4(), '00000000-0000-0000-0000-0000000000a1', 'a#one/chat/1', 'chat', 'c1', 1, 2, 'sent', 50),
('a#one', '2025-01-02 08:10:07', generateUUIDv4(), '00000000-0000-0000-0000-0000000000a1', 'a#one/chat/1', 'chat', 'c1', 2, 2, 'sent', 50),
('a#one', '2025-01-02 09:00:03', generateUUIDv4(), '00000000-0000-0000-0000-0000000000a2', 'a#one/chat/2', 'chat', 'c2', 1, 1, 'undelivered', 50)";

const FEEDBACK: &str = "INSERT INTO {db}.feedback (app, at, id, kind, origin, rating, turn, chat_kind, user) VALUES
('a#one', '2025-01-02 08:11:00', 'f1', 'rating', 'command', 5, '00000000-0000-0000-0000-0000000000a1', 'chat', 'u1'),
('a#one', '2025-01-02 08:12:00', 'f2', 'rating', 'command', 3, '00000000-0000-0000-0000-0000000000a1', 'chat', 'u1'),
('a#one', '2025-01-02 08:13:00', 'f3', 'rating', 'source', 2, NULL, 'chat', 'u1'),
('a#one', '2025-01-02 08:14:00', 'f4', 'reaction', 'chat', NULL, NULL, 'chat', 'u1')";

/// The second of January, which the first goes before.
const DAY: [(&str, &str); 2] = [("from", "2025-01-02"), ("to", "2025-01-03")];

async fn stored() -> Scene {
    let scene = Scene::migrated().await;
    for sql in [CALLS, MESSAGES, REQUESTS, REPLIES, FEEDBACK] {
        scene.execute(sql).await;
    }
    scene
}

fn prices() -> Vec<ListPrice> {
    let price = |target: &str, input: i64, cached: i64, output: i64| ListPrice {
        target: target.into(),
        currency: "CNY".into(),
        input,
        cached,
        output,
        written_5m: input,
        written_1h: input,
    };
    vec![price("large", 4_000_000, 400_000, 16_000_000), price("small", 1_000_000, 250_000, 2_000_000)]
}

/// The result on the day, and the table that it was read from.
async fn asked(scene: &Scene, name: &str, more: &[(&str, &str)]) -> (Table, &'static str) {
    let given: BTreeMap<String, String> =
        DAY.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = queries::list().iter().find(|query| query.name == name).unwrap();
    let answer =
        queries::run_one(&scene.store, query, &Question { given, prices: prices() }, |_| {}).await.unwrap();
    (answer.table, answer.read_from.unwrap_or_default())
}

/// Holds that a rollup and the facts give these rows.
async fn both(scene: &Scene, name: &str, more: &[(&str, &str)], rollup: &str, expected: &Value) {
    for (source, table) in [("rollup", rollup), ("facts", "model_calls")] {
        let more: Vec<_> = more.iter().copied().chain([("source", source)]).collect();
        let (found, from) = asked(scene, name, &more).await;
        assert_eq!(from, table, "{name} {more:?}");
        assert_eq!(&json!(found.rows), expected, "{name} {more:?}\n{}", found.to_text());
    }
}

#[tokio::test]
async fn cost_is_told_apart_by_anything_with_the_change_against_the_day_before() {
    let scene = stored().await;
    let usual = json!([
        ["a#one", "openai", "m-1", "CNY", 2, 1, 0, 1, 0, "1.75", "-0.25", "1", 75],
        ["a#two", "openai", "m-3", "USD", 1, 0, 0, 0, 0, "1", "0", null, null],
        ["a#one", "local", "m-2", "CNY", 1, 0, 0, 0, 0, "0.5", "0", null, null],
    ]);
    both(&scene, "cost", &[], "usage_hour", &usual).await;
    let by_arm = json!([
        ["", "CNY", 1, 0, 0, 0, 0, "1.75", "-0.25", "1", 75],
        ["", "USD", 1, 0, 0, 0, 0, "1", "0", null, null],
        ["style=a", "CNY", 2, 1, 0, 1, 0, "0.5", "0", null, null],
    ]);
    both(&scene, "cost", &[("by", "arm")], "usage_hour", &by_arm).await;
    let of_rule = json!([["r-rest", "2025-01-02", "CNY", 1, 0, 0, 0, 0, "1.75", "-0.25", null, null]]);
    both(&scene, "cost", &[("by", "rule,day"), ("rule", "r-rest")], "usage_hour", &of_rule).await;
    let first = json!([["gold", "CNY", 2, 1, 0, 1, 0, "0.5", "0", "1", -50]]);
    both(&scene, "cost", &[("by", "tier"), ("tier", "gold"), ("top", "1")], "usage_hour", &first).await;
    let (by_user, from) = asked(&scene, "cost", &[("by", "user"), ("app", "a#one")]).await;
    assert_eq!(from, "model_calls");
    let expected = json!([
        ["u2", "CNY", 1, 0, 0, 0, 0, "1.75", "-0.25", null, null],
        ["u1", "CNY", 2, 1, 0, 1, 0, "0.5", "0", "1", -50],
    ]);
    assert_eq!(json!(by_user.rows), expected, "{}", by_user.to_text());
    scene.drop().await;
}

/// Every combination of two columns gives the same from rollups and facts, also over half an hour and in another zone.
#[tokio::test]
async fn rollups_and_facts_agree_however_they_are_asked() {
    let scene = stored().await;
    let columns = [
        "app",
        "provider",
        "model",
        "target",
        "kind",
        "tier",
        "rule",
        "class",
        "arm",
        "region",
        "chat_kind",
        "hour",
        "day",
        "month",
    ];
    let sorted = |table: Table| {
        let mut rows: Vec<String> = table.rows.iter().map(|row| json!(row).to_string()).collect();
        rows.sort();
        rows
    };
    for zone in ["UTC", "Asia/Shanghai"] {
        let scene = scene.with(&format!("time_zone = '{zone}'"));
        for (one, other) in columns.iter().zip(columns.iter().cycle().skip(1)) {
            let by = format!("{one},{other}");
            for name in ["cost", "tokens", "errors", "cache"] {
                let (rollup, from) = asked(&scene, name, &[("by", &by), ("source", "rollup")]).await;
                let (facts, _) = asked(&scene, name, &[("by", &by), ("source", "facts")]).await;
                assert!(from == "usage_hour" && !facts.rows.is_empty(), "{name} by {by}");
                assert_eq!(sorted(rollup), sorted(facts), "{name} by {by} in {zone}");
            }
        }
    }
    let half = [("from", "2025-01-02T08:00:00"), ("to", "2025-01-02T08:30:00")];
    let (minutes, from) = asked(&scene, "cost", &half).await;
    let (facts, _) = asked(&scene, "cost", &[half[0], half[1], ("source", "facts")]).await;
    assert_eq!((from, sorted(minutes)), ("usage_minute", sorted(facts)));
    scene.drop().await;
}

#[tokio::test]
async fn days_are_those_of_the_deployment() {
    let scene = stored().await;
    let shanghai = scene.with("time_zone = 'Asia/Shanghai'");
    // What happened at 23:30 in UTC was on the third there.
    let expected = json!([["a#two", "2025-01-03", "USD", 1, 0, 0, 0, 0, "1", "0", null, null]]);
    let range = [("by", "app,day"), ("from", "2025-01-03"), ("to", "2025-01-04")];
    let (table, from) = asked(&shanghai, "cost", &range).await;
    assert_eq!((json!(table.rows), from), (expected, "usage_hour"), "{}", table.to_text());
    scene.drop().await;
}

#[tokio::test]
async fn tokens_errors_and_caches_are_added_up() {
    let scene = stored().await;
    let tokens = json!([
        ["m-1", 2, 1000, 0, 0, 200, 0, 0, 1200, 600, 100],
        ["m-2", 1, 100, 40, 0, 20, 0, 1, 120, 0, null],
        ["m-3", 1, 10, 0, 0, 5, 0, 0, 15, 0, null],
    ]);
    both(&scene, "tokens", &[("by", "model")], "usage_hour", &tokens).await;
    let errors = json!([
        ["a#one", "-", 2, 66.67, 1, "CNY", "2.25"],
        ["a#one", "timeout", 1, 33.33, 0, "", null],
        ["a#two", "-", 1, 100, 0, "USD", "1"],
    ]);
    both(&scene, "errors", &[("by", "app")], "usage_hour", &errors).await;
    // 40 cached tokens at 0.75 of a millionth less each; gpt has no price.
    let cache = json!([
        ["large", "CNY", 2, 1000, 0, 0, 0, "0"],
        ["small", "CNY", 1, 100, 40, 0, 40, "0.00003"],
        ["gpt", "", 1, 10, 0, 0, 0, null],
    ]);
    both(&scene, "cache", &[("by", "target")], "usage_hour", &cache).await;
    scene.drop().await;
}

#[tokio::test]
async fn routes_say_what_the_best_target_would_have_cost() {
    let scene = stored().await;
    // 60 fresh, 40 cached and 20 output tokens at large's prices: 0.00024 + 0.000016 + 0.00032.
    let expected = json!([
        ["a#one", "r-hard", "hard", "large", "", 1, 33.3, 0, null, null, null],
        ["a#one", "r-hard", "hard", "small", "CNY", 1, 33.3, 1, "0.5", "0.000576", "-0.499424"],
        ["a#one", "r-rest", "simple", "large", "CNY", 1, 33.3, 0, "1.75", "0.0072", "-1.7428"],
        ["a#two", "", "", "gpt", "USD", 1, 100, 0, "1", null, null],
    ]);
    both(&scene, "routes", &[], "usage_hour", &expected).await;
    scene.drop().await;
}

#[tokio::test]
async fn top_names_who_burns_the_budget_with_shares_that_add_up() {
    let scene = stored().await;
    let expected = json!([
        ["a#one", "u2", "CNY", 1, 1200, "1.75", 77.8, 77.8, "0", null],
        ["a#one", "u1", "CNY", 1, 120, "0.5", 22.2, 100, "1", -50],
        ["a#two", "u3", "USD", 1, 15, "1", 100, 100, "0", null],
    ]);
    both(&scene, "top", &[], "user_day", &expected).await;
    let (by_place, from) = asked(&scene, "top", &[("who", "conversation"), ("top", "1")]).await;
    assert_eq!(from, "model_calls");
    assert_eq!(json!(by_place.rows[0])[1], json!("c2"), "{}", by_place.to_text());
    assert_eq!(by_place.rows.len(), 2);
    scene.drop().await;
}

#[tokio::test]
async fn latency_has_every_step_of_the_line() {
    let scene = stored().await;
    for source in ["rollup", "facts"] {
        let (table, _) = asked(&scene, "latency", &[("app", "a#one"), ("source", source)]).await;
        let steps: Vec<(String, f64, f64)> = (0..table.rows.len())
            .map(|row| {
                let value = |column: &str| table.get(row, column).unwrap().as_f64().unwrap();
                (table.get(row, "step").unwrap().as_str().unwrap().to_owned(), value("p50"), value("p99"))
            })
            .collect();
        // Of few values the sketch gives the one below.
        let expected = [
            ("callback", 30.0, 30.0),
            ("decide", 10.0, 10.0),
            ("queue", 20.0, 20.0),
            ("pace", 5.0, 5.0),
            ("first_token", 40.0, 40.0),
            ("model", 100.0, 100.0),
            ("answer", 6000.0, 6000.0),
            ("send", 50.0, 50.0),
        ];
        assert_eq!(steps.len(), expected.len(), "{}", table.to_text());
        for ((step, p50, p99), (name, of_half, of_all)) in steps.iter().zip(expected) {
            let near = |found: f64, wanted: f64| (found - wanted).abs() <= 0.01 * wanted + 0.5;
            assert!(step == name && near(*p99, of_all), "{name}\n{}", table.to_text());
            assert!(near(*p50, of_half), "{name}\n{}", table.to_text());
        }
    }
    scene.drop().await;
}

#[tokio::test]
async fn the_funnel_the_promise_and_the_ratings_count_what_became_of_messages() {
    let scene = stored().await;
    let (funnel, _) = asked(&scene, "funnel", &[]).await;
    let expected =
        json!(
            [["a#one", 3, 0, 1, 2, 3, 2, 1, 1, 0, 3, 66.7], ["a#two", 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, null],]
        );
    assert_eq!(json!(funnel.rows), expected, "{}", funnel.to_text());
    let (sla, _) = asked(&scene, "sla", &[("within", "1000")]).await;
    let expected =
        json!([["a#one", "2025-01-01", 3, 2, 66.67, 1, 33.33, 1, 0, 0, 0, 1, 6000, 6000, 6000, 2, 1]]);
    assert_eq!(json!(sla.rows), expected, "{}", sla.to_text());
    let (ratings, _) = asked(&scene, "satisfaction", &[]).await;
    // Of 5 and 3 the mean is 4, the deviation the root of 2: 1.96 of it by the root of 2.
    let expected = json!([["a#one", "", 1, 2, null, null, 1], ["a#one", "m-2", 2, 4, 2.04, 5.96, 0]]);
    assert_eq!(json!(ratings.rows), expected, "{}", ratings.to_text());
    scene.drop().await;
}

#[tokio::test]
async fn bundles_are_compared_by_what_they_decided() {
    let scene = stored().await;
    let (table, _) = asked(&scene, "bundles", &[("from", "2025-01-01"), ("app", "a#one")]).await;
    let expected = json!([
        ["a#one", "b2", "2025-01-02 08:09:59.000", 3, 1, 1, 1, "", null, 5000],
        ["a#one", "b2", "2025-01-02 08:09:59.000", 3, 1, 2, 0, "CNY", "2.25", 300],
        ["a#one", "b1", "2025-01-01 08:59:59.000", 1, 0, 1, 0, "CNY", "1", 100],
    ]);
    assert_eq!(json!(table.rows), expected, "{}", table.to_text());
    scene.drop().await;
}

#[tokio::test]
async fn what_was_read_is_told() {
    let scene = stored().await;
    let query = queries::list().iter().find(|query| query.name == "counts").unwrap();
    let answer = queries::run_one(&scene.store, query, &Question::default(), |_| {}).await.unwrap();
    assert!(answer.reading.rows >= 23 && answer.reading.bytes > 0, "{:?}", answer.reading);
    assert_eq!(answer.read_from, None);
    scene.drop().await;
}

#[tokio::test]
async fn a_query_can_only_read() {
    let scene = stored().await;
    let folder = std::env::temp_dir().join(format!("huiyin-own-{:016x}", fastrand::u64(..)));
    std::fs::create_dir(&folder).unwrap();
    let own = "-- Calls of a target.\n-- @target text [large] only this target\n-- @by columns(app,model) [app] x\n\
               SELECT {by:columns}, count() AS calls FROM model_calls WHERE target = {target:String} GROUP BY {by:columns} ORDER BY 1";
    std::fs::write(folder.join("of_target.sql"), own).unwrap();
    let found = queries::read_own(&folder, queries::list()).unwrap();
    let given = BTreeMap::from([("by".to_owned(), "model".to_owned())]);
    let answer =
        queries::run_one(&scene.store, &found[0], &Question { given, prices: vec![] }, |_| {}).await.unwrap();
    assert_eq!(json!(answer.table.rows), json!([["m-1", 4]]));
    std::fs::remove_dir_all(folder).unwrap();
    scene.drop().await;
}
