//! Times on the command line and in what commands print.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch. On the command line it is written as in RFC 3339, or as how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) i64);

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (local, ahead) = split_offset(text);
        let at = humantime::parse_rfc3339_weak(local)
            .ok()
            .or_else(|| SystemTime::now().checked_sub(humantime::parse_duration(text).ok()?));
        let since = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        let millis = millis.and_then(|millis| millis.checked_sub(ahead)).filter(|millis| *millis >= 0);
        millis.map(Self).ok_or_else(|| {
            format!("{text:?} is neither a time such as 2026-01-31T08:00:00Z nor how long ago, such as 2h")
        })
    }
}

/// A time without the offset at its end, such as `+08:00`, and that offset in milliseconds.
fn split_offset(text: &str) -> (&str, i64) {
    let offset = || {
        let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
        let (hours, minutes) = offset.get(1..)?.split_once(':')?;
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let ahead = (hours * 60 + minutes) * 60_000;
        match offset.get(..1)? {
            // Behind a day the sign is its hyphen.
            _ if !local.contains(':') || hours > 14 || minutes > 59 => None,
            "+" => Some((local, ahead)),
            "-" => Some((local, -ahead)),
            _ => None,
        }
    };
    offset().unwrap_or((text, 0))
}

/// A time as people read it, in UTC.
pub(crate) fn told(millis: i64) -> String {
    let since = Duration::from_millis(millis.max(0).unsigned_abs());
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

/// A duration as people read it.
pub(crate) fn lasted(millis: i64) -> String {
    let millis = millis.max(0).unsigned_abs();
    let shown = if millis < 10_000 { millis } else { millis / 1_000 * 1_000 };
    humantime::format_duration(Duration::from_millis(shown)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_ago_and_nothing_else() {
        assert_eq!("1970-01-01T00:00:02Z".parse(), Ok(Timestamp(2_000)));
        assert_eq!("1970-01-01 00:00:02".parse(), Ok(Timestamp(2_000)));
        assert_eq!("1970-01-01T08:00:02+08:00".parse(), Ok(Timestamp(2_000)));
        assert_eq!("1970-01-01 00:00:02-01:30".parse(), Ok(Timestamp(5_402_000)));
        let Timestamp(ago) = "1h".parse().unwrap();
        let Timestamp(now) = "0s".parse().unwrap();
        assert!((3_590_000..3_610_000).contains(&(now - ago)), "{}", now - ago);
        for wrong in [
            "yesterday",
            "7",
            "",
            "1969-12-31T00:00:00Z",
            "1970-01-01T00:00:00+08:00",
            "1970-01-02T00:00:00+99:00",
        ] {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
        }
        assert_eq!(told(2_000), "1970-01-01T00:00:02.000Z");
        assert_eq!(lasted(3_661_500), "1h 1m 1s");
    }
}
