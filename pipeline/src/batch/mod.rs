//! The batch driver: contiguous offset ranges of one partition, at most one block per table, every row once.
//!
//! A range is made durable in the commit metadata before its insert, so that after a crash exactly the same range
//! is inserted again under the same token and the store drops what it already has.

mod sink;

pub use sink::{Block, InsertError, Sink};
