//! What the repository's tools share: the local stack, and the rig on which demos, failure runs and benchmarks run the
//! whole line as processes of its own.

pub mod console;
pub mod rig;
pub mod stack;
