//! Places where the runtime can be broken on purpose, so that a test shows that simulation would notice.
//!
//! Without tests and without feature `simulation` every hook is a constant, and nothing of this is in the build.

/// A way in which the runtime could be wrong.
#[cfg_attr(
    not(any(test, feature = "simulation")),
    expect(dead_code, unreachable_pub, reason = "only simulation breaks anything")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Completions and answers of a former assignment are taken for those of the present one.
    SkipEpoch,
    /// The commit metadata does not tell what finished ahead of the frontier.
    DropMap,
    /// The offset of the last record is committed instead of the one after it.
    NoPlusOne,
    /// A cancel is done as soon as it was told, not when what it cancels is.
    EarlyCancel,
    /// A refused plan is sent again under the membership of that moment, whether or not the member was put out.
    RefreshMembership,
    /// States are restored up to the last stable offset instead of the high watermark.
    RestoreToStable,
    /// After an abort the records are read again, but the states stay.
    NoRollBack,
    /// Another step than decide writes answers.
    TwoWriters,
    /// A clock record is written outside the transaction of the fold.
    ClockOutside,
    /// The version of the row builder is part of the deduplication token.
    VersionInToken,
}

#[cfg(any(test, feature = "simulation"))]
mod switch {
    use std::cell::Cell;

    use super::Mutation;

    thread_local! {
        static PRESENT: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// Breaks the runtime in this thread while `run` runs.
    pub fn with<T>(mutation: Option<Mutation>, run: impl FnOnce() -> T) -> T {
        struct Mended;
        impl Drop for Mended {
            fn drop(&mut self) {
                PRESENT.set(None);
            }
        }
        PRESENT.set(mutation);
        let _mended = Mended;
        run()
    }

    /// Whether the runtime is broken in this way.
    pub fn is(mutation: Mutation) -> bool {
        PRESENT.get() == Some(mutation)
    }
}

#[cfg(any(test, feature = "simulation"))]
pub use switch::{is, with};

#[cfg(not(any(test, feature = "simulation")))]
pub(crate) const fn is(_: Mutation) -> bool {
    false
}

/// The offset to commit once the record at `offset` is done.
pub(crate) fn after(offset: i64) -> i64 {
    if is(Mutation::NoPlusOne) { offset } else { offset + 1 }
}

/// Whether something that was begun in epoch `begun` belongs to the assignment of epoch `present`.
pub(crate) fn is_of_epoch(begun: u64, present: u64) -> bool {
    begun == present || is(Mutation::SkipEpoch)
}
