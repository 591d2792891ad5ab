//! What many system prompts say, and answers too.

use std::ops::Range;
use std::sync::LazyLock;

use super::pieces::Stripped;

/// One phrase a line; `#` starts a comment line.
const PHRASES: &str = include_str!("common_phrases.txt");

static STRIPPED: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let lines = PHRASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Stripped::of(line).into_chars()).collect()
});

/// Where such phrases stand in a stripped text.
pub(super) fn places(text: &[char]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for phrase in STRIPPED.iter() {
        let starts =
            text.windows(phrase.len()).enumerate().filter(|(_, window)| *window == phrase.as_slice());
        places.extend(starts.map(|(start, window)| start..start + window.len()));
    }
    places
}
