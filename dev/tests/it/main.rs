//! Rules of the repository that no compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests fail loudly")]

mod arrows;
mod budgets;
mod compose;
mod documents;
mod metric_lists;
mod tree;
