//! What the same rows cost without the step: encoded already and posted, or never leaving the engine.

use super::scene::{PARTITIONS, Scene, TABLES, Taken, key};
use crate::usage;
use anyhow::{Context, Result, ensure};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// Rows of one block: what ClickHouse advises at least.
pub(super) const BLOCK: u64 = 10_000;
/// As many as the step runs by default.
const AT_A_TIME: usize = 4;
/// Settings of the step's inserts.
const SETTINGS: &str = "insert_deduplicate=1&deduplicate_blocks_in_dependent_materialized_views=1&async_insert=0\
    &wait_end_of_query=1&max_insert_block_size=1048576&min_insert_block_size_rows=1048576\
    &min_insert_block_size_bytes=0&input_format_parallel_parsing=0&max_partitions_per_insert_block=0";

/// All rows, encoded.
pub(super) struct Blocks(Vec<Block>);

struct Block {
    /// Where it is posted, its token included.
    url: String,
    body: Vec<u8>,
}

impl Blocks {
    /// Reads what the tables hold, partition by partition, in blocks.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub(super) fn read(scene: &Scene) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build().context("building an HTTP client")?;
        let (base, database) = (scene.stack.clickhouse(), scene.home.database());
        let mut blocks = Vec::new();
        for (table, partition) in
            TABLES.iter().flat_map(|(table, _)| (0..PARTITIONS).map(move |p| (table, p)))
        {
            let of = format!("FROM {database}.{table} WHERE source_partition = {partition}");
            let rows: u64 = scene.ask(&format!("SELECT count() {of}"))?.trim().parse()?;
            for first in (0..rows).step_by(usize::try_from(BLOCK)?) {
                let sql = format!(
                    "SELECT * EXCEPT inserted_at {of} ORDER BY source_offset, {} LIMIT {first}, {BLOCK} \
                     FORMAT RowBinaryWithNamesAndTypes",
                    key(table)
                );
                let body = scene.net.runtime().block_on(async {
                    client.post(&base).body(sql).send().await?.error_for_status()?.bytes().await
                });
                let insert = format!("INSERT INTO {database}.{table} FORMAT RowBinaryWithNamesAndTypes");
                let token = format!("raw:{table}:{partition}:{first}");
                let url = format!(
                    "{base}/?query={}&insert_deduplication_token={token}&{SETTINGS}",
                    insert.replace(' ', "+")
                );
                blocks.push(Block { url, body: body.context("reading rows")?.to_vec() });
            }
        }
        Ok(Self(blocks))
    }

    /// Posts all blocks into empty tables.
    ///
    /// # Errors
    /// When the engine refuses one.
    pub(super) fn insert(self, scene: &Scene) -> Result<Taken> {
        let client = reqwest::Client::builder().no_proxy().build().context("building an HTTP client")?;
        let left = Mutex::new(self.0);
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let post = || async {
            while let Some(block) = next() {
                let answer = client.post(&block.url).body(block.body).send().await?;
                let (status, text) = (answer.status(), answer.text().await?);
                ensure!(status.is_success(), "the engine refused a block: {text:.300}");
            }
            Ok(())
        };
        scene.measure(|| {
            let before = usage::cpu(std::process::id())?;
            scene.net.runtime().block_on(async {
                let all: [_; AT_A_TIME] = [post(), post(), post(), post()];
                let [one, two, three, four] = all;
                tokio::try_join!(one, two, three, four)
            })?;
            Ok((TABLES.iter().map(|(_, rows)| rows).sum(), used_since(before)?))
        })
    }
}

/// The engine copies the rows into other tables by itself.
///
/// # Errors
/// When it refuses.
pub(super) fn inside(scene: &Scene) -> Result<Taken> {
    for (table, _) in TABLES {
        scene.ask(&format!("CREATE TABLE {{db}}.{table}_copy AS {{db}}.{table}"))?;
    }
    scene.measure(|| {
        let mut rows = 0;
        for (table, count) in TABLES {
            scene.ask(&format!("INSERT INTO {{db}}.{table}_copy SELECT * FROM {{db}}.{table}"))?;
            rows += count;
        }
        Ok((rows, Duration::ZERO))
    })
}

fn used_since(before: Duration) -> Result<Duration> {
    Ok(usage::cpu(std::process::id())? - before)
}
