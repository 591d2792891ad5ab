//! Time zones. A bundle holds the offsets themselves, so that a fold reads no table of its machine and an old log folds as it did.

use schemars::JsonSchema;
use schemas::Millis;
use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60_000;
/// The time from which on offsets are kept, 2025-01-01, and the one until which they are, 2050-01-01. Beyond it the last one holds.
const KEPT: (Millis, Millis) = (1_735_689_600_000, 2_524_608_000_000);

/// A time zone: its offsets from UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Offsets, each with the moment from which on it holds; the first one holds before it too.
    pub offsets: Vec<Offset>,
}

/// An offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offset {
    /// From when it holds.
    pub from: Millis,
    /// How far the zone is ahead of UTC, in minutes.
    pub ahead_minutes: i16,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// The days of a week.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Its word in the file and in templates.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// A moment as the clocks of a zone show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Milliseconds since the first moment of 1970 there.
    pub millis: Millis,
}

impl Zone {
    /// The zone of an IANA name such as `Asia/Shanghai`.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let unknown = |_| format!("{name:?} is no time zone such as Asia/Shanghai");
        let zone = jiff::tz::TimeZone::get(name).map_err(unknown)?;
        let first = jiff::Timestamp::from_millisecond(KEPT.0).map_err(|error| error.to_string())?;
        let minutes = |offset: jiff::tz::Offset| i16::try_from(offset.seconds() / 60).unwrap_or_default();
        let mut offsets = vec![Offset { from: KEPT.0, ahead_minutes: minutes(zone.to_offset(first)) }];
        for change in zone.following(first) {
            let from = change.timestamp().as_millisecond();
            if from >= KEPT.1 {
                break;
            }
            let ahead_minutes = minutes(change.offset());
            if offsets.last().is_none_or(|last| last.ahead_minutes != ahead_minutes) {
                offsets.push(Offset { from, ahead_minutes });
            }
        }
        Ok(Self { name: name.to_owned(), offsets })
    }

    /// A moment as its clocks show it.
    pub fn at(&self, moment: Millis) -> Local {
        let begun = self.offsets.partition_point(|offset| offset.from <= moment).saturating_sub(1);
        let ahead = self.offsets.get(begun).map_or(0, |offset| Millis::from(offset.ahead_minutes));
        Local { millis: moment + ahead * 60_000 }
    }
}

impl Local {
    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let day = (self.millis.div_euclid(DAY) + 3).rem_euclid(7);
        usize::try_from(day).ok().and_then(|day| Weekday::ALL.get(day).copied()).unwrap_or(Weekday::Mon)
    }

    /// The hour of the day, from 0 to 23.
    pub fn hour(self) -> u32 {
        u32::try_from(self.millis.rem_euclid(DAY) / (60 * 60_000)).unwrap_or_default()
    }

    /// The day, such as `2026-01-31`.
    pub fn date(self) -> String {
        crate::validate::shown_day(self.millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01T00:00:00Z, a Wednesday.
    const SUMMER: Millis = 1_782_864_000_000;

    #[test]
    fn a_zone_without_changes_has_one_offset() {
        let zone = Zone::read("Asia/Shanghai").unwrap();
        assert_eq!(zone.offsets, [Offset { from: KEPT.0, ahead_minutes: 480 }]);
        let local = zone.at(SUMMER + 17 * 60 * 60_000);
        assert_eq!((local.weekday(), local.hour(), local.date().as_str()), (Weekday::Thu, 1, "2026-07-02"));
        assert_eq!(zone.at(0).hour(), 8);
    }

    #[test]
    fn summer_time_changes_the_hour_at_its_moment() {
        let zone = Zone::read("Europe/Berlin").unwrap();
        // 2026-03-29T01:00:00Z.
        let change = 1_774_746_000_000;
        assert_eq!((zone.at(change - 1).hour(), zone.at(change).hour()), (1, 3));
        assert_eq!((zone.at(SUMMER).hour(), zone.at(SUMMER).weekday()), (2, Weekday::Wed));
        // Two changes a year for 25 years.
        assert_eq!(zone.offsets.len(), 51);
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for name in ["", "Mars/Olympus", "+08:00", "CST8", "../etc/passwd"] {
            assert!(Zone::read(name).is_err(), "{name}");
        }
    }
}
