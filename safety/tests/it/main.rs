//! Words in disguise are found through the views that their rules ask for, and innocent texts are not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests fail loudly")]
#![allow(clippy::single_range_in_vec_init, reason = "lists of spans may have one")]

mod border;
mod by_hand;
mod evasion;
mod innocent;
mod rules;
mod seed;
mod techniques;
