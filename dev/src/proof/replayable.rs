//! Folding the log again gives the same decisions.

use super::Clause;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::ops::RangeInclusive;

/// What `huiyin refold --json` printed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Refold {
    pub(crate) partitions: u64,
    pub(crate) records: u64,
    /// Decisions that were compared.
    pub(crate) compared: u64,
    /// Decisions that are not the same bytes.
    pub(crate) differ: u64,
    /// Partitions that could not be folded from their first record.
    pub(crate) cold: Vec<i32>,
}

impl Refold {
    /// Reads it.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).with_context(|| format!("reading what refold printed: {json:.300}"))
    }
}

/// Compares what was folded again with how much the topics hold; a refold that failed is told by its error. Topic events held as few before
/// and as many after it: call tells of its targets whenever these change, and no decision follows from that.
pub(crate) fn replayable(refold: &Result<Refold>, events: RangeInclusive<usize>, decisions: usize) -> Clause {
    let mut problems = Vec::new();
    let figure = match refold {
        Err(error) => {
            problems.push(format!("{error:#}"));
            "the log was not folded again".to_owned()
        }
        Ok(refold) => {
            if !usize::try_from(refold.records).is_ok_and(|records| events.contains(&records)) {
                problems.push(format!(
                    "records folded again, and in topic events before and after: {}, {} and {}",
                    refold.records,
                    events.start(),
                    events.end()
                ));
            }
            let compare = [
                ("decisions compared, and in topic decisions", refold.compared, decisions),
                ("decisions that differ, and may", refold.differ, 0),
            ];
            for (what, seen, expected) in compare {
                if u64::try_from(expected) != Ok(seen) {
                    problems.push(format!("{what}: {seen} and {expected}"));
                }
            }
            if refold.compared == 0 || !refold.cold.is_empty() {
                problems.push(format!(
                    "{} decisions compared, partitions {:?} cold",
                    refold.compared, refold.cold
                ));
            }
            let Refold { partitions, records, compared, differ, .. } = refold;
            format!(
                "{records} records of {partitions} partitions folded again: {compared} decisions compared byte by byte, \
                 {differ} differ"
            )
        }
    };
    Clause { name: "replayable", figure, source: "topics events, decisions", problems }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn only_a_refold_of_everything_without_a_difference_is_ok() {
        let refold = |records, compared, differ| {
            Ok(Refold { partitions: 8, records, compared, differ, cold: Vec::new() })
        };
        assert!(replayable(&refold(10, 7, 0), 9..=10, 7).problems.is_empty());
        let wrong = [refold(10, 7, 1), refold(9, 7, 0), refold(10, 6, 0), Err(anyhow!("1 decision differs"))];
        for refold in &wrong {
            assert!(replayable(refold, 10..=11, 7).line().contains("NOT ok"), "{refold:?}");
        }
        assert!(!replayable(&refold(0, 0, 0), 0..=0, 0).problems.is_empty());
        let cold = Refold { partitions: 8, records: 10, compared: 7, differ: 0, cold: vec![3] };
        assert!(!replayable(&Ok(cold), 10..=10, 7).problems.is_empty());
    }
}
