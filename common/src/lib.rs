//! What every crate says alike. Depends on nothing of ours.
//!
//! - [`action`]: what is done with a text, in rules, verdicts and records
//! - [`problem`]: what is wrong with a section, all of it at once, each with its place in the file
//! - [`duration`]: durations as they are written in the file
//! - [`secret`]: values that are never shown
//! - [`metric`]: a metric as it is documented
//! - [`private`]: files for their owner alone
//! - [`random`]: chance that is a function of a seed
//! - [`rate`]: shares of small samples, with their intervals

pub mod action;
pub mod duration;
pub mod metric;
pub mod private;
pub mod problem;
pub mod random;
pub mod rate;
pub mod secret;

pub use action::{Action, OnError};
pub use metric::{Kind, Metric};
pub use problem::{Problem, Problems};
pub use rate::Rate;
pub use secret::{Carrier, Secret};
