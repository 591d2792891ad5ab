//! What stands around a word.

use crate::rule::Border;
use crate::words::marks::{LETTER, SEPARATOR};
use crate::words::segment;
use crate::words::{Found, Text};

/// Whether the surroundings of what was found are what its rule asks for.
pub(crate) fn holds(border: Border, text: Text<'_>, found: &Found) -> bool {
    let (start, end) = (found.start as usize, found.end as usize);
    match border {
        Border::Any => true,
        Border::Word => !in_longer_run(text, start, end) && !is_elision(text, start),
        Border::Seg => segment::has_borders(text.chars, start, end),
    }
}

/// Whether a run of letters and digits goes on beyond one of the ends.
pub(crate) fn in_longer_run(text: Text<'_>, start: usize, end: usize) -> bool {
    let marks = text.marks;
    let first = marks.in_run(start) && marks.in_run_before(start);
    let last = marks.in_run_before(end) && marks.in_run(end);
    first || last
}

/// Whether a run of letters and digits comes up to a place.
pub(crate) fn starts_in_run(text: Text<'_>, start: usize) -> bool {
    text.marks.in_run_before(start)
}

/// Whether the first letter is what is left of a word behind an apostrophe, and a separator follows: the `s ex` of `her brother's ex`.
pub(crate) fn is_elision(text: Text<'_>, start: usize) -> bool {
    let apostrophe = |at: usize| matches!(text.chars.get(at), Some('\'' | '’'));
    let Some(before) = start.checked_sub(1) else { return false };
    let marks = text.marks;
    marks.at(start) & LETTER != 0
        && marks.at(start + 1) & SEPARATOR != 0
        && apostrophe(before)
        && marks.before(before) & LETTER != 0
}

/// Whether a token is a piece of a longer name: of a path, an address, a version. One of the signs that join such names stands at an
/// end of it, with a letter or digit on the sign's other side, or an underscore.
pub(crate) fn in_longer_name(text: Text<'_>, start: usize, end: usize) -> bool {
    let joins = |at: usize| {
        matches!(
            text.chars.get(at),
            Some('.' | '/' | '\\' | '@' | ':' | '-' | '=' | '&' | '?' | '#' | '%' | '\'' | '’' | '+')
        )
    };
    let joins_all = |at: usize| text.chars.get(at) == Some(&'_');
    let run = |at: usize| text.marks.in_run(at);
    let before = start
        .checked_sub(1)
        .is_some_and(|at| joins_all(at) || joins(at) && at.checked_sub(1).is_some_and(run));
    before || joins_all(end) || joins(end) && run(end + 1)
}
