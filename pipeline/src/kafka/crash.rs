//! Ends this process with SIGKILL at a named step of a commit, when a failure run asks for it. Builds without the
//! feature `broker-tests` cannot, so no release can.

/// Where in a commit a process can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A transaction has begun.
    Begun,
    /// Its records are acknowledged.
    Written,
    /// Its offsets are sent, and nothing has asked for the commit.
    OffsetsSent,
    /// The commit is being asked for.
    Committing,
    /// It is committed, and nothing has noted so.
    Committed,
    /// A range of the batch driver is committed as pending, and nothing is inserted.
    RangeOpened,
    /// One of its blocks is inserted, and nothing has noted so.
    BlockInserted,
    /// It is committed as done, and nothing has noted so.
    RangeClosed,
}

/// Does nothing in a build without the feature.
#[cfg(not(feature = "broker-tests"))]
pub(crate) fn at(_step: Step) {}

/// As [`at`].
#[cfg(not(feature = "broker-tests"))]
pub(crate) fn during(_step: Step) {}

#[cfg(feature = "broker-tests")]
pub(crate) use ordered::{at, during};

#[cfg(feature = "broker-tests")]
mod ordered {
    use std::fs;
    use std::process::{Child, Command};
    use std::sync::OnceLock;

    use super::Step;

    /// Names the file that a failure run writes the step into; absent, nothing ever happens.
    const FILE: &str = "HUIYIN_CRASH_FILE";

    impl Step {
        fn label(self) -> &'static str {
            match self {
                Self::Begun => "begun",
                Self::Written => "written",
                Self::OffsetsSent => "offsets_sent",
                Self::Committing => "committing",
                Self::Committed => "committed",
                Self::RangeOpened => "range_opened",
                Self::BlockInserted => "block_inserted",
                Self::RangeClosed => "range_closed",
            }
        }
    }

    /// Ends this process here if the file names this step.
    pub(crate) fn at(step: Step) {
        let Some(Ok(mut killer)) = ordered(step) else { return };
        // The signal comes while this waits. Should it not, the failure run sees a process that goes on.
        killer.wait().map_err(|error| tracing::error!(%error, "wait for the end")).ok();
    }

    /// As [`at`], but what follows goes on until the signal comes, a moment later.
    pub(crate) fn during(step: Step) {
        drop(ordered(step));
    }

    fn ordered(step: Step) -> Option<std::io::Result<Child>> {
        static ORDERS: OnceLock<Option<String>> = OnceLock::new();
        let file = ORDERS.get_or_init(|| std::env::var(FILE).ok()).as_ref()?;
        let order = fs::read_to_string(file).ok()?;
        if order.trim() != step.label() || fs::remove_file(file).is_err() {
            return None;
        }
        tracing::warn!(step = step.label(), "ending at this step, as ordered");
        Some(Command::new("sh").args(["-c", "kill -s KILL \"$PPID\""]).spawn())
    }
}
