//! Tables that are made anew hold what they held, with what they had lost.

use std::collections::BTreeMap;

use account::rebuild::{Checksums, Rebuild, Rebuilt, Scope};
use pipeline::Record;
use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::scene::{Scene, example, record};

fn scope(named: &[&str]) -> Scope {
    Scope::of(&named.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// A log of two messages, their outcomes, deliveries and money.
fn log() -> Vec<Record> {
    let mut rated = example!("decisions/valid-routed.json");
    rated["rating"] = json!(4);
    let mut message = example!("events/valid-message-with-findings.json");
    message["type"] = json!("message");
    let all: [(Topic, Value); 7] = [
        (Topic::Events, message),
        (Topic::Decisions, rated),
        (Topic::Events, example!("events/valid-answered-routed.json")),
        (Topic::Deliveries, example!("deliveries/valid-sent.json")),
        (Topic::Ledger, example!("ledger/valid-settle.json")),
        (Topic::Ledger, example!("ledger/valid-correction.json")),
        (Topic::Events, example!("events/valid-act.json")),
    ];
    (0..).zip(all).map(|(offset, (topic, value))| record(topic, offset, &value)).collect()
}

/// Stores a log as the role does, a record at a time.
async fn store(scene: &Scene, log: &[Record]) {
    for record in log {
        let mut blocks: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for (table, row) in scene.built_of(record) {
            blocks.entry(table).or_default().push(row);
        }
        for (table, rows) in blocks {
            let token = format!("{}:3:{}-{}", record.topic, record.offset, record.offset);
            scene.insert(table, &token, rows).await.unwrap();
        }
    }
}

async fn rebuild(scene: &Scene, named: &[&str], log: &[Record], low: i64) -> Rebuilt {
    let lows = log.iter().map(|record| (format!("{}:3", record.topic), low)).collect();
    let mut running = Rebuild::begin(&scene.store, &scene.sink, scope(named), &lows).await.unwrap();
    for record in log.iter().filter(|record| record.offset >= low) {
        running.take(record).await.unwrap();
    }
    running.finish().await.unwrap()
}

async fn checksums(scene: &Scene) -> Checksums {
    scene.store.checksums(&scope(&[])).await.unwrap()
}

#[tokio::test]
async fn all_tables_are_made_anew_from_the_log_and_the_rollups_are_the_same() {
    let scene = Scene::migrated().await;
    let log = log();
    store(&scene, &log).await;
    let (before, counts) = (checksums(&scene).await, scene.query("counts", &[]).await);
    assert!(before.values().all(|sum| !sum.starts_with("0:")), "{before:?}");
    let done = rebuild(&scene, &[], &log, 0).await;
    assert_eq!((done.rows["model_calls"], done.rows["audit"], done.refused, done.rejected), (3, 1, 0, 0));
    assert_eq!(checksums(&scene).await, before);
    assert_eq!(scene.query("counts", &[]).await.rows, counts.rows);
    scene.store.check().await.unwrap();
    scene.agree().await;
    // What comes next is added as ever, and a block that was pending is stored in the new table.
    store(&scene, &log[2..3]).await;
    assert_eq!(scene.rows("model_calls").await, 5);
    scene.agree().await;
    scene.drop().await;
}

#[tokio::test]
async fn what_was_lost_is_there_again_and_what_the_log_has_no_more_stays() {
    let scene = Scene::migrated().await;
    let log = log();
    store(&scene, &log).await;
    let before = checksums(&scene).await;
    scene
        .execute(
            "ALTER TABLE {db}.model_calls DELETE WHERE source_topic = 'events' SETTINGS mutations_sync = 2",
        )
        .await;
    scene.execute("TRUNCATE TABLE {db}.user_day").await;
    scene.execute("ALTER TABLE {db}.replies DROP COLUMN bot").await;
    assert_eq!(scene.store.check().await.unwrap_err().label(), "missing_column");
    // The log begins behind the message and its decision.
    let done =
        rebuild(&scene, &["messages", "model_calls", "replies", "user_day", "feedback"], &log, 2).await;
    assert_eq!((done.rows.get("messages"), done.rows["model_calls"], done.rows["replies"]), (None, 3, 1));
    assert_eq!((scene.rows("messages").await, scene.rows("model_calls").await), (1, 3));
    assert_eq!(checksums(&scene).await, before);
    scene.store.check().await.unwrap();
    assert_eq!(scene.text("SELECT any(bot) FROM {db}.replies").await, "bot_helpdesk");
    scene.drop().await;
}

#[tokio::test]
async fn a_rollup_alone_is_made_of_facts() {
    let scene = Scene::migrated().await;
    store(&scene, &log()).await;
    let before = checksums(&scene).await;
    scene.execute("TRUNCATE TABLE {db}.usage_hour").await;
    scene.execute("DROP TABLE {db}.safety_hour").await;
    let done = rebuild(&scene, &["usage_hour", "safety_hour"], &[], 0).await;
    assert!(done.rows.is_empty());
    assert_eq!(checksums(&scene).await, before);
    scene.store.check().await.unwrap();
    scene.agree().await;
    scene.drop().await;
}

#[tokio::test]
async fn a_rebuild_that_was_interrupted_keeps_the_role_from_starting_and_is_begun_anew() {
    let scene = Scene::migrated().await;
    let log = log();
    store(&scene, &log).await;
    let before = checksums(&scene).await;
    let lows = [("events:3".to_owned(), 0)].into();
    let mut running = Rebuild::begin(&scene.store, &scene.sink, scope(&["raw_usage"]), &lows).await.unwrap();
    running.take(&log[2]).await.unwrap();
    drop(running);
    assert_eq!(scene.store.check().await.unwrap_err().label(), "rebuilding");
    assert_eq!(scene.rows("raw_usage").await, 1, "the old table is there until the new one is whole");
    rebuild(&scene, &[], &log, 0).await;
    scene.store.check().await.unwrap();
    assert_eq!(checksums(&scene).await, before);
    scene.drop().await;
}

#[tokio::test]
async fn a_row_that_the_new_table_refuses_is_counted_and_the_others_are_stored() {
    let scene = Scene::migrated().await;
    let mut bad = example!("events/valid-answered-routed.json");
    bad["attempts"][0]["started_at"] = json!(-1);
    let mut log = log();
    log.push(record(Topic::Events, 7, &bad));
    let done = rebuild(&scene, &["model_calls"], &log, 0).await;
    assert_eq!((done.refused, done.rows["model_calls"]), (1, 3));
    scene.drop().await;
}
