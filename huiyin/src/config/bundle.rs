//! The sections that make the bundle, some of which may not have been read as they are written.

use catalogue::{Bundle, RawCatalogue};
use common::Problem;

use super::salvage::Unread;

/// The bundle, and what is wrong with the sections that were read. If something was not read, the bundle has everything that can be
/// used all the same, so that other sections can be checked against its names.
pub(super) fn of(all: &RawCatalogue, unread: &Unread) -> (Bundle, Vec<Problem>) {
    let (bundle, found) = catalogue::check(all);
    if !["app", "target", "reviewer", "model", "price", "filter", "hash_key"]
        .into_iter()
        .any(|section| unread.section(section))
    {
        return (bundle, found);
    }
    let mut read = all.clone();
    // An app is checked against the targets of its chain, its reviewer, and the keys that it names.
    let around = ["target", "reviewer", "hash_key"].into_iter().any(|section| unread.section(section));
    read.app.retain(|app| !around && !unread.entry(&app.key));
    read.target.retain(|target| !unread.entry(&target.name));
    read.reviewer.retain(|reviewer| !unread.section("target") && !unread.entry(&reviewer.name));
    read.model.retain(|model| !unread.entry(&model.model));
    read.price.retain(|price| !unread.entry(&price.model));
    read.hash_key.retain(|key| !unread.entry(&key.name));
    if unread.section("filter") {
        read.filter = Default::default();
    }
    (bundle, catalogue::check(&read).1)
}
