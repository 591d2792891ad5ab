//! What a replay found, and what it is worth.
//!
//! A replay decides and answers a range of the log once more, by a candidate's bundle or models. Its results are turns, each with what the
//! baseline and the candidate made of it ([`results`]). This crate says how far the answers differ ([`measure`]), which are better
//! ([`judge`]), what a difference is worth ([`statistics`], [`summary`]), whether it is good enough ([`gate`]), and shows it ([`report`]).
//!
//! A [`dataset`] is turns that were chosen out of production, to be replayed or given to other tools.
//!
//! It reads no clock and no network, and equal results give equal reports. Nothing here can send: no sink is in its dependencies.

pub mod dataset;
pub mod gate;
pub mod judge;
pub mod measure;
pub mod report;
pub mod results;
pub mod statistics;
pub mod summary;

#[cfg(test)]
mod sample;
