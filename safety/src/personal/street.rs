//! Postal addresses in English: behind a word for an address, a house number and a street.

use std::sync::LazyLock;

use super::context::{after, names};
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::words::Words;

static TOLD: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "address|my address|home address|live at|lives at|living at|i live at|ship to|ship it to|deliver to|\
         deliver it to|send it to|mail to|mail it to|reside at|located at home|地址|住址|收货地址|收件地址",
    )
});
static STREETS: LazyLock<Words> = LazyLock::new(|| {
    Words::of("road|rd|street|st|avenue|ave|lane|ln|boulevard|blvd|drive|alley|highway|court|square")
});
/// Words that do not belong to an address any more.
static ENDS: LazyLock<Words> =
    LazyLock::new(|| Words::of("please|thanks|thank|by|before|and|tomorrow|today|when|but"));

/// Longest address in characters.
const LONGEST: usize = 120;

/// Finds the address that begins at a position, before which no letter or digit stands.
pub(super) fn find(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    if !names(plain, start, &TOLD) {
        return;
    }
    let end = end_of(plain, start);
    let numbered = plain.slice(start..end).iter().any(char::is_ascii_digit);
    if numbered && end - start >= 12 && after(plain, start, &STREETS, end - start) {
        hits.push(Hit { kind: Kind::Address, range: start..end });
    }
}

/// Where a sentence or another thought begins.
fn end_of(plain: &Plain, start: usize) -> usize {
    let limit = plain.len().min(start + LONGEST);
    let mut end = start;
    while end < limit {
        let c = plain.at(end);
        let full_stop = c == '.' && !plain.at(end + 1).is_ascii_alphanumeric() && !is_abbreviated(plain, end);
        let inside = c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '.' | '#' | '-' | '/' | '\'');
        if !inside || full_stop || ENDS.stand_at(plain, end, limit) {
            break;
        }
        end += 1;
    }
    plain.skip_back(end, |c| matches!(c, ' ' | ',' | '.' | '-'))
}

/// Whether the full stop at a position belongs to a short form.
fn is_abbreviated(plain: &Plain, at: usize) -> bool {
    let start = plain.skip_back(at, |c| c.is_ascii_alphabetic());
    let short = ["no", "rd", "st", "ave", "bldg", "apt", "rm", "blvd"];
    short.iter().any(|word| word.len() == at - start && plain.has(start, word)) && plain.at(at + 1) == ' '
}
