//! The dictionary of these tests.

use std::sync::LazyLock;

use safety::{Dictionary, Entry, RuleSet, View, Views, tab_separated};

/// Words with their views.
pub(crate) static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| tab_separated(&file("seed.tsv")).unwrap());

/// The engine of the dictionary.
pub(crate) static ENGINE: LazyLock<RuleSet> = LazyLock::new(|| {
    RuleSet::builder("seed").dictionary(&Dictionary::new("seed", ENTRIES.clone())).build().unwrap()
});

/// A file of the tests.
pub(crate) fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A set of views.
pub(crate) fn views(views: &[View]) -> Views {
    views.iter().copied().collect()
}
