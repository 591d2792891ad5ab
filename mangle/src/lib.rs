//! Valid inputs, broken as attackers, proxies and faulty programs break them; for tests only.
//!
//! A mutated example reaches far deeper into a reader than random bytes do. [`json`] changes the tree of an example and
//! then its bytes, [`bytes`] the bytes alone, [`unicode`] makes texts of the characters that engines stumble over.

mod bytes;
mod input;
mod tree;
mod unicode;

pub use bytes::bytes;
pub use input::Input;
pub use tree::json;
pub use unicode::unicode;

use proptest::test_runner::Config;

/// So many cases, or what the variable `PROPTEST_CASES` says. A failing case is kept in `proptest-regressions/` and
/// comes first from then on.
#[must_use]
pub fn cases(usual: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { max_shrink_iters: 20_000, ..Config::with_cases(asked.unwrap_or(usual)) }
}
