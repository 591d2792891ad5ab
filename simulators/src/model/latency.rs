//! How long a call takes.

use super::config::Config;
use super::faults::Fault;
use crate::random::Random;
use std::time::Duration;

/// The time that the model works on a request: fixed or lognormal, equal for equal seed and request.
pub(crate) fn latency(config: &Config, fault: Option<&Fault>, fingerprint: &str) -> Duration {
    let (median, sigma) = match fault {
        Some(Fault::Slow { after }) => (*after, 0.0),
        Some(Fault::Reply { script }) => (script.delay(), 0.0),
        Some(Fault::Jitter { median, sigma }) => (*median, *sigma),
        _ => (config.latency, config.latency_sigma),
    };
    if sigma <= 0.0 {
        return median;
    }
    let stream = fingerprint.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let normal = Random::new(config.seed, stream.unwrap_or_default()).normal();
    Duration::try_from_secs_f64(median.as_secs_f64() * (sigma * normal).exp()).unwrap_or(median)
}

#[cfg(test)]
mod tests {
    use super::latency;
    use crate::model::config::Config;
    use crate::model::faults::Fault;
    use std::time::Duration;

    #[test]
    fn a_lognormal_latency_repeats_for_a_request_and_differs_between_requests() {
        let config = Config { seed: 7, ..Config::default() };
        let jitter = Fault::Jitter { median: Duration::from_millis(100), sigma: 0.5 };
        let draw = |fingerprint| latency(&config, Some(&jitter), fingerprint);
        let (one, other) = ("0123456789abcdef00", "fedcba987654321000");
        assert_eq!(draw(one), draw(one));
        assert_ne!(draw(one), draw(other));
        assert!(draw(one) > Duration::from_millis(5) && draw(one) < Duration::from_secs(2));
    }

    #[test]
    fn without_spread_the_latency_is_fixed() {
        let config = Config { latency: Duration::from_millis(50), ..Config::default() };
        assert_eq!(latency(&config, None, "00"), Duration::from_millis(50));
        let slow = Fault::Slow { after: Duration::from_millis(9) };
        assert_eq!(latency(&config, Some(&slow), "00"), Duration::from_millis(9));
    }
}
