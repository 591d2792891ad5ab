//! From an id to its rows without reading the others, by what the store says that it read.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Scene, engine};

/// Messages of four apps over sixty days.
const MESSAGES: u64 = 600_000;

/// The answer of a statement, and how many rows the store read for it.
async fn read(scene: &Scene, sql: &str) -> (String, u64) {
    let sql = sql.replace("{db}", &scene.database);
    let mut stream = TcpStream::connect(engine().trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", sql.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(sql.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let summary = head.lines().find_map(|line| line.split_once("Summary: ")).expect("a summary").1;
    let summary: Value = serde_json::from_str(summary).unwrap();
    (body.trim().to_owned(), summary["read_rows"].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_message_among_many_is_found_by_a_few_granules() {
    let scene = Scene::migrated().await;
    let insert = format!(
        "INSERT INTO {{db}}.messages (app, at, message, conversation, sender, ruling, turn) SELECT concat('a#', toString(number % 4)), \
         toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + number * 8, concat('a#', toString(number % 4), '/chat/', toString(number)), \
         hex(cityHash64(number % 5000)), hex(cityHash64(number % 5000)), 'asked', \
         toUUID(concat('00000000-0000-4000-8000-', leftPad(toString(number), 12, '0'))) FROM numbers({MESSAGES}) \
         SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1"
    );
    scene.execute(&insert).await;
    assert_eq!(scene.rows("whereabouts").await, 2 * MESSAGES);
    let message = "a#3/chat/399999";
    let find = format!(
        "SELECT app, toUnixTimestamp(hour) FROM {{db}}.whereabouts WHERE id_hash = cityHash64('{message}')"
    );
    let (found, of_lookup) = read(&scene, &find).await;
    let hour = 1_735_689_600 + 399_999_u64 * 8 / 3_600 * 3_600;
    assert_eq!(found, format!("a#3\t{hour}"));
    let rows = format!(
        "SELECT conversation FROM {{db}}.messages WHERE app = 'a#3' AND toStartOfHour(at) = toDateTime({hour}) AND message = '{message}'"
    );
    let (conversation, of_message) = read(&scene, &rows).await;
    assert_eq!(conversation.len(), 16);
    let (_, without) =
        read(&scene, &format!("SELECT conversation FROM {{db}}.messages WHERE message = '{message}'")).await;
    println!("rows read: {of_lookup} by the lookup, {of_message} of messages; {without} without it");
    let parts = scene
        .number(
            "SELECT count() FROM system.parts WHERE database = '{db}' AND table = 'whereabouts' AND active",
        )
        .await;
    assert!(of_lookup <= 2 * 1_024 * parts, "{of_lookup} rows of {parts} parts were read");
    assert!(of_message <= 2 * 8_192 * 3, "{of_message} rows were read");

    let turn = "00000000-0000-4000-8000-000000399999";
    for (id, kind) in [(message, "message"), (turn, "turn")] {
        let table = scene.query("whereabouts", &[("id", id)]).await;
        assert_eq!((table.get(0, "kind"), table.get(0, "app")), (Some(&json!(kind)), Some(&json!("a#3"))));
        assert_eq!(table.rows.len(), 1);
    }
    assert!(scene.query("whereabouts", &[("id", "a#3/chat/nobody")]).await.rows.is_empty());
    scene.drop().await;
}
