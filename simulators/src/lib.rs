//! Stand-ins of Easemob, of six families of model providers and of reviewers of texts, with faults.
//!
//! All are HTTP servers on loopback. Each has the surface that the real service shows to us, and a
//! control surface under `/control/` by which a demo or a test plays the outside world: sends messages,
//! plans faults, reads what users received and what the model billed. Given the same seed and the same
//! order of calls they behave the same; the wall clock shows only in message and ledger times.

mod duration;
pub mod easemob;
pub mod file;
pub mod model;
mod plan;
mod random;
mod recent;
pub mod reviewer;
mod script;
mod secret;
mod server;
mod time;
mod traffic;
mod window;
mod wire;

pub use secret::Secret;
pub use server::{Handle, StartError};
pub use window::Counting;
