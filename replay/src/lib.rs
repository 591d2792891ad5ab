//! Replays: a range of the log decided and answered once more, by a candidate's bundle or models, and what came of it.
//!
//! How one runs: [`range`] is what a replay is of, [`log`] and [`recorded`] read what happened, [`world`] folds the candidate, [`run`] runs it
//! and [`launch`] shares that out among threads. [`compare`] joins both sides into turns, [`shadow`] has the topics of what is made. [`live`]
//! asks models, behind limits and a purse. [`mirror`] is a shadow of live traffic, [`dataset`] turns that were chosen out of production.
//! [`config`] has the section of the file.
//!
//! What it is worth: [`results`] are turns, each with what the baseline and the candidate made of it. [`measure`] says how far two answers differ,
//! [`judge`] which is better, [`statistics`] and [`summary`] what a difference is worth, [`gate`] whether it is good enough; [`report`] shows it.
//! From results on nothing reads a clock or a network, and equal results give equal reports.
//!
//! Nothing here can send: no sink is in its dependencies.

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
