//! What of a request a model gets: two requests with equal content are the same question.

use catalogue::Bundle;
use schemas::ids::TargetName;
use schemas::request::{PromptLine, Request, RequestKind};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The first eight bytes of a SHA-256, as 16 hex digits are written of it.
pub type Hash = u64;

/// Everything of a request that a model or a reviewer gets, and who is asked.
#[derive(Serialize)]
struct Content<'a> {
    kind: RequestKind,
    chain: &'a [TargetName],
    prompt: &'a [PromptLine],
    max_output_tokens: u32,
    temperature_milli: Option<u32>,
    thinking: Option<bool>,
    stop: &'a [String],
    fallback_after_block: Option<bool>,
}

/// The hash of its prompt, its chain and its parameters.
pub fn content(request: &Request) -> Hash {
    hash(&of(request))
}

/// The hash of its content together with what its bundle says of the targets that it names: equal names may be other models.
pub fn with_targets(request: &Request, bundle: &Bundle) -> Hash {
    let targets: Vec<_> = request.chain.iter().map(|name| bundle.targets.get(name)).collect();
    let reviewers: Vec<_> = request.chain.iter().map(|name| bundle.reviewers.get(name)).collect();
    hash(&(of(request), targets, reviewers))
}

fn of(request: &Request) -> Content<'_> {
    Content {
        kind: request.kind,
        chain: &request.chain,
        prompt: &request.prompt,
        max_output_tokens: request.max_output_tokens,
        temperature_milli: request.temperature_milli,
        thinking: request.thinking,
        stop: &request.stop,
        fallback_after_block: request.fallback_after_block,
    }
}

fn hash(content: &impl Serialize) -> Hash {
    // What has no JSON form has no hash of its own, and nothing of a request is such.
    short(&serde_json::to_vec(content).unwrap_or_default())
}

/// The hash of some bytes.
pub(crate) fn short(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
