//! The threads around the core.

mod assign;
mod brain;
mod committer;
mod driver;
mod handle;
mod poller;
mod reading;
mod shared;
mod worker;

pub use driver::{CallConfig, CallDriver};
pub use handle::{Handle, Health};
