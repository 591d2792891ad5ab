//! Moments as people write them: in the deployment's time zone, unless they name one.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

/// What a moment may look like, for those who wrote something else.
pub(super) const FORMS: &str = "a time such as 2025-01-31, 2025-01 or 2025-01-31T08:00:00 (in the deployment's zone), 2025-01-31T08:00:00Z, now, \
                                today, tomorrow, yesterday, or a number of whole weeks, days, hours or minutes ago: 4w, 30d, 24h, 90m";

/// The zone that counts, and what time it is.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    now: ZonedDateTime,
}

impl Clock {
    /// This moment in a zone.
    pub(super) fn now(zone: &str) -> Option<Self> {
        Some(Self { now: wall_clock()?.to_zoned_datetime(zone_of(zone)?) })
    }

    #[cfg(test)]
    pub(super) fn at(zone: &str, millis: i64) -> Option<Self> {
        Some(Self { now: Timestamp::from_millisecond(millis).ok()?.to_zoned_datetime(zone_of(zone)?) })
    }

    /// Whether the zone is ahead of UTC by a multiple of a unit of so many milliseconds, at both moments.
    pub(super) fn is_ahead_by_whole(&self, unit: i64, from: i64, to: i64) -> bool {
        let whole = |millis: i64| {
            let at = Timestamp::from_millisecond(millis).ok()?;
            Some(i64::from(self.now.time_zone().to_offset(at).seconds()) * 1_000 % unit == 0)
        };
        whole(from) == Some(true) && whole(to) == Some(true)
    }
}

/// The days of a zone that lie wholly between two moments, such as `2025-01-31`. None where there is no such zone.
pub fn whole_days(zone: &str, from: i64, to: i64) -> Vec<String> {
    let at = |millis: i64| Some(Timestamp::from_millisecond(millis).ok()?.to_zoned_datetime(zone_of(zone)?));
    let (Some(begin), Some(_)) = (at(from), at(to)) else { return Vec::new() };
    let mut days = Vec::new();
    let mut day = begin.start_of_day().ok();
    while let Some(first) = day {
        let next = first.checked_add(1.days()).ok();
        let Some(end) = next.as_ref().filter(|next| next.timestamp().as_millisecond() <= to) else { break };
        if first.timestamp().as_millisecond() >= from && *end > first {
            days.push(first.date().to_string());
        }
        day = next;
    }
    days
}

fn wall_clock() -> Option<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_millisecond(i64::try_from(since.as_millis()).ok()?).ok()
}

/// The zone of an IANA name.
pub(crate) fn zone_of(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// As the store reads it: seconds with milliseconds.
pub(super) fn bound(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.unsigned_abs() / 1_000, millis.unsigned_abs() % 1_000)
}

/// Milliseconds since the epoch, within the years that the store knows.
pub(super) fn read(text: &str, clock: &Clock) -> Option<i64> {
    let at = word(text, clock).or_else(|| ago(text, clock)).or_else(|| absolute(text, clock))?;
    let millis = at.as_millisecond();
    (0..=i64::from(u32::MAX) * 1_000).contains(&millis).then_some(millis)
}

fn word(text: &str, Clock { now }: &Clock) -> Option<Timestamp> {
    let day = |days: i32| now.start_of_day().ok()?.checked_add(days.days()).ok().map(|at| at.timestamp());
    match text {
        "now" => Some(now.timestamp()),
        "today" => day(0),
        "tomorrow" => day(1),
        "yesterday" => day(-1),
        _ => None,
    }
}

/// So many whole units before the unit that runs now.
fn ago(text: &str, Clock { now }: &Clock) -> Option<Timestamp> {
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| (0..=100_000).contains(count))?;
    let day = now.start_of_day().ok()?;
    let back = |seconds: i64| {
        let begun = now.timestamp().as_second().div_euclid(seconds) * seconds;
        Timestamp::from_second(begun).ok()?.checked_sub(SignedDuration::from_secs(count * seconds)).ok()
    };
    match unit {
        'w' => day.checked_sub(count.weeks()).ok().map(|at| at.timestamp()),
        'd' => day.checked_sub(count.days()).ok().map(|at| at.timestamp()),
        'h' => back(3_600),
        'm' => back(60),
        _ => None,
    }
}

fn absolute(text: &str, Clock { now }: &Clock) -> Option<Timestamp> {
    let here = |at: DateTime| at.to_zoned_datetime(now.time_zone().clone()).ok().map(|at| at.timestamp());
    let is_month = text.len() == 7 && text.is_ascii();
    let date = || if is_month { format!("{text}-01").parse().ok() } else { None };
    let has_zone = || text.parse::<Timestamp>().ok();
    let day = || text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
    has_zone()
        .or_else(|| here(day().or_else(date)?.to_datetime(Time::midnight())))
        .or_else(|| here(text.parse::<DateTime>().ok().filter(|_| text.len() > 10)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-03-05T10:20:30.400Z.
    const NOW: i64 = 1_741_170_030_400;
    const HOUR: i64 = 3_600_000;

    fn at(zone: &str, text: &str) -> Option<i64> {
        read(text, &Clock::at(zone, NOW).unwrap())
    }

    #[test]
    fn a_day_begins_in_the_zone_of_the_deployment() {
        let new_year = 1_735_689_600_000;
        assert_eq!(at("UTC", "2025-01-01"), Some(new_year));
        assert_eq!(at("Asia/Shanghai", "2025-01-01"), Some(new_year - 8 * HOUR));
        assert_eq!(at("Asia/Shanghai", "2025-01"), Some(new_year - 8 * HOUR));
        assert_eq!(at("Asia/Shanghai", "2025-01-01 08:00:00.020"), Some(new_year + 20));
        assert_eq!(at("Asia/Shanghai", "2025-01-01T00:00:00Z"), Some(new_year));
        assert_eq!(at("Asia/Shanghai", "2025-01-01T00:00:00+08:00"), Some(new_year - 8 * HOUR));
    }

    #[test]
    fn words_and_counts_are_whole_units() {
        let day = 1_741_132_800_000;
        assert_eq!(at("UTC", "today"), Some(day));
        assert_eq!(at("UTC", "tomorrow"), Some(day + 24 * HOUR));
        assert_eq!(at("UTC", "30d"), Some(day - 30 * 24 * HOUR));
        assert_eq!(at("UTC", "2h"), Some(day + 8 * HOUR));
        assert_eq!(at("UTC", "now"), Some(NOW));
        // Its day begins thirteen hours earlier.
        assert_eq!(at("Pacific/Auckland", "today"), Some(day + 11 * HOUR - 24 * HOUR));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for wrong in
            ["", "yesterday's", "2025-13-45", "2025-02-01; DROP", "-1d", "7", "7y", "1969-12-31", "d"]
        {
            assert_eq!(at("UTC", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn whole_days_are_those_of_the_zone() {
        let new_year = 1_735_689_600_000;
        assert_eq!(whole_days("UTC", new_year, new_year + 48 * HOUR), ["2025-01-01", "2025-01-02"]);
        assert_eq!(whole_days("Asia/Shanghai", new_year, new_year + 48 * HOUR), ["2025-01-02"]);
        assert!(whole_days("UTC", new_year + 1, new_year + 25 * HOUR).is_empty());
        assert!(whole_days("Mars", new_year, new_year + 48 * HOUR).is_empty());
    }

    #[test]
    fn hours_of_india_are_no_hours_of_utc() {
        let whole = |zone: &str, unit| Clock::at(zone, NOW).unwrap().is_ahead_by_whole(unit, NOW, NOW);
        assert!(whole("Asia/Shanghai", HOUR) && !whole("Asia/Kolkata", HOUR));
        assert!(whole("UTC", 24 * HOUR) && !whole("Asia/Shanghai", 24 * HOUR));
        assert_eq!(bound(1_735_689_600_020), "1735689600.020");
    }
}
