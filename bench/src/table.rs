//! The result of one benchmark: figures with their spread, what they were measured beside, and goals.

use std::fmt::Write as _;
use std::fs;

/// One figure, measured several times.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Values of the rounds, in any order. Values that are no numbers are dropped.
    pub(crate) fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The middle value; the lower one of two. NaN when nothing was measured.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
    }

    /// Median and range.
    pub(crate) fn text(&self) -> String {
        match self.0.as_slice() {
            [] => "not measured".to_owned(),
            [only] => short(*only),
            [first, .., last] => format!("{} [{}..{}]", short(self.median()), short(*first), short(*last)),
        }
    }
}

/// A number with three digits that count, and k or M for thousands and millions.
pub(crate) fn short(value: f64) -> String {
    if value.is_infinite() {
        return "∞".to_owned();
    }
    let (scaled, unit) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 || size == 0.0 => 2,
        _ => 3,
    };
    format!("{scaled:.decimals$}{unit}")
}

/// Something that was to be reached, and whether it was.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    /// As a sentence without the value, "rate against the floor, at least 0.9".
    pub(crate) what: String,
    /// What was measured.
    pub(crate) value: String,
    /// Whether it was reached.
    pub(crate) met: bool,
}

impl Goal {
    /// A value that must not be below `bar`.
    pub(crate) fn at_least(what: &str, value: f64, bar: f64) -> Self {
        let what = format!("{what}: at least {}", short(bar));
        Self { what, value: short(value), met: value >= bar }
    }

    /// A value that must not be above `bar`.
    pub(crate) fn at_most(what: &str, value: f64, bar: f64) -> Self {
        let what = format!("{what}: at most {}", short(bar));
        Self { what, value: short(value), met: value <= bar }
    }
}

/// The result of one benchmark.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// What was measured and how: shape, load, durations.
    pub(crate) conditions: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) goals: Vec<Goal>,
}

impl Table {
    /// A section of the document.
    pub(crate) fn to_markdown(&self, name: &str) -> String {
        let mut text = format!("## {name}\n\n`dev/bench {name}` on {}.\n{}\n\n", machine(), self.conditions);
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push_str(&line(&self.columns));
        text.push_str(&line(&vec!["---".to_owned(); self.columns.len()]));
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        if !self.goals.is_empty() {
            text.push_str("\n| goal | measured | |\n| --- | --- | --- |\n");
        }
        for goal in &self.goals {
            let met = if goal.met { "met" } else { "missed" };
            // Writing to a string cannot fail.
            writeln!(text, "| {} | {} | {met} |", goal.what, goal.value).ok();
        }
        text
    }
}

/// Processors and memory of this machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
    let gib = kib.and_then(|kib| kib.trim().parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0 / 1024.0);
    format!("{cores} cores, {gib:.0} GiB, everything on this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_told_with_its_median_and_its_range() {
        assert_eq!(Samples::new([31_300.0, 21_900.0, 39_600.0]).text(), "31.3k [21.9k..39.6k]");
        assert_eq!(Samples::new([4.0, 1.0, 3.0, 2.0]).median(), 2.0);
        assert_eq!(Samples::new([f64::NAN]).text(), "not measured");
        assert_eq!([short(0.0), short(0.123_4), short(9_999.0)], ["0.00", "0.123", "9999"]);
    }

    #[test]
    fn a_missed_goal_is_told_as_missed_and_one_not_measured_too() {
        assert!(Goal::at_least("rate", 0.9, 0.9).met);
        assert!(!Goal::at_least("rate", f64::NAN, 0.9).met);
        assert!(!Goal::at_most("wait", f64::NAN, 0.9).met);
        let goals = vec![Goal::at_most("wait in ms", 14.0, 12.0)];
        let table = Table { goals, ..Table::default() };
        assert!(table.to_markdown("x").contains("| wait in ms: at most 12.0 | 14.0 | missed |"));
    }
}
