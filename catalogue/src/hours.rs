//! Hours of the day, in a time zone.

use std::fmt;

use schemars::JsonSchema;
use schemas::Millis;
use serde::{Deserialize, Serialize};

const DAY: Millis = 1_440;

/// Hours of every day, over midnight where they end before they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Hours {
    /// First minute of the day in which they hold.
    pub from_minute: u16,
    /// First minute in which they hold no more.
    pub until_minute: u16,
    /// How far the time zone is ahead of UTC, in minutes.
    pub ahead_minutes: i16,
}

impl Hours {
    /// Reads hours such as `00:30-08:30` of a time zone such as `+08:00`.
    pub(crate) fn read(hours: &str, zone: &str) -> Result<Self, String> {
        let (from, until) = hours
            .split_once('-')
            .and_then(|(from, until)| Some((minute(from)?, minute(until)?)))
            .filter(|(from, until)| from != until)
            .ok_or_else(|| format!("{hours:?} are no hours such as 00:30-08:30"))?;
        let (sign, ahead) = match zone.split_at_checked(1) {
            Some(("+", ahead)) => (1, ahead),
            Some(("-", ahead)) => (-1, ahead),
            _ => (0, ""),
        };
        let ahead =
            minute(ahead).filter(|ahead| *ahead <= 14 * 60).and_then(|ahead| i16::try_from(ahead).ok());
        let ahead = ahead.ok_or_else(|| format!("{zone:?} is no time zone such as +08:00"))?;
        Ok(Self { from_minute: from, until_minute: until, ahead_minutes: sign * ahead })
    }

    /// Whether they hold at that time.
    pub fn hold(&self, at: Millis) -> bool {
        let minute = (at.div_euclid(60_000) + Millis::from(self.ahead_minutes)).rem_euclid(DAY);
        let (from, until) = (Millis::from(self.from_minute), Millis::from(self.until_minute));
        if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }

    /// Whether there is a minute in which both hold.
    pub(crate) fn meet(&self, other: &Hours) -> bool {
        (0..DAY).any(|minute| self.hold(minute * 60_000) && other.hold(minute * 60_000))
    }
}

/// `08:30` is the minute 510 of its day; `24:00` is the first of the next.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = (Some(hour).filter(|h| digits(h))?, Some(minute).filter(|m| digits(m))?);
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60 || (hour, minute) == (24, 0)).then_some(hour * 60 + minute)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let sign = if self.ahead_minutes < 0 { '-' } else { '+' };
        let ahead = time(self.ahead_minutes.unsigned_abs());
        write!(f, "{}-{}{sign}{ahead}", time(self.from_minute), time(self.until_minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds of a time of the first day, UTC.
    fn utc(hour: i64, minute: i64) -> Millis {
        (hour * 60 + minute) * 60_000
    }

    #[test]
    fn hours_hold_in_their_time_zone_and_over_midnight() {
        let night = Hours::read("00:30-08:30", "+08:00").unwrap();
        for (at, holds) in [
            (utc(16, 29), false),
            (utc(16, 30), true),
            (utc(23, 59), true),
            (utc(24, 29), true),
            (utc(24, 30), false),
            (utc(0, 29), true),
        ] {
            assert_eq!(night.hold(at), holds, "{at}");
        }
        let late = Hours::read("22:00-06:00", "-05:00").unwrap();
        assert!(
            late.hold(utc(3, 0))
                && late.hold(utc(10, 59))
                && !late.hold(utc(11, 0))
                && !late.hold(utc(2, 59))
        );
        let whole = Hours::read("00:00-24:00", "+00:00").unwrap();
        assert!((0..24).all(|hour| whole.hold(utc(hour, 0))));
        assert_eq!(
            (night.to_string().as_str(), late.to_string().as_str()),
            ("00:30-08:30+08:00", "22:00-06:00-05:00")
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for hours in [
            "",
            "0:30-8:30",
            "00:30",
            "08:00-08:00",
            "25:00-26:00",
            "00:60-01:00",
            "+0:30-08:30",
            "00:30-24:01",
        ] {
            assert!(Hours::read(hours, "+00:00").is_err(), "{hours:?} was taken");
        }
        for zone in ["", "08:00", "CST", "+15:00", "+8", "Asia/Shanghai"] {
            assert!(Hours::read("00:30-08:30", zone).is_err(), "{zone:?} was taken");
        }
    }

    #[test]
    fn hours_meet_where_a_minute_is_in_both() {
        let hours = |text: &str, zone: &str| Hours::read(text, zone).unwrap();
        assert!(hours("00:00-08:00", "+00:00").meet(&hours("15:59-16:00", "+08:00")));
        assert!(!hours("00:00-08:00", "+00:00").meet(&hours("08:00-24:00", "+00:00")));
    }
}
