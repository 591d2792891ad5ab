//! A shadow: a candidate that decides and answers live traffic once more, for nobody.
//!
//! New records of production's `events` are copied into topics of the shadow's own ([`copy`]), where the candidate decides and asks models as
//! production does. Nothing reads what it lets out, and every record carries the mark of its line ([`schemas::line`]), on which no other line and no sink acts. Its calls
//! are paid from a purse of its own ([`paid`]).

mod config;
pub mod copy;
pub mod metrics;
pub mod paid;

pub use config::{RawShadow, Shadow, validate};
