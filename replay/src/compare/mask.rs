//! Texts as results have them: personal data starred, and no longer than a judge reads.

use safety::personal::{Masking, Style, Styles, hidden};

/// Most characters of a text in the results.
const MOST_CHARACTERS: usize = 12_000;

/// The text for a file that people read.
pub(super) fn masked(text: &str) -> String {
    let styles = Styles { default: Style::Stars, ..Styles::default() };
    let starred = hidden(text, Masking { styles: &styles, key: &[] });
    let text = starred.as_deref().unwrap_or(text);
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
