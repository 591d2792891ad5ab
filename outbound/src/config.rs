//! Configuration: what a section of the file may say, and what remains after it was checked.

pub mod chain;
pub mod client;
pub mod health;

use std::fmt::Display;

pub use chain::ChainConfig;
pub use client::ClientConfig;
use common::{Problem, Problems};
pub use health::HealthConfig;

/// The check of one section.
struct Check<'a> {
    /// Where the section stands, such as `call.client`.
    place: &'a str,
    problems: Problems,
}

impl<'a> Check<'a> {
    fn of(place: &'a str) -> Self {
        Self { place, problems: Problems::default() }
    }

    /// The rule must hold; a problem begins with the key that it is about.
    fn require(&mut self, holds: bool, problem: impl Display) {
        if !holds {
            self.problems.add(self.place, problem);
        }
    }

    fn positive<N: Default + PartialEq>(&mut self, key: &str, value: N) -> N {
        self.require(value != N::default(), format_args!("{key} must be more than zero"));
        value
    }

    /// A percentage as a share.
    fn percent(&mut self, key: &str, value: u8) -> f64 {
        self.require(value <= 100, format_args!("{key} must be at most 100 percent"));
        f64::from(value) / 100.0
    }

    /// The settings, if every rule held.
    fn finish<T>(self, settings: T) -> Result<T, Vec<Problem>> {
        self.problems.finish(Some(settings))
    }
}

#[cfg(test)]
mod tests;
