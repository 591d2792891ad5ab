//! The four clauses of the promise, each checked against what topics, tables and stand-ins hold. The demo checks all of them, the
//! failure run those that hold through failures.

mod answered;
mod charged;
mod judged;
mod replayable;
#[cfg(test)]
pub(crate) mod samples;

pub(crate) use answered::answered;
pub(crate) use charged::{Bill, charged};
pub(crate) use judged::judged;
pub(crate) use replayable::{Refold, replayable};

/// Whether a process that answers callbacks may have been killed during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// None was.
    Undisturbed,
    /// One may have been: what Easemob then decided by itself is counted and is no problem.
    Disturbed,
}

/// A clause, and whether it holds.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) name: &'static str,
    pub(crate) figure: String,
    /// Where the figures come from.
    pub(crate) source: &'static str,
    /// Everything that is not as it must be.
    pub(crate) problems: Vec<String>,
}

impl Clause {
    /// Its line: name, whether it holds, figure, source.
    pub(crate) fn line(&self) -> String {
        let state = if self.problems.is_empty() { "ok" } else { "NOT ok" };
        format!("{:<10}  {state:<6}  {}   ({})", self.name, self.figure, self.source)
    }
}

/// An amount in 10⁻¹² of a unit, exactly.
pub(crate) fn yuan(pico: i128) -> String {
    let (whole, fraction) =
        (pico.unsigned_abs() / 1_000_000_000_000, pico.unsigned_abs() % 1_000_000_000_000);
    let digits = format!("{fraction:012}");
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("{}¥{whole}.{}", if pico < 0 { "-" } else { "" }, digits.get(..kept).unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::yuan;

    #[test]
    fn amounts_are_shown_exactly() {
        assert_eq!(yuan(4_400_000), "¥0.0000044");
        assert_eq!(yuan(-1_500_000_000_000), "-¥1.50");
        assert_eq!(yuan(0), "¥0.00");
    }
}
