//! The body of a fold's commit metadata: how its owner left a partition.

use crate::kafka::commit_meta::{self, Kind, MetadataError};
use crate::offsets::Said;

const KIND: Kind = Kind { tag: 'f', version: 1 };
/// Smallest number of records that a transaction may hold.
pub(super) const LEAST_WINDOW: u32 = 16;

/// What the next owner of a partition must know besides the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The owner was at work: if this is the last mark, it ended uncleanly.
    pub(super) running: bool,
    /// How often folding the record at the committed offset has begun, all by itself.
    pub(super) attempts: u32,
    /// Most records that the transaction after this mark may hold: any of them may have caused the end.
    pub(super) window: u32,
    /// A clock record that nobody has read is in the log: it may become visible later than the offsets of its
    /// transaction, so that the next owner could reach the end of the log without it.
    pub(super) clock_unread: bool,
    /// Counts the commits of the partition. No two in a row are alike, so that what is committed tells whether a
    /// transaction of unknown outcome took effect, even if it held nothing but a clock record.
    pub(super) turn: u32,
}

impl Mark {
    /// As an owner that ended in order leaves it.
    pub(super) const CLEAN: Self =
        Self { running: false, attempts: 0, window: LEAST_WINDOW, clock_unread: false, turn: 0 };

    pub(super) fn seal(self, incarnation: &str) -> Result<String, MetadataError> {
        commit_meta::seal(KIND, incarnation, &self.body())
    }

    fn body(self) -> String {
        let running = match (self.running, self.clock_unread) {
            (true, false) => 'r',
            (true, true) => 'R',
            (false, false) => 'c',
            (false, true) => 'C',
        };
        // Marks of turn 0 have the form that was written before turns were counted.
        let turn = if self.turn == 0 { String::new() } else { format!(".{}", self.turn) };
        format!("{running}.{}.{}{turn}", self.attempts, self.window)
    }

    pub(super) fn open(incarnation: &str, metadata: Option<&str>) -> Result<Self, MetadataError> {
        let body = commit_meta::open(KIND, incarnation, metadata.ok_or(MetadataError::Foreign)?)?;
        let mut parts = body.split('.');
        let (Some(running), Some(attempts), Some(window), turn, None) =
            (parts.next(), parts.next(), parts.next(), parts.next().unwrap_or("0"), parts.next())
        else {
            return Err(MetadataError::Body);
        };
        let (running, clock_unread) = match running {
            "r" => (true, false),
            "R" => (true, true),
            "c" => (false, false),
            "C" => (false, true),
            _ => return Err(MetadataError::Body),
        };
        let number = |text: &str| text.parse().map_err(|_| MetadataError::Body);
        let (attempts, window, turn) = (number(attempts)?, number(window)?, number(turn)?);
        let mark = Self { running, attempts, window, clock_unread, turn };
        // `parse` also takes spellings that `seal` does not write, such as `+1`.
        if mark.body() == body { Ok(mark) } else { Err(MetadataError::Body) }
    }
}

/// What a mark says, for an operator.
pub(crate) fn said(incarnation: &str, metadata: Option<&str>) -> Result<Said, MetadataError> {
    let Mark { running, attempts, window, .. } = Mark::open(incarnation, metadata)?;
    Ok(Said::Fold { running, attempts, window })
}

/// The mark of an operator's reset.
pub(crate) fn empty(incarnation: &str) -> Result<String, MetadataError> {
    Mark::CLEAN.seal(incarnation)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEFT: Mark = Mark { running: true, attempts: 2, window: 640, clock_unread: true, turn: 8 };

    proptest! {
        #![proptest_config(mangle::cases(1_000))]

        #[test]
        fn fuzz_mark(
            running in any::<bool>(), attempts in any::<u32>(), window in any::<u32>(),
            clock_unread in any::<bool>(), turn in any::<u32>(),
        ) {
            let mark = Mark { running, attempts, window, clock_unread, turn };
            prop_assert_eq!(Mark::open("inc", Some(&mark.seal("inc").unwrap())), Ok(mark));
        }

        #[test]
        fn fuzz_mark_damaged(text in mangle::bytes([LEFT.seal("inc").unwrap()])) {
            let text = text.lossy();
            if let Ok(mark) = Mark::open("inc", Some(&text)) {
                prop_assert_eq!(mark, LEFT);
                prop_assert_eq!(mark.seal("inc").unwrap(), text);
            }
        }

        #[test]
        fn fuzz_mark_body(body in mangle::bytes(["r.2.640", "c.0.0", "r.4294967295.1", "R.1.2.3"])) {
            if let Ok(text) = commit_meta::seal(KIND, "inc", &body.lossy())
                && let Ok(mark) = Mark::open("inc", Some(&text))
            {
                prop_assert_eq!(mark.seal("inc").unwrap(), text);
            }
        }
    }

    #[test]
    fn a_mark_comes_back_and_nothing_else_is_taken_for_one() {
        let mark = Mark { running: true, attempts: 2, window: 640, clock_unread: false, turn: 7 };
        for (running, clock_unread) in [(true, true), (false, true), (false, false)] {
            let mark = Mark { running, clock_unread, ..mark };
            assert_eq!(Mark::open("inc", Some(&mark.seal("inc").unwrap())), Ok(mark));
        }
        let text = mark.seal("inc").unwrap();
        assert_eq!(Mark::open("inc", Some(&text)), Ok(mark));
        assert_eq!(Mark::open("other", Some(&text)), Err(MetadataError::Incarnation));
        assert_eq!(Mark::open("inc", Some("")), Err(MetadataError::Foreign));
        assert_eq!(Mark::open("inc", None), Err(MetadataError::Foreign));
        let older = commit_meta::seal(KIND, "inc", "r.2.640").unwrap();
        assert_eq!(
            Mark::open("inc", Some(&older)),
            Ok(Mark { turn: 0, ..mark }),
            "written before turns were counted"
        );
        for body in
            ["r.1", "x.1.1", "r.1.1.0", "r.1.1.1.1", "r.-1.1", "r.+1.1", "r.01.1", "r..1", "r.1.1.", ""]
        {
            let text = commit_meta::seal(KIND, "inc", body).unwrap();
            assert_eq!(Mark::open("inc", Some(&text)), Err(MetadataError::Body), "{body}");
        }
    }
}
