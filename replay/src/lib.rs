//! What a replay found, and what it is worth.
//!
//! A replay decides and answers a range of the log once more, by a candidate's bundle or models. Its results are turns, each with what the
//! baseline and the candidate made of it ([`results`]). This crate says how far the answers differ ([`measure`]), which are better
//! ([`judge`]), what a difference is worth ([`statistics`], [`summary`]), whether it is good enough ([`gate`]), and shows it ([`report`]).
//!
//! A [`dataset`] is turns that were chosen out of production, to be replayed or given to other tools.
//!
//! [`live`] asks models for a replay. Nothing else reads a clock or a network, and equal results give equal reports. Nothing here can send: no sink is in
//! its dependencies.

pub mod compare;
pub mod config;
pub mod dataset;
pub mod gate;
pub mod judge;
pub mod launch;
pub mod live;
pub mod log;
pub mod measure;
pub mod mirror;
pub mod range;
pub mod recorded;
pub mod report;
pub mod results;
pub mod run;
pub mod shadow;
pub mod statistics;
pub mod summary;
pub mod world;

#[cfg(test)]
mod sample;
