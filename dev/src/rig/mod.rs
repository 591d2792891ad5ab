//! What the demo, the failure runs and the benchmarks stand on: a run's directory, processes, stand-ins and readers of
//! what came out.

pub(crate) mod easemob;
pub(crate) mod home;
pub(crate) mod instance;
pub(crate) mod meter;
pub(crate) mod model;
pub(crate) mod net;
pub(crate) mod patience;
pub(crate) mod prices;
pub(crate) mod process;
pub(crate) mod stand_ins;
pub(crate) mod tables;
pub(crate) mod topics;
