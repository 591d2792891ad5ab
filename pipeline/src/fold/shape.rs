//! What every partition of a step has in common.

use std::sync::Arc;

use super::Step;
use crate::Refused;

/// Label of a record whose step gave something too large to be written.
pub(super) const OVERSIZE: &str = "oversize_output";

/// What every partition of a step has in common.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) step: Arc<str>,
    pub(super) states: Arc<str>,
    pub(super) dead_letters: Arc<str>,
    pub(super) output_bytes: usize,
    pub(super) window: u32,
}

impl Shape {
    /// The step, if all of its outputs can be written.
    pub(super) fn checked<S>(&self, step: Step<S>) -> Result<Step<S>, Refused> {
        let fits = step.outputs.iter().all(|output| output.size() <= self.output_bytes);
        if fits { Ok(step) } else { Err(Refused::DeadLetter { reason: OVERSIZE }) }
    }
}
