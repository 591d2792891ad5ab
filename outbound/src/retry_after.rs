//! Reads how long an endpoint asks to be left alone.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

const RETRY_AFTER_MS: &str = "retry-after-ms";
/// Beyond any use; keeps absurd numbers inside what a duration can hold.
const LONGEST_SECONDS: f64 = 1e9;

/// The wait that the headers ask for: `retry-after-ms` first, else `Retry-After` as seconds (decimals allowed)
/// or as an HTTP date, which counts from `now` and is zero when past. `None` when absent or unreadable.
#[must_use]
pub fn parse(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = text(RETRY_AFTER_MS).and_then(number).map(|millis| millis / 1000.0);
    if let Some(seconds) = millis {
        return Some(Duration::from_secs_f64(seconds));
    }
    let value = text(RETRY_AFTER.as_str())?;
    match number(value) {
        Some(seconds) => Some(Duration::from_secs_f64(seconds)),
        None => {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

fn number(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && value >= 0.0).then(|| value.min(LONGEST_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        // Sun, 06 Nov 1994 08:49:37 GMT
        parse(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(parsed(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(parsed(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
        assert_eq!(parsed(&[("retry-after-ms", "250")]), Some(Duration::from_millis(250)));
        assert_eq!(
            parsed(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]),
            Some(Duration::from_secs(60))
        );
    }

    #[test]
    fn milliseconds_win_over_seconds() {
        assert_eq!(
            parsed(&[("retry-after", "9"), ("retry-after-ms", "10")]),
            Some(Duration::from_millis(10))
        );
        assert_eq!(parsed(&[("retry-after", "9"), ("retry-after-ms", "x")]), Some(Duration::from_secs(9)));
    }

    #[test]
    fn a_date_in_the_past_asks_for_no_wait() {
        assert_eq!(parsed(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_no_wish_at_all() {
        for value in ["", "soon", "-3", "NaN", "inf", "6m0s"] {
            assert_eq!(parsed(&[("retry-after", value)]), None, "{value:?}");
        }
        assert_eq!(parsed(&[]), None);
        assert!(parsed(&[("retry-after", "1e300")]).is_some());
    }
}
