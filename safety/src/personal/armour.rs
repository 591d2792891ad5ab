//! Private keys in text armour (RFC 7468): from the line that begins one to the line that ends it.

use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;

/// Where the armour of a text ends, as far as it was looked for: every key that begins before the same last line ends there, so that
/// a text in which many begin and none ends is read once.
#[derive(Debug, Default)]
pub(super) struct Armour {
    last_line: Option<LastLine>,
}

/// The first last line behind a position.
#[derive(Debug, Clone, Copy)]
struct LastLine {
    /// None begins between this position and `start`.
    none_from: usize,
    /// Where it begins, or the length of the text where there is none.
    start: usize,
    /// Where it ends.
    end: usize,
}

impl Armour {
    /// Forgets the last text.
    pub(super) fn reset(&mut self) {
        self.last_line = None;
    }

    /// Finds the private key that begins at a position: from its first line to its last, or to the end when the last is missing.
    pub(super) fn find(&mut self, plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
        let header = plain.skip(start, is_dash);
        if header - start < 4 || plain.before(start) == '-' || !plain.has(header, "begin ") {
            return;
        }
        let title = plain.skip(header, is_title);
        let text: String = plain.slice(header..title).iter().collect();
        if text.to_ascii_uppercase().contains("PRIVATE KEY") {
            hits.push(Hit { kind: Kind::Secret, range: start..self.end(plain, title) });
        }
    }

    /// Where the first last line ends that begins at a position or behind it; the end of the text when there is none.
    fn end(&mut self, plain: &Plain, from: usize) -> usize {
        let known = self.last_line.filter(|line| (line.none_from..=line.start).contains(&from));
        let line = known.unwrap_or_else(|| last_line(plain, from));
        self.last_line = Some(line);
        line.end
    }
}

fn last_line(plain: &Plain, from: usize) -> LastLine {
    let found = (from..plain.len()).find(|at| plain.at(*at) == '-' && is_last_line(plain, *at));
    let start = found.unwrap_or(plain.len());
    let end = plain.skip(plain.skip(plain.skip(start, is_dash), is_title), is_dash);
    LastLine { none_from: from, start, end }
}

fn is_last_line(plain: &Plain, at: usize) -> bool {
    plain.before(at) != '-' && plain.has(plain.skip(at, is_dash), "end ")
}

fn is_dash(c: char) -> bool {
    c == '-'
}

fn is_title(c: char) -> bool {
    c != '-' && c != '\n'
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    /// Where private keys stand, in characters; each is looked for with what is known of those before it, or alone.
    fn keys(text: &str, mut before_each: impl FnMut(&mut Armour)) -> Vec<Range<usize>> {
        let (mut plain, mut armour, mut hits) = (Plain::default(), Armour::default(), Vec::new());
        plain.refill(text);
        for at in 0..plain.len() {
            before_each(&mut armour);
            armour.find(&plain, at, &mut hits);
        }
        hits.into_iter().map(|hit| hit.range).collect()
    }

    #[test]
    fn a_key_ends_with_its_last_line_or_with_the_text() {
        let whole = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----";
        let second = whole.len() + 1;
        let text = format!("{whole}\n{whole}\n----begin rsa private key");
        assert_eq!(
            keys(&text, |_| ()),
            [0..whole.len(), second..second + whole.len(), 2 * second..text.len()]
        );
        let none = "-----BEGIN CERTIFICATE-----\n---BEGIN PRIVATE KEY-----\n";
        assert!(keys(none, |_| ()).is_empty());
    }

    proptest! {
        #![proptest_config(mangle::cases(1_500))]

        #[test]
        fn what_is_known_of_keys_before_changes_nothing(pieces in prop::collection::vec(
            prop::sample::select(vec!["-----", "-", "BEGIN ", "END ", "PRIVATE KEY", "\n", "MII", "-----BEGIN PRIVATE KEY", "-----END "]),
            0..14,
        )) {
            let text = pieces.concat();
            prop_assert_eq!(keys(&text, |_| ()), keys(&text, Armour::reset), "{:?}", text);
        }
    }
}
