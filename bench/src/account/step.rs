//! The account step drains the backlog: at once, and after the store was away.

use super::scene::{Scene, TABLES, Taken};
use crate::usage;
use anyhow::Result;
use dev::console::complain;
use dev::rig::instance::Instance;
use dev::rig::meter::Meter;
use dev::stack::Service;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

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
    let peak = usage::peak_memory(id);
    let rows = stored(all)?;
    Ok((Taken { peak, ..taken }, rows / blocks))
}

/// The store hangs from when the step is ready, until the step holds as much as it ever does.
const AWAY: Duration = Duration::from_secs(30);
/// By then it does.
const FULL: Duration = Duration::from_secs(15);

/// What a step took that had to catch up.
pub(super) struct CaughtUp {
    pub(super) taken: Taken,
    /// Most memory of the step while the store hung, later divided by earlier: 1 where it is flat.
    pub(super) growth: f64,
}

/// Lets the step read while the store hangs, and measures from the store's return until nine tenths of the rows are stored.
///
/// # Errors
/// When the step ends or is not done in time.
pub(super) fn catch_up(scene: &Scene, config: &Path) -> Result<CaughtUp> {
    let all: u64 = TABLES.iter().map(|(_, rows)| rows).sum();
    let mut instance = Instance::start(&scene.home, "account", "account", config.to_owned(), scene.admin)?;
    instance.wait_ready(&scene.net, &scene.patience)?;
    let id = instance.process.id();
    let hung = Hung::new(scene.engine())?;
    let mut stored = |scene: &Scene, wanted: u64| {
        scene.patience.until("the rows to be stored", DRAINED_WITHIN, || {
            instance.process.check()?;
            let rows = Meter::read(&instance.metrics(&scene.net)).sum("huiyin_account_rows_total", "table=");
            Ok((rows >= wanted).then_some(rows))
        })
    };
    let before = stored(scene, 0)?;
    let earlier = most_memory(scene, id, FULL)?;
    let later = most_memory(scene, id, AWAY - FULL)?;
    let taken = scene.measure(|| {
        let cpu = usage::cpu(id)?;
        drop(hung);
        let rows = stored(scene, all / 10 * 9)?;
        Ok((rows - before, usage::cpu(id)? - cpu))
    })?;
    let taken = Taken { peak: usage::peak_memory(id), ..taken };
    stored(scene, all)?;
    Ok(CaughtUp { taken, growth: later / earlier })
}

/// Most memory that a process has resident during a time, in bytes.
fn most_memory(scene: &Scene, id: u32, during: Duration) -> Result<f64> {
    let (until, mut most) = (Instant::now() + during, 0);
    while Instant::now() < until {
        scene.patience.check()?;
        most = most.max(usage::resident_memory(id));
        sleep(Duration::from_millis(100));
    }
    Ok(most as f64)
}

/// A service that hangs until this is dropped.
struct Hung(Service);

impl Hung {
    fn new(service: Service) -> Result<Self> {
        service.signal("STOP")?;
        Ok(Self(service))
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        if let Err(error) = self.0.signal("CONT") {
            complain(&format!("waking the engine: {error:#}"));
        }
    }
}
