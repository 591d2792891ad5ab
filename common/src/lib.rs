//! What every crate's configuration and meter say alike. Depends on nothing of ours.
//!
//! - [`problem`]: what is wrong with a section, all of it at once, each with its place in the file
//! - [`duration`]: durations as they are written in the file
//! - [`secret`]: values that are never shown
//! - [`metric`]: a metric as it is documented
//! - [`random`]: chance that is a function of a seed

pub mod duration;
pub mod metric;
pub mod problem;
pub mod random;
pub mod secret;

pub use metric::{Kind, Metric};
pub use problem::{Problem, Problems};
pub use secret::{Carrier, Secret};
