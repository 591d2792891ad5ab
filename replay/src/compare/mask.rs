//! Texts as results have them: personal data starred, and no longer than a judge reads.

use safety::personal::starred;

/// Most characters of a text in the results.
const MOST_CHARACTERS: usize = 12_000;

/// The text for a file that people read.
pub(super) fn masked(text: &str) -> String {
    let text = starred(text);
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
