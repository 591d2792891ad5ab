//! What the demo, the failure runs and the benchmarks stand on: a run's directory, processes, stand-ins and readers of
//! what came out.

pub mod easemob;
pub mod home;
pub mod instance;
pub mod meter;
pub mod model;
pub mod net;
pub mod patience;
pub mod prices;
pub mod process;
pub mod stand_ins;
pub mod tables;
pub mod topics;
