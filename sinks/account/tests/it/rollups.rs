//! Rollups agree with the facts at every moment after a block is stored, whatever went wrong on the way.

use pipeline::batch::InsertError;
use schemas::topic::Topic;
use serde_json::json;

use crate::proxy::Proxy;
use crate::scene::{
    FEEDBACK, LEDGER, MESSAGES, MODEL_CALLS, REPLIES, REQUESTS, SAFETY_EVENTS, Scene, example,
};

const VIEW: &str = "usage_hour_of_calls";

/// Rows of every table that feeds a rollup, each as its own block.
async fn store(
    scene: &Scene,
    table: usize,
    topic: Topic,
    value: &serde_json::Value,
) -> Result<(), InsertError> {
    let token = format!("{}:3:0-0", topic.name());
    scene.insert(table, &token, scene.rows_of(table, topic, value)).await
}

async fn all(scene: &Scene) {
    let mut answered = example!("events/valid-answered-routed.json");
    answered["tier"] = json!("gold");
    let mut rated = example!("decisions/valid-routed.json");
    rated["rating"] = json!(4);
    rated["tier"] = json!({ "name": "gold", "by": "list" });
    let mut message = example!("events/valid-message-with-findings.json");
    message["type"] = json!("message");
    for (table, topic, value) in [
        (MODEL_CALLS, Topic::Events, &answered),
        (REQUESTS, Topic::Events, &answered),
        (MESSAGES, Topic::Decisions, &rated),
        (FEEDBACK, Topic::Decisions, &rated),
        (REPLIES, Topic::Deliveries, &example!("deliveries/valid-sent.json")),
        (SAFETY_EVENTS, Topic::Events, &message),
        (LEDGER, Topic::Ledger, &example!("ledger/valid-settle.json")),
    ] {
        store(scene, table, topic, value).await.unwrap();
    }
}

#[tokio::test]
async fn a_block_is_in_its_rollups_once_however_often_it_is_sent() {
    let scene = Scene::migrated().await;
    for _ in 0..3 {
        all(&scene).await;
        assert!(scene.agree().await > 12);
    }
    let calls = "SELECT toUInt64(sum(calls)) FROM {db}.usage_hour";
    assert_eq!(scene.number(calls).await, 2);
    let of_person = "SELECT concat(toString(sum(messages)), ' ', toString(sum(calls)), ' ', toString(sum(ratings)), ' ', \
                     toString(sum(rating_sum)), ' ', toString(sum(cost))) FROM {db}.user_day WHERE user != ''";
    assert_eq!(scene.text(of_person).await, "1 2 1 4 0.0000001234");
    for rollup in ["usage_minute", "usage_hour", "user_day"] {
        let of_tier = format!("SELECT toUInt64(sum(calls)) FROM {{db}}.{rollup} WHERE tier = 'gold'");
        assert_eq!(scene.number(&of_tier).await, 2, "{rollup}");
    }
    let of_tier = "SELECT toUInt64(sum(messages)) FROM {db}.user_day WHERE tier = 'gold'";
    assert_eq!(scene.number(of_tier).await, 1);
    let quantiles = "SELECT toUInt64(countIf(arrayAll(q -> abs(q - 900) <= 9, quantiles))) FROM \
                     (SELECT quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(duration) AS quantiles FROM {db}.usage_minute)";
    assert_eq!(scene.number(quantiles).await, 1, "of the one call that answered, in 900 ms");
    scene.drop().await;
}

#[tokio::test]
async fn one_token_for_blocks_of_two_tables_that_feed_one_rollup_adds_both() {
    let scene = Scene::migrated().await;
    let mut rated = example!("decisions/valid-asked.json");
    rated["rating"] = json!(5);
    for _ in 0..2 {
        for table in [MESSAGES, FEEDBACK] {
            store(&scene, table, Topic::Decisions, &rated).await.unwrap();
        }
    }
    let sums = "SELECT concat(toString(sum(messages)), ' ', toString(sum(ratings))) FROM {db}.user_day";
    assert_eq!(scene.text(sums).await, "1 1");
    scene.drop().await;
}

/// The process of the store ends between the block and its view: it is as if the view had not been there.
#[tokio::test]
async fn a_block_that_was_stored_before_its_view_was_is_added_when_it_comes_again() {
    let scene = Scene::migrated().await;
    let answered = example!("events/valid-answered-routed.json");
    let made = scene
        .text(&format!(
            "SELECT create_table_query FROM system.tables WHERE database = '{{db}}' AND name = '{VIEW}'"
        ))
        .await;
    scene.execute(&format!("DROP TABLE {{db}}.{VIEW}")).await;
    store(&scene, MODEL_CALLS, Topic::Events, &answered).await.unwrap();
    let calls = "SELECT toUInt64(sum(calls)) FROM {db}.usage_hour";
    assert_eq!((scene.rows("model_calls").await, scene.number(calls).await), (2, 0));
    scene.execute(&made).await;
    for _ in 0..2 {
        store(&scene, MODEL_CALLS, Topic::Events, &answered).await.unwrap();
        assert_eq!((scene.rows("model_calls").await, scene.number(calls).await), (2, 2));
    }
    scene.agree().await;
    scene.drop().await;
}

#[tokio::test]
async fn a_rollup_that_refuses_stops_everything_and_is_whole_when_it_is_mended() {
    let scene = Scene::migrated().await;
    let answered = example!("events/valid-answered-routed.json");
    scene.execute("ALTER TABLE {db}.usage_hour ADD CONSTRAINT none CHECK calls < 0").await;
    let error = store(&scene, MODEL_CALLS, Topic::Events, &answered).await.unwrap_err();
    assert!(matches!(&error, InsertError::Fatal(_)), "{error}");
    scene.execute("ALTER TABLE {db}.usage_hour DROP CONSTRAINT none").await;
    store(&scene, MODEL_CALLS, Topic::Events, &answered).await.unwrap();
    scene.agree().await;
    assert_eq!(scene.rows("model_calls").await, 2);
    scene.drop().await;
}

#[tokio::test]
async fn a_block_whose_answer_was_lost_is_in_its_rollups_once() {
    let scene = Scene::migrated().await;
    let proxy = Proxy::start().await;
    let mute = scene.through(proxy.url());
    let answered = example!("events/valid-answered-routed.json");
    let error = store(&mute, MODEL_CALLS, Topic::Events, &answered).await.unwrap_err();
    assert!(matches!(error, InsertError::Retry(_)), "{error}");
    store(&scene, MODEL_CALLS, Topic::Events, &answered).await.unwrap();
    scene.agree().await;
    assert_eq!(scene.number("SELECT toUInt64(sum(calls)) FROM {db}.usage_minute").await, 2);
    scene.drop().await;
}

#[tokio::test]
async fn a_correction_changes_every_sum_and_no_count() {
    let scene = Scene::migrated().await;
    store(&scene, MODEL_CALLS, Topic::Events, &example!("events/valid-answered-routed.json")).await.unwrap();
    store(&scene, MODEL_CALLS, Topic::Ledger, &example!("ledger/valid-correction.json")).await.unwrap();
    for table in ["model_calls", "usage_minute", "usage_hour", "user_day"] {
        let sums = format!(
            "SELECT concat(toString(sum(calls)), ' ', toString(sum(ifNull(cost, 0)))) FROM {{db}}.{table}"
        );
        assert_eq!(scene.text(&sums).await, "2 0.0000001", "{table}");
    }
    let of_hour = "SELECT count() FROM (SELECT DISTINCT app, hour, target, model, rule, class, arms, region FROM {db}.usage_hour \
                   WHERE model = 'm-2')";
    assert_eq!(scene.number(of_hour).await, 1, "a correction stands where its call does");
    scene.agree().await;
    scene.drop().await;
}
