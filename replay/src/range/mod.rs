//! What a replay is of: its name, what was asked for, and the offsets that this came to when it was launched.

mod arguments;
mod bounds;
mod manifest;
mod name;
mod sample;

pub use arguments::{Arguments, Candidate, Outputs, Set};
pub use bounds::{BoundsError, Times, bounds};
pub use manifest::{FORM, Manifest, Span, Taking};
pub use name::{BadName, Name};
pub use sample::{BadSample, Sample};

#[cfg(test)]
mod tests;
