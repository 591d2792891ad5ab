//! Metrics under the names of OpenTelemetry's conventions for generative AI.

use std::time::Duration;

use catalogue::Target;
use common::Metric;
use metrics::{Histogram, histogram};

use super::provider_name;
use crate::reply::Notes;

/// Seconds of a call.
pub const DURATION: &str = "gen_ai_client_operation_duration_seconds";
/// Seconds to the first piece of a stream.
pub const FIRST_CHUNK: &str = "gen_ai_client_operation_time_to_first_chunk_seconds";
/// Seconds between the pieces of a stream.
pub const OUTPUT_CHUNK: &str = "gen_ai_client_operation_time_per_output_chunk_seconds";
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
        OUTPUT_CHUNK,
        "seconds from each piece of text or thought of a stream to the next (gen_ai.client.operation.time_per_output_chunk); pieces that arrive together are zero apart",
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

/// Notes the time between the pieces of one stream.
pub(crate) struct Pieces<'a> {
    target: &'a Target,
    /// Known once there is something to note.
    between: Option<Histogram>,
    count: usize,
    last: Duration,
}

impl<'a> Pieces<'a> {
    /// Of a stream that this target sends.
    pub(crate) fn of(target: &'a Target) -> Self {
        Self { target, between: None, count: 0, last: Duration::ZERO }
    }

    /// So many have come by now, which is this long after the start of the attempt.
    pub(crate) fn came(&mut self, count: usize, after: Duration) {
        if count <= self.count {
            return;
        }
        let (new, since) = (count - self.count, after.saturating_sub(self.last));
        // Nothing goes before the first.
        let apart = self.count > 0;
        (self.count, self.last) = (count, after);
        if !apart && new == 1 {
            return;
        }
        let between = self.between.get_or_insert_with(|| between(self.target));
        if apart {
            between.record(since);
        }
        between.record_many(0.0, new - 1);
    }
}

fn between(target: &Target) -> Histogram {
    histogram!(
        OUTPUT_CHUNK,
        "gen_ai_operation_name" => OPERATION,
        "gen_ai_provider_name" => provider_name(target.provider),
        "gen_ai_request_model" => target.model.clone(),
    )
}

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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use catalogue::Provider;
    use metrics::{Counter, Gauge, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

    use super::*;

    /// What was recorded, with the name and the labels.
    #[derive(Default)]
    struct Seen(Arc<Mutex<Vec<(String, f64)>>>);

    struct Under(String, Arc<Mutex<Vec<(String, f64)>>>);

    impl HistogramFn for Under {
        fn record(&self, value: f64) {
            self.1.lock().unwrap().push((self.0.clone(), value));
        }
    }

    impl Recorder for Seen {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            let labels = key.labels().map(|label| format!(" {}", label.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            Histogram::from_arc(Arc::new(Under(name, Arc::clone(&self.0))))
        }
    }

    #[test]
    fn the_time_between_pieces_is_noted_and_none_before_the_first() {
        let seen = Seen::default();
        let target = Target {
            provider: Provider::Local,
            model: "glm".into(),
            region: "cn".into(),
            context_tokens: 8_000,
            timeout_ms: 1_000,
            output_cap: Provider::Local.output_cap(),
            temperature: true,
            traits: Default::default(),
        };
        let came = |all: &[(usize, u64)]| {
            seen.0.lock().unwrap().clear();
            metrics::with_local_recorder(&seen, || {
                let mut pieces = Pieces::of(&target);
                all.iter().for_each(|(count, ms)| pieces.came(*count, Duration::from_millis(*ms)));
            });
            let seen = seen.0.lock().unwrap();
            let name = format!("{OUTPUT_CHUNK} chat local glm");
            assert!(seen.iter().all(|(under, _)| *under == name), "{seen:?}");
            seen.iter().map(|(_, seconds)| *seconds).collect::<Vec<_>>()
        };
        assert_eq!(came(&[(0, 100), (1, 250)]), [0.0; 0], "a stream of one piece");
        // Bytes without a piece in them, such as comments, are no piece.
        assert_eq!(came(&[(1, 250), (1, 400), (2, 750), (2, 800), (3, 1_000)]), [0.5, 0.25]);
        assert_eq!(came(&[(2, 250), (5, 500)]), [0.0, 0.25, 0.0, 0.0], "pieces that arrive together");
    }
}
