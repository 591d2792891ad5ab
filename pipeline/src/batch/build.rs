//! Rows of one record, whatever the row builder does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::sink::Sink;
use crate::{Record, Refused};

/// Builds the rows of a record as builder `version`; a panic is the record's fault.
pub(super) fn build<S: Sink>(
    sink: &S,
    version: u32,
    record: &Record,
) -> Result<Vec<(usize, S::Row)>, Refused> {
    catch_unwind(AssertUnwindSafe(|| sink.rows(version, record)))
        .unwrap_or(Err(Refused::DeadLetter { reason: "panic" }))
}
