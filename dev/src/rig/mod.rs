//! What the demo, the failure run and the benchmarks share: the directory of a run, its processes, its stand-ins, and readers of what
//! came out.

pub mod easemob;
pub mod home;
pub mod instance;
pub mod meter;
pub mod model;
pub mod net;
pub mod patience;
pub mod prices;
pub mod process;
pub mod rows;
pub mod stand_ins;
pub mod tables;
pub mod topics;
