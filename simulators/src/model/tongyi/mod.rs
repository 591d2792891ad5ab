//! Alibaba's `DashScope`: the OpenAI-compatible mode and its own wire.

mod check;
mod compatible;
mod errors;
mod native;

pub(crate) use compatible::COMPATIBLE;
pub(crate) use native::NATIVE;

use super::refusal::Refusal;

/// The name of a call.
fn request_id(number: u64) -> String {
    format!("5d3c1a7e-0000-4000-8000-{number:012x}")
}

/// The refusal of a prompt that is too long, which has no code of its own.
fn too_long(refusal: Refusal, most: u64) -> Refusal {
    refusal.saying(format!("Range of input length should be [1, {most}]"))
}
