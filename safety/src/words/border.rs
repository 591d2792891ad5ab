//! What stands around a word.

use std::ops::Range;

use crate::rule::Border;
use crate::tables::{leet, lookalikes};
use crate::view::{View, Views};
use crate::words::marks::{LETTER, SEPARATOR};
use crate::words::segment;
use crate::words::{Found, Text};

/// Whether the surroundings of what was found are what its rule asks for.
pub(crate) fn holds(border: Border, text: Text<'_>, found: &Found) -> bool {
    let (start, end) = (found.start as usize, found.end as usize);
    match border {
        Border::Any => true,
        Border::Word => !in_longer_run(text, start..end, found.views) && !is_elision(text, start),
        Border::Seg => segment::has_borders(text.chars, start, end),
    }
}

/// Whether a run of letters and digits goes on beyond one of the ends of what was found through these views. What is read as a letter
/// is one of the run: `@ss` does not stand alone in `p@ss`.
fn in_longer_run(text: Text<'_>, place: Range<usize>, views: Views) -> bool {
    let ends = |edge: Option<usize>, beyond: Option<usize>| {
        let (Some(edge), Some(beyond)) = (edge, beyond) else { return false };
        let read = text.chars.get(edge).is_some_and(|c| is_read_as_letter(*c, views));
        (text.marks.in_run(edge) || read) && goes_on(text, edge, beyond)
    };
    ends(Some(place.start), place.start.checked_sub(1)) || ends(place.end.checked_sub(1), Some(place.end))
}

/// Whether a character beside one that is a letter, or read as one, is of the same run.
fn goes_on(text: Text<'_>, edge: usize, beyond: usize) -> bool {
    text.marks.in_run(beyond) || text.marks.is_other_letter(edge) && text.marks.is_other_letter(beyond)
}

/// Whether these views make a letter or digit of the alphabet of a character.
fn is_read_as_letter(c: char, views: Views) -> bool {
    views.has(View::Leet) && !leet(c).is_empty()
        || views.has(View::Lookalike) && lookalikes(c).iter().any(char::is_ascii_alphanumeric)
}

/// Whether something stands before a place with which what begins there may be in a longer run.
pub(crate) fn may_start_in_run(text: Text<'_>, start: usize) -> bool {
    start.checked_sub(1).is_some_and(|before| goes_on(text, start, before))
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
