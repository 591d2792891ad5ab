//! A random log, cut into ranges at random and stored with faults: facts and rollups are what a plain fold over the records gives.
//!
//! `HUIYIN_BOOKS_SEEDS=n` plays n seeds; a failing one is named and played again by `HUIYIN_BOOKS_SEED`.

mod fold;
mod generator;

use std::collections::BTreeMap;

use account::Row;
use fastrand::Rng;
use pipeline::Record;
use pipeline::batch::InsertError;

use crate::proxy::Proxy;
use crate::scene::Scene;
use fold::Folded;

/// A view that may be away while a block is stored, as if the store had died between both.
const VIEWS: [(&str, &str); 4] = [
    ("model_calls", "usage_hour_of_calls"),
    ("model_calls", "user_day_of_calls"),
    ("messages", "user_day_of_messages"),
    ("safety_events", "safety_hour_of_events"),
];

/// One block, as the driver makes it.
struct Block {
    table: usize,
    token: String,
    rows: Vec<Row>,
}

/// Cuts a partition's records into ranges, and their rows into blocks.
fn blocks(scene: &Scene, records: &[Record], random: &mut Rng) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let (range, behind) = rest.split_at(random.usize(1..=rest.len().min(25)));
        let mut tables: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for (table, row) in range.iter().flat_map(|record| scene.built_of(record)) {
            tables.entry(table).or_default().push(row);
        }
        let (first, last) = (&range[0], &range[range.len() - 1]);
        let token = format!("{}:{}:{}-{}", first.topic, first.partition, first.offset, last.offset);
        blocks.extend(tables.into_iter().map(|(table, rows)| Block { table, token: token.clone(), rows }));
        rest = behind;
    }
    blocks
}

async fn send(scene: &Scene, block: &Block) -> Result<(), InsertError> {
    scene.insert(block.table, &block.token, block.rows.clone()).await
}

/// Stores a block, whatever goes wrong on the way.
async fn store(scene: &Scene, mute: &Scene, block: &Block, random: &mut Rng) {
    match random.u8(0..12) {
        0 => {
            let lost = send(mute, block).await.unwrap_err();
            assert!(matches!(lost, InsertError::Retry(_)), "{lost}");
        }
        1 => {
            let (of, view) = VIEWS[random.usize(..VIEWS.len())];
            if account::columns_by_table()[block.table].0 == of {
                let told = "SELECT create_table_query FROM system.tables WHERE database = '{db}' AND name = ";
                let made = scene.text(&format!("{told}'{view}'")).await;
                scene.execute(&format!("DROP TABLE {{db}}.{view}")).await;
                send(scene, block).await.unwrap();
                scene.execute(&made).await;
            }
        }
        2 => {
            scene.execute("ALTER TABLE {db}.usage_minute ADD CONSTRAINT none CHECK calls < 0").await;
            drop(send(scene, block).await);
            scene.execute("ALTER TABLE {db}.usage_minute DROP CONSTRAINT none").await;
        }
        _ => {}
    }
    for _ in 0..random.u8(1..4) {
        send(scene, block).await.unwrap();
    }
}

async fn play(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let log = generator::log(&mut random);
    let (scene, proxy) = (Scene::migrated().await, Proxy::start().await);
    let mute = scene.through(proxy.url());
    let mut all: Vec<Block> = Vec::new();
    for records in log.values() {
        all.extend(blocks(&scene, records, &mut random));
    }
    random.shuffle(&mut all);
    let middle = all.len() / 2;
    for (number, block) in all.iter().enumerate() {
        store(&scene, &mute, block, &mut random).await;
        if number == middle {
            scene.agree().await;
        }
    }
    let expected = Folded::of(log.values().flatten());
    for (what, sql) in fold::QUERIES {
        let found = scene.lines(sql).await;
        assert!(!found.is_empty(), "{what}, seed {seed}: nothing to compare");
        assert_eq!(found, expected.lines(what), "{what}, seed {seed}");
    }
    scene.agree().await;
    let counts = scene.query("counts", &[]).await;
    for row in 0..counts.rows.len() {
        assert_eq!(counts.get(row, "rows"), counts.get(row, "sources"), "seed {seed}: {}", counts.to_text());
    }
    scene.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_and_rollups_are_what_a_plain_fold_of_the_records_gives() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("HUIYIN_BOOKS_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("HUIYIN_BOOKS_SEEDS").unwrap_or(3)).chain([fastrand::u64(3..)]).collect(),
    };
    for seed in seeds {
        println!("HUIYIN_BOOKS_SEED={seed}");
        play(seed).await;
    }
}
