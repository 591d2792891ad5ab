//! One line on a terminal that says how far a query is, and goes again.

use std::io::Write;

use account::queries::Progress;

/// The line. Where nobody looks there is none.
pub(super) struct Line {
    is_terminal: bool,
    is_shown: bool,
}

impl Line {
    pub(super) fn new(is_terminal: bool) -> Self {
        Self { is_terminal, is_shown: false }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        if self.is_terminal {
            self.is_shown = true;
            // Whether it can be seen does not matter to the result.
            write!(std::io::stderr(), "\r\x1b[K{}", told(progress)).ok();
        }
    }

    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write!(std::io::stderr(), "\r\x1b[K").ok();
        }
    }
}

fn told(Progress { elapsed, rows, of }: Progress) -> String {
    let rows = match (rows, of) {
        (Some(rows), Some(of)) => format!(", {} of {} rows", count(rows), count(of)),
        (Some(rows), None) => format!(", {} rows", count(rows)),
        (None, _) => String::new(),
    };
    format!("asking ClickHouse: {:.1} s{rows}", elapsed.as_secs_f64())
}

fn count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// A size as people read it.
pub(super) fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut shown = format!("{bytes} B");
    for unit in units {
        if size < 1_024.0 {
            break;
        }
        size /= 1_024.0;
        shown = format!("{size:.1} {unit}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_says_what_is_known() {
        let at = |rows, of| told(Progress { elapsed: Duration::from_millis(1_540), rows, of });
        assert_eq!(at(None, None), "asking ClickHouse: 1.5 s");
        assert_eq!(at(Some(12_345), Some(100_000_000)), "asking ClickHouse: 1.5 s, 12k of 100M rows");
        assert_eq!([bytes(12), bytes(2_048), bytes(3 << 30)], ["12 B", "2.0 KiB", "3.0 GiB"]);
    }
}
