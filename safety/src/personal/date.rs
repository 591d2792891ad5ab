//! Dates as identity numbers and people write them.

use super::region::number;

/// Earliest year of birth that is believed.
const OLDEST_YEAR: u32 = 1900;

/// A day that exists, between the first year that is believed and the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Years {
    /// Newest year of birth.
    pub(super) newest: u32,
}

impl Years {
    /// Whether eight digits are year, month and day of somebody's birth.
    pub(super) fn has(self, digits: &[u8]) -> bool {
        let parts = (digits.get(..4), digits.get(4..6), digits.get(6..8));
        let (Some(year), Some(month), Some(day)) = parts else { return false };
        let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
            return false;
        };
        digits.len() == 8 && self.has_day(year, month, day)
    }

    /// Whether a day exists in a year of birth that is believed.
    pub(super) fn has_day(self, year: u32, month: u32, day: u32) -> bool {
        (OLDEST_YEAR..=self.newest).contains(&year) && (1..=days_in(year, month)).contains(&day)
    }
}

/// The days of a month, none for a month that does not exist.
fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_days() {
        let years = Years { newest: 2026 };
        for day in [&b"19900307"[..], b"20000229", b"19040229", b"20261231", b"19000101"] {
            assert!(years.has(day), "{day:?}");
        }
        for day in
            [&b"19900230"[..], b"19000229", b"20270101", b"18991231", b"19901301", b"19900431", b"1990010"]
        {
            assert!(!years.has(day), "{day:?}");
        }
    }
}
