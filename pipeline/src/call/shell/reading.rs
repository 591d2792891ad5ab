//! Has the handler read records as they come, and groups them by partition.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::worker::Work;
use crate::call::core::{Burial, Disposition, Item};
use crate::call::handler::Handler;
use crate::{Record, Refused};

pub(super) struct Reading<H> {
    work: Arc<Work<H>>,
    read: BTreeMap<i32, Vec<Item>>,
}

impl<H: Handler> Reading<H> {
    pub(super) fn new(work: Arc<Work<H>>) -> Self {
        Self { work, read: BTreeMap::new() }
    }

    pub(super) fn read(&mut self, record: Record) {
        let disposition = self.disposition(&record);
        self.read.entry(record.partition).or_default().push(Item { record: Arc::new(record), disposition });
    }

    pub(super) fn take(&mut self) -> BTreeMap<i32, Vec<Item>> {
        std::mem::take(&mut self.read)
    }

    fn disposition(&self, record: &Record) -> Disposition {
        let reason = match catch_unwind(AssertUnwindSafe(|| self.work.handler.admit(record))) {
            Ok(Ok(admission)) => return Disposition::Run(admission),
            Ok(Err(Refused::Pause { reason })) => return Disposition::Pause(reason),
            Ok(Err(Refused::DeadLetter { reason })) => reason,
            Err(_) => "panic",
        };
        self.work
            .bury(record, Burial { reason, rerun: false })
            .map_or(Disposition::Pause("dead_panicked"), Disposition::Dead)
    }
}
