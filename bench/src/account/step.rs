//! The account step drains the backlog.

use super::scene::{Scene, TABLES, Taken};
use crate::usage;
use anyhow::Result;
use dev::rig::instance::Instance;
use dev::rig::meter::Meter;
use std::path::Path;
use std::time::Duration;

const DRAINED_WITHIN: Duration = Duration::from_secs(240);

/// Starts the step and measures it until nine tenths of the rows are stored: the last ranges wait for their age. Returns
/// once all are, with the rows per block.
///
/// # Errors
/// When it ends or is not done in time.
pub(super) fn drain(scene: &Scene, config: &Path) -> Result<(Taken, u64)> {
    let all: u64 = TABLES.iter().map(|(_, rows)| rows).sum();
    let mut instance = Instance::start(&scene.home, "account", "account", config.to_owned(), scene.admin)?;
    instance.wait_ready(&scene.net, &scene.patience)?;
    let (id, mut blocks) = (instance.process.id(), 1);
    let mut stored = |wanted: u64| {
        scene.patience.until("the rows to be stored", DRAINED_WITHIN, || {
            instance.process.check()?;
            let text = instance.metrics(&scene.net);
            let meter = Meter::read(&text);
            blocks = meter.sum("huiyin_account_blocks_total", "table=").max(1);
            let rows = meter.sum("huiyin_account_rows_total", "table=");
            Ok((rows >= wanted).then_some(rows))
        })
    };
    let taken = scene.measure(|| {
        let before = usage::cpu(id)?;
        let rows = stored(all / 10 * 9)?;
        Ok((rows, usage::cpu(id)? - before))
    })?;
    let rows = stored(all)?;
    Ok((taken, rows / blocks))
}
