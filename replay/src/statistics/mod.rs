//! What a difference is worth: estimates with intervals, for turns that come in conversations.
//!
//! Turns of one conversation resemble one another, so conversations are what is drawn, never turns. Every random choice comes from a
//! seed, so that equal results give equal reports.
//!
//! - [`ratio`]: means, shares of means, relative changes: bootstrap of conversations, studentised
//! - [`share`]: shares of turns in which something is so, and differences of such shares on both sides
//! - [`quantile`]: relative change of a quantile: bootstrap of conversations, expanded percentiles
//! - [`estimate`]: what these have in common: interval, evidence against a limit, least effect, size it would take
//! - [`holm`]: several questions at once
//! - [`sequential`]: an interval that may be looked at after every conversation
//! - [`normal`]: the normal distribution and Student's

pub mod estimate;
pub mod holm;
pub mod normal;
pub mod quantile;
pub mod ratio;
pub mod seed;
pub mod sequential;
pub mod share;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use estimate::{Estimate, LEVEL, Needs, POWER};
pub use seed::Seed;
