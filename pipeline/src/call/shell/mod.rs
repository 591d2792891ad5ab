//! The threads around the core.

mod assign;
mod committer;
mod core_thread;
mod driver;
mod handle;
mod owned;
mod poller;
mod reading;
mod shared;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod standing;
mod worker;

pub use driver::{CallConfig, CallDriver};
pub use handle::{Handle, Health};
