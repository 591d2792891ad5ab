//! Joins what two sides made of the same turns. A side is told by its records: decisions, requests, outcomes, answers, wherever they come from, so that
//! the log, a fold and the topics of another deployment are compared by the same code.
//!
//! Records are joined by conversation and turn, or by the message where a side opened no turn for it, never by offset: a turn's id follows from the message
//! that opens it, so both sides call it the same.

mod content;
mod cost;
mod half;
mod join;
mod mask;
mod talk;
mod waiting;

pub(crate) use content::short;
pub use content::{Hash, content, with_targets};
pub use cost::Costs;
pub use half::Source;
pub use join::{Arm, Join, Joined};
