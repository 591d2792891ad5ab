//! Metrics under the names of OpenTelemetry's conventions for generative AI.

use catalogue::Target;
use common::Metric;
use metrics::histogram;

use super::provider_name;
use crate::reply::Notes;

/// Seconds of a call.
pub const DURATION: &str = "gen_ai_client_operation_duration_seconds";
/// Seconds to the first piece of a stream.
pub const FIRST_CHUNK: &str = "gen_ai_client_operation_time_to_first_chunk_seconds";
/// Tokens of a call.
pub const TOKENS: &str = "gen_ai_client_token_usage";

/// Every metric of this module.
pub const METRICS: &[Metric] = &[
    Metric::histogram(
        DURATION,
        "seconds of a call to a model (gen_ai.client.operation.duration), by error class where it failed",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type"],
    ),
    Metric::histogram(
        FIRST_CHUNK,
        "seconds from the start of a call to the first text or thought of its stream (gen_ai.client.operation.time_to_first_chunk)",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"],
    ),
    Metric::histogram(
        TOKENS,
        "tokens of a call to a model (gen_ai.client.token.usage): input with what was cached, output with thoughts",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_token_type"],
    ),
];

/// Buckets of seconds that the conventions advise.
pub const DURATION_BUCKETS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Buckets of tokens that the conventions advise.
pub const TOKEN_BUCKETS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

const OPERATION: &str = "chat";

/// Notes an attempt, and its first piece and its tokens where they are known.
pub(crate) fn attempt(target: &Target, made: &outbound::Attempt, notes: &Notes) {
    let (provider, model) = (provider_name(target.provider), || target.model.clone());
    let error = made.failure.as_ref().map_or("", outbound::Failure::label);
    histogram!(
        DURATION,
        "gen_ai_operation_name" => OPERATION,
        "gen_ai_provider_name" => provider,
        "gen_ai_request_model" => model(),
        "error_type" => error,
    )
    .record(made.took);
    if let Some(time) = notes.time_to_first_token {
        histogram!(
            FIRST_CHUNK,
            "gen_ai_operation_name" => OPERATION,
            "gen_ai_provider_name" => provider,
            "gen_ai_request_model" => model(),
        )
        .record(time);
    }
    let Some(usage) = &notes.usage else { return };
    for (kind, tokens) in [("input", usage.input), ("output", usage.output)] {
        histogram!(
            TOKENS,
            "gen_ai_operation_name" => OPERATION,
            "gen_ai_provider_name" => provider,
            "gen_ai_request_model" => model(),
            "gen_ai_token_type" => kind,
        )
        .record(tokens as f64);
    }
}
