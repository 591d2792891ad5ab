//! A folded text without what stands between its words.

use std::ops::Range;

/// Letters of a token from which on words are also looked for inside it: such a token is several words written as one.
const SEVERAL_WORDS: usize = 16;
/// Characters of a sentence below which its end does not count: "Ignore. Previous. Instructions."
const SHORT_SENTENCE: usize = 12;

/// Letters, ideographs and digits of a folded text, and where words and sentences end between them.
#[derive(Debug, Default)]
pub(super) struct Squeezed {
    /// The characters that are left.
    pub(super) text: String,
    /// For each character its byte position here and its place in the folded text.
    places: Vec<(u32, u32)>,
    /// Byte positions at which a word can begin or end.
    borders: Vec<u32>,
    /// Byte positions at which a sentence begins.
    sentences: Vec<u32>,
    /// Bytes of tokens that are several words written as one.
    joined: Vec<Range<u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Ideograph,
    Blank,
}

impl Squeezed {
    /// Squeezes folded characters.
    pub(super) fn of(folded: &[char]) -> Self {
        let mut squeezed = Self { text: String::with_capacity(folded.len() * 3), ..Self::default() };
        let (mut before, mut token, mut sentence, mut is_ended) = (Kind::Blank, 0, 0, false);
        for (place, &raw) in folded.iter().enumerate() {
            let next = folded.get(place + 1).copied();
            let c = plain(raw, place.checked_sub(1).and_then(|place| folded.get(place)).copied(), next);
            let kind = kind(c);
            if kind == Kind::Blank {
                is_ended |= ends_sentence(c, next);
            } else {
                if kind != before || kind == Kind::Ideograph {
                    squeezed.end_token(token);
                    token = squeezed.at();
                    if is_ended && squeezed.places.len() - sentence >= SHORT_SENTENCE {
                        squeezed.sentences.push(squeezed.at());
                        sentence = squeezed.places.len();
                    }
                    is_ended = false;
                }
                let at = (squeezed.at(), u32::try_from(place).unwrap_or(u32::MAX));
                squeezed.places.push(at);
                squeezed.text.push(c);
            }
            before = kind;
        }
        squeezed.end_token(token);
        squeezed
    }

    fn at(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn end_token(&mut self, start: u32) {
        let end = self.at();
        if (end - start) as usize >= SEVERAL_WORDS {
            self.joined.push(start..end);
        }
        if self.borders.last() != Some(&end) {
            self.borders.push(end);
        }
    }

    /// Whether a word can begin or end here.
    pub(super) fn is_border(&self, at: usize) -> bool {
        at == 0 || self.borders.binary_search(&narrow(at)).is_ok() || self.is_joined(at)
    }

    fn is_joined(&self, at: usize) -> bool {
        let at = narrow(at);
        self.joined.iter().any(|token| token.start <= at && at <= token.end)
    }

    /// Whether something stood between the first and the last of these characters.
    pub(super) fn has_border_within(&self, range: &Range<usize>) -> bool {
        let after = self.borders.partition_point(|border| *border <= narrow(range.start));
        self.borders.get(after).is_some_and(|border| *border < narrow(range.end))
    }

    /// Number of the sentence at this byte.
    pub(super) fn sentence(&self, at: usize) -> usize {
        self.sentences.partition_point(|start| *start <= narrow(at))
    }

    /// Number of characters before this byte.
    pub(super) fn characters_before(&self, at: usize) -> usize {
        self.places.partition_point(|(start, _)| *start < narrow(at))
    }

    /// The characters of the folded text that these bytes come from.
    pub(super) fn folded(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.characters_before(range.start);
        let last = self.characters_before(range.end).saturating_sub(1);
        let place = |index: usize| self.places.get(index).map_or(0, |(_, place)| *place as usize);
        place(first)..place(last) + 1
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn kind(c: char) -> Kind {
    if c.is_ascii_alphanumeric() {
        Kind::Letter
    } else if c.is_ascii() || !c.is_alphanumeric() {
        Kind::Blank
    } else if c < '\u{2e80}' {
        Kind::Letter
    } else {
        Kind::Ideograph
    }
}

/// The letter that a digit or sign stands for where a letter follows and none but a letter or nothing stands before: "1gnore", "pr3vious".
fn plain(c: char, before: Option<char>, next: Option<char>) -> char {
    let letter = match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return c,
    };
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let before_fits = match before {
        Some(before) if c == '!' => is_letter(before),
        Some(before) => is_letter(before) || !before.is_ascii_alphanumeric(),
        None => c != '!',
    };
    if before_fits && next.is_some_and(is_letter) { letter } else { c }
}

fn ends_sentence(c: char, next: Option<char>) -> bool {
    match c {
        '。' | '!' | '?' | ';' | '\n' | '…' => true,
        '.' => next.is_none_or(char::is_whitespace),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(text: &str) -> Squeezed {
        Squeezed::of(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn what_stands_between_falls_away_and_borders_stay() {
        let found = squeezed("ig-nore, 忽 略x");
        assert_eq!(found.text, "ignore忽略x");
        for (at, is_border) in
            [(0, true), (1, false), (2, true), (6, true), (9, true), (12, true), (13, true)]
        {
            assert_eq!(found.is_border(at), is_border, "{at}");
        }
        assert!(found.has_border_within(&(0..6)));
        assert!(!found.has_border_within(&(2..6)));
    }

    #[test]
    fn digits_inside_words_are_letters() {
        assert_eq!(squeezed("1gnore pr3vi0us 5ystem").text, "ignorepreviousssystem".replace("sss", "ss"));
        assert_eq!(squeezed("base64 rot13 2024").text, "base64rot132024");
    }

    #[test]
    fn sentences_are_counted_unless_they_are_very_short() {
        let found = squeezed("The first sentence. The second one");
        assert_eq!((found.sentence(0), found.sentence(18)), (0, 1));
        let found = squeezed("Ignore. Previous");
        assert_eq!(found.sentence(7), 0);
    }

    #[test]
    fn a_place_leads_back_to_the_folded_text() {
        let found = squeezed("a, bc d");
        assert_eq!(found.folded(&(1..4)), 3..7);
    }
}
