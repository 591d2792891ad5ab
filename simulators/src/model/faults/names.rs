//! Faults by name: in the name of a model after `sim-`, or in a header.

use super::{Fault, RetryAfter, usual_sigma};
use serde_json::json;
use std::time::Duration;

impl Fault {
    /// The fault that a model's name asks for: `sim-` and a name as [`Fault::named`] reads it.
    pub(crate) fn named_by(model: &str) -> Option<Self> {
        Self::named(model.strip_prefix("sim-")?)
    }

    /// The fault that a header asks for: an order in JSON, or a name.
    pub(crate) fn ordered_by(header: &str) -> Option<Self> {
        serde_json::from_str(header).ok().or_else(|| Self::named(header))
    }

    /// The fault of a name: its kind with dashes, and where it has one its value, as in `slow-500ms`,
    /// `rate-limited-3s` (`-until-3s` as a date, `-in-ms-3s` in milliseconds), `paced-100x50ms`, `stall-2`, `stream-error-2` or
    /// `error-limit_burst_rate`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let with_time = name.rsplit_once('-').and_then(|(kind, time)| {
            timed(kind, time).or_else(|| counted(kind, time)).or_else(|| paced(kind, time))
        });
        let coded = || {
            let code = name.strip_prefix("error-")?.to_owned();
            Some(Self::Error { code, status: None, message: None, retry_after: RetryAfter::default() })
        };
        let plain = || serde_json::from_value(json!({ "kind": name.replace('-', "_") })).ok();
        with_time.or_else(coded).or_else(plain)
    }
}

fn timed(kind: &str, time: &str) -> Option<Fault> {
    let time = humantime::parse_duration(time).ok()?;
    let usual = RetryAfter::default();
    let (kind, retry_after) = if let Some(kind) = kind.strip_suffix("-until") {
        (kind, RetryAfter { retry_after_date: Some(time), ..usual })
    } else if let Some(kind) = kind.strip_suffix("-in-ms") {
        (kind, RetryAfter { retry_after_in_ms: Some(time), ..usual })
    } else {
        (kind, RetryAfter { retry_after: Some(time), ..usual })
    };
    Some(match kind {
        "slow" => Fault::Slow { after: time },
        "jitter" => Fault::Jitter { median: time, sigma: usual_sigma() },
        "slow-first-byte" => Fault::SlowFirstByte { after: time },
        "trickle" => Fault::Trickle { every: time },
        "rate-limited" => Fault::RateLimited { retry_after },
        "token-limited" => Fault::TokenLimited { retry_after },
        "ramp-limited" => Fault::RampLimited { retry_after },
        "concurrency-limited" => Fault::ConcurrencyLimited { retry_after },
        "overloaded" => Fault::Overloaded { retry_after },
        _ => return None,
    })
}

fn counted(kind: &str, count: &str) -> Option<Fault> {
    let after_chunks: u32 = count.parse().ok()?;
    Some(match kind {
        "stall" => Fault::Stall { after_chunks },
        "cut" | "cut-stream" => Fault::CutStream { after_chunks },
        "reset" | "reset-stream" => Fault::ResetStream { after_chunks },
        "stream-error" => Fault::StreamError { after_chunks, code: None },
        "malformed-frame" => Fault::MalformedFrame { after_chunks },
        "pings" => Fault::Pings { every: after_chunks.max(1) },
        _ => return None,
    })
}

fn paced(kind: &str, value: &str) -> Option<Fault> {
    let (chunks, every) = value.split_once('x').filter(|_| kind == "paced")?;
    let every: Duration = humantime::parse_duration(every).ok()?;
    Some(Fault::Paced { chunks: chunks.parse().ok()?, every })
}

#[cfg(test)]
mod tests {
    use super::super::{Fault, RetryAfter};
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn names_of_models_ask_for_faults() {
        let named = |name: &str| Fault::named_by(name).map(|fault| json!(fault));
        for (name, fault) in [
            ("sim-slow-500ms", json!({"kind": "slow", "after": "500ms"})),
            ("sim-bad-gateway", json!({"kind": "bad_gateway"})),
            ("sim-rate-limited-600s", json!({"kind": "rate_limited", "retry_after": "10m"})),
            ("sim-rate-limited-until-3s", json!({"kind": "rate_limited", "retry_after_date": "3s"})),
            ("sim-overloaded-in-ms-3s", json!({"kind": "overloaded", "retry_after_in_ms": "3s"})),
            ("sim-stall-2", json!({"kind": "stall", "after_chunks": 2})),
            ("sim-stall", json!({"kind": "stall", "after_chunks": 3})),
            ("sim-cut", json!({"kind": "cut"})),
            ("sim-cut-0", json!({"kind": "cut_stream", "after_chunks": 0})),
            ("sim-paced-100x50ms", json!({"kind": "paced", "chunks": 100, "every": "50ms"})),
            ("sim-error-limit_burst_rate", json!({"kind": "error", "code": "limit_burst_rate"})),
            ("sim-error-10013", json!({"kind": "error", "code": "10013"})),
            ("sim-slow-first-byte-2s", json!({"kind": "slow_first_byte", "after": "2s"})),
        ] {
            assert_eq!(named(name), Some(fault), "{name}");
        }
        let retry_after = RetryAfter::default();
        assert_eq!(Fault::named_by("sim-rate-limited"), Some(Fault::RateLimited { retry_after }));
        assert_eq!(Fault::named_by("sim-large"), None);
        assert_eq!(Fault::named_by("gpt-slow-500ms"), None);
    }

    #[test]
    fn a_header_asks_by_name_or_by_order() {
        assert_eq!(Fault::ordered_by("split-utf8"), Some(Fault::SplitUtf8));
        let order = r#"{"kind":"stream_error","after_chunks":1,"code":"10014"}"#;
        let expected = Fault::StreamError { after_chunks: 1, code: Some("10014".into()) };
        assert_eq!(Fault::ordered_by(order), Some(expected));
        assert_eq!(Fault::ordered_by("nonsense"), None);
    }

    #[test]
    fn a_fault_is_written_flat() {
        let fault: Fault =
            serde_json::from_value(json!({"kind": "overloaded", "retry_after_in_ms": "20ms"})).unwrap();
        let retry_after =
            RetryAfter { retry_after_in_ms: Some(Duration::from_millis(20)), ..RetryAfter::default() };
        assert_eq!(fault, Fault::Overloaded { retry_after });
        assert_eq!(json!(fault), json!({"kind": "overloaded", "retry_after_in_ms": "20ms"}));
        assert!(serde_json::from_value::<Fault>(json!({"kind": "no_such"})).is_err());
    }
}
