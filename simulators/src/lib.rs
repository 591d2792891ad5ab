//! Stand-ins of Easemob and of an OpenAI-compatible model, with faults.
//!
//! Both are HTTP servers on loopback. Each has the surface that the real service shows to us, and a
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
