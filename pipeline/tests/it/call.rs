//! The call driver on a real broker.

mod crash;
mod faults;
mod flow;
mod process;
mod rig;
