use std::time::Duration;

use account::Row;
use pipeline::batch::InsertError;
use schemas::topic::Topic;
use serde_json::json;
use tokio::net::TcpListener;

use crate::proxy::Proxy;
use crate::scene::{AUDIT, BODIES, MESSAGES, MODEL_CALLS, RAW_USAGE, REPLIES, Scene, built, example};

fn message(scene: &Scene, offset: i64) -> Row {
    built(&scene.sink, Topic::Decisions, offset, &example!("decisions/valid-asked.json")).remove(0)
}

#[tokio::test]
async fn every_table_takes_its_rows_and_gives_them_back() {
    let scene = Scene::migrated().await;
    let calls = built(&scene.sink, Topic::Events, 1, &example!("events/valid-answered-done.json"));
    let reply = built(&scene.sink, Topic::Deliveries, 2, &example!("deliveries/valid-sent.json"));
    scene.insert(MESSAGES, "decisions:3:0-0", vec![message(&scene, 0)]).await.unwrap();
    scene.insert(MODEL_CALLS, "events:3:1-1", calls).await.unwrap();
    scene.insert(REPLIES, "deliveries:3:2-2", reply).await.unwrap();

    let message = "SELECT concat(app, ' ', toString(at), ' ', ruling, ' ', ifNull(toString(turn), ''), ' ', ifNull(toString(queue_ms), ''), ' ', \
                   if(length(sender) = 32, 'pseudonym', sender)) FROM {db}.messages";
    assert_eq!(
        scene.text(message).await,
        "acme#support 2025-01-01 00:00:00.138 asked 6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01 3 pseudonym"
    );
    let call = "SELECT concat(toString(request), ' ', ifNull(toString(cost), ''), ' ', currency, ' ', ifNull(toString(tokens_input), ''), ' ', \
                ifNull(toString(status), '')) FROM {db}.model_calls WHERE attempt = 2";
    assert_eq!(scene.text(call).await, "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b02 0.0000001234 CNY 120 200");
    assert_eq!(
        scene
            .number("SELECT count() FROM {db}.model_calls WHERE cost IS NULL AND tokens_input IS NULL")
            .await,
        1
    );
    assert_eq!(
        scene.text("SELECT concat(result, ' ', easemob_id) FROM {db}.replies").await,
        "sent 1501234567890990001"
    );
    scene.drop().await;
}

#[tokio::test]
async fn a_repeated_token_adds_nothing_and_another_token_adds_all() {
    let scene = Scene::migrated().await;
    let rows = || (0..3).map(|offset| message(&scene, offset)).collect::<Vec<_>>();
    for _ in 0..3 {
        scene.insert(MESSAGES, "decisions:3:0-2", rows()).await.unwrap();
    }
    assert_eq!(scene.rows("messages").await, 3);
    scene.insert(MESSAGES, "decisions:4:0-2", rows()).await.unwrap();
    assert_eq!(scene.rows("messages").await, 6);
    scene.drop().await;
}

#[tokio::test]
async fn one_insert_over_many_months_is_repeated_without_a_trace() {
    let scene = Scene::migrated().await;
    let month = 31 * 24 * 3_600_000_i64;
    let rows = || {
        let mut decision = example!("decisions/valid-asked.json");
        (0..120)
            .flat_map(|i| {
                decision["at"] = json!(1_735_689_600_138 + i * month);
                built(&scene.sink, Topic::Decisions, i, &decision)
            })
            .collect::<Vec<_>>()
    };
    for _ in 0..2 {
        scene.insert(MESSAGES, "decisions:3:0-119", rows()).await.unwrap();
    }
    assert_eq!(scene.rows("messages").await, 120);
    scene.drop().await;
}

#[tokio::test]
async fn a_large_insert_is_one_block_for_the_store() {
    let scene = Scene::migrated().await;
    scene.execute("ALTER TABLE {db}.messages MODIFY SETTING merge_selector_base = 1000000").await;
    let row = message(&scene, 0);
    let rows = || vec![row.clone(); 200_000];
    for _ in 0..2 {
        scene.insert(MESSAGES, "decisions:3:0-199999", rows()).await.unwrap();
    }
    assert_eq!(scene.rows("messages").await, 200_000);
    let blocks = "SELECT toUInt64(max(max_block_number)) FROM system.parts WHERE database = '{db}' AND table = 'messages'";
    assert_eq!(scene.number(blocks).await, 1);
    scene.drop().await;
}

#[tokio::test]
async fn rows_that_the_store_refuses_are_rejected() {
    let scene = Scene::migrated().await;
    scene.execute("ALTER TABLE {db}.messages ADD CONSTRAINT first CHECK source_offset = 0").await;
    let insert = |offsets: std::ops::Range<i64>| {
        scene.insert(MESSAGES, "decisions:3:0-1", offsets.map(|offset| message(&scene, offset)).collect())
    };
    let error = insert(0..2).await.unwrap_err();
    assert!(matches!(&error, InsertError::Rejected(text) if text.contains("VIOLATED_CONSTRAINT")), "{error}");
    assert_eq!(scene.rows("messages").await, 0);
    insert(0..1).await.unwrap();
    assert_eq!(scene.rows("messages").await, 1);
    scene.drop().await;
}

#[tokio::test]
async fn a_block_whose_answer_was_lost_is_stored_once() {
    let scene = Scene::migrated().await;
    let proxy = Proxy::start().await;
    let mute = scene.through(proxy.url());
    let block = || vec![message(&scene, 0), message(&scene, 1)];
    let error = mute.insert(MESSAGES, "decisions:3:0-1", block()).await.unwrap_err();
    assert!(matches!(error, InsertError::Retry(_)), "{error}");
    assert_eq!(scene.rows("messages").await, 2, "the proxy cuts the answer, not the insert");
    scene.insert(MESSAGES, "decisions:3:0-1", block()).await.unwrap();
    assert_eq!(scene.rows("messages").await, 2);
    scene.drop().await;
}

#[tokio::test]
async fn a_table_with_other_columns_stops_everything_until_it_is_mended() {
    let scene = Scene::migrated().await;
    scene.execute("ALTER TABLE {db}.messages MODIFY COLUMN characters String").await;
    let insert = || scene.insert(MESSAGES, "decisions:3:0-0", vec![message(&scene, 0)]);
    let error = insert().await.unwrap_err();
    assert!(matches!(&error, InsertError::Fatal(text) if text.contains("characters")), "{error}");
    scene.execute("ALTER TABLE {db}.messages MODIFY COLUMN characters UInt32").await;
    insert().await.unwrap();
    // The client knows the columns by now; the store compares them, too.
    scene.execute("ALTER TABLE {db}.messages MODIFY COLUMN characters String").await;
    let error = scene.insert(MESSAGES, "decisions:3:1-1", vec![message(&scene, 1)]).await.unwrap_err();
    assert!(matches!(&error, InsertError::Fatal(_)), "{error}");
    scene.execute("ALTER TABLE {db}.messages DROP COLUMN route").await;
    let error = scene.insert(MESSAGES, "decisions:3:1-1", vec![message(&scene, 1)]).await.unwrap_err();
    assert!(matches!(&error, InsertError::Fatal(_)), "{error}");
    assert_eq!(scene.rows("messages").await, 1);
    scene.drop().await;
}

#[tokio::test]
async fn a_missing_table_or_database_is_fatal_and_a_server_that_is_gone_is_not() {
    let scene = Scene::migrated().await;
    let insert = |scene: Scene| async move {
        let error = scene.insert(MESSAGES, "decisions:3:0-0", vec![message(&scene, 0)]).await.unwrap_err();
        (error, scene)
    };
    scene.execute("DROP TABLE {db}.messages").await;
    let (error, scene) = insert(scene).await;
    assert!(matches!(error, InsertError::Fatal(_)), "{error}");
    scene.drop().await;
    let (error, _) = insert(Scene::new()).await;
    assert!(matches!(error, InsertError::Fatal(_)), "{error}");
    let (error, _) = insert(Scene::at("http://127.0.0.1:1", "d", "")).await;
    assert!(matches!(error, InsertError::Retry(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let scene =
        Scene::at(&url, "d", "query_timeout = '100ms'\nsend_timeout = '100ms'\nend_timeout = '100ms'");
    let insert = scene.insert(MESSAGES, "decisions:3:0-0", vec![message(&scene, 0)]);
    let error = tokio::time::timeout(Duration::from_secs(10), insert).await.unwrap().unwrap_err();
    assert!(matches!(error, InsertError::Retry(_)), "{error}");
    assert_eq!(scene.store.check().await.unwrap_err().label(), "timeout");
}

#[tokio::test]
async fn acts_usage_and_texts_come_back_as_they_were_told() {
    let scene = Scene::migrated().await;
    let answered = example!("events/valid-answered-routed.json");
    let usage = scene.rows_of(RAW_USAGE, Topic::Events, &answered);
    scene.insert(RAW_USAGE, "events:3:0-0", usage).await.unwrap();
    let told = "SELECT concat(provider_request, ' ', toString(JSONExtractUInt(usage, 'total_tokens'))) FROM {db}.raw_usage";
    assert_eq!(scene.text(told).await, "chatcmpl-1 150");

    let act = scene.rows_of(AUDIT, Topic::Events, &example!("events/valid-act.json"));
    scene.insert(AUDIT, "events:3:1-1", act).await.unwrap();
    let told = "SELECT concat(kind, ' ', operator, ' ', details['to']) FROM {db}.audit";
    assert_eq!(scene.text(told).await, "offsets_reset ops@acme committed");

    assert!(scene.rows_of(BODIES, Topic::Events, &answered).is_empty(), "off by default");
    let with_texts = scene.with("bodies = true");
    let text = with_texts.rows_of(BODIES, Topic::Events, &answered);
    scene.insert(BODIES, "events:3:2-2", text).await.unwrap();
    let told = "SELECT concat(role, ': ', text) FROM {db}.bodies";
    assert_eq!(scene.text(told).await, "assistant: Open Settings, then Badge.");
    scene.drop().await;
}
