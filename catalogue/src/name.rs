//! Names by which bots are mentioned, compared as people take them: without regard to case, width, accents' spelling, kinds
//! of spaces, and what nobody sees. One comparison for configuration, which refuses two bots of one name, and for texts.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether a mention may begin with it.
pub fn is_sign(c: char) -> bool {
    matches!(c, '@' | '＠' | '﹫')
}

/// Zero-width spaces and marks of direction: nobody sees them, and programs put them around names.
pub fn is_thin(c: char) -> bool {
    matches!(c, '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}')
        || matches!(c, '\u{61c}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether it belongs to the character before it: accents, vowel signs, joiners and variation selectors, skin tones.
pub fn is_attached(c: char) -> bool {
    is_combining_mark(c) || is_joiner(c) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Joins or varies its neighbours; no name differs by it.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{200c}' | '\u{200d}')
        || matches!(c, '\u{2061}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_space(c: char) -> bool {
    c.is_whitespace() && !is_line_end(c)
}

/// The name without signs and blanks before it and blanks behind it; many write the sign with a name.
pub fn bare(name: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || c.is_control() || is_thin(c);
    name.trim_start_matches(|c| blank(c) || is_sign(c)).trim_end_matches(blank)
}

/// The one spelling of all names that are equal, [`bare`]; empty when nothing is left.
pub fn key(name: &str) -> String {
    let bare = bare(name);
    let (mut key, mut letters) = (String::with_capacity(bare.len()), Letters::new(bare, Thin::Nothing));
    while letters.read_into(&mut key).is_some() {}
    key
}

/// What a thin character stands for: programs write it for a space as well as for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thin {
    /// It is not there.
    Nothing,
    /// It is a space.
    Space,
}

/// Reads a text character by character, each with what is attached to it, as [`key`] spells it.
#[derive(Debug, Clone)]
pub struct Letters<'a> {
    text: &'a str,
    at: usize,
    thin: Thin,
}

impl<'a> Letters<'a> {
    /// Reads from the beginning.
    pub fn new(text: &'a str, thin: Thin) -> Self {
        Self { text, at: 0, thin }
    }

    /// Appends the next character, a run of spaces being one space; where it ends in the text, `None` at the text's end.
    pub fn read_into(&mut self, key: &mut String) -> Option<usize> {
        let is_gap = |c: char| is_space(c) || is_thin(c);
        let nothing = |c: char| is_joiner(c) || (self.thin == Thin::Nothing && is_thin(c));
        let rest = self.text[self.at..].trim_start_matches(nothing);
        let first = rest.chars().next()?;
        let start = self.text.len() - rest.len();
        let length = first.len_utf8();
        if is_gap(first) {
            key.push(' ');
            self.at = start + rest.find(|c| !is_gap(c)).unwrap_or(rest.len());
            return Some(self.at);
        }
        let attached = rest[length..].find(|c| !is_attached(c)).unwrap_or(rest.len() - length);
        self.at = start + length + attached;
        if attached == 0 && first.is_ascii() {
            key.push(first.to_ascii_lowercase());
        } else {
            rest[..length + attached].nfkd().filter(|c| !is_joiner(*c)).for_each(|c| fold(c, key));
        }
        Some(self.at)
    }
}

/// One case for all that has several: by way of upper case, which has more in common (ß and SS, σ and ς).
fn fold(c: char, key: &mut String) {
    key.extend(c.to_uppercase().flat_map(char::to_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_as_people_take_them() {
        for (one, other) in [
            ("小助手", "@小助手"),
            ("小助手", "＠ 小助手 "),
            ("小助手", "﹫\u{200b}小助手"),
            ("AI", "ａｉ"),
            ("Help Desk", "help\u{a0}desk"),
            ("Help Desk", "HELP\u{3000}\u{2005} DESK"),
            ("Help Desk", "Help\u{200b} Desk\u{feff}"),
            ("José", "jose\u{301}"),
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("ﬁn", "FIN"),
            ("❤️助手", "❤助手"),
            ("👩\u{200d}💻", "👩💻"),
            ("가나", "\u{1100}\u{1161}\u{1102}\u{1161}"),
            ("カタ", "ｶﾀ"),
            ("ガ", "ｶﾞ"),
            ("\u{200f}عون\u{200f}", "عون"),
            ("a\u{323}\u{307}", "a\u{307}\u{323}"),
        ] {
            assert_eq!(key(one), key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_that_people_tell_apart_differ() {
        for (one, other) in [
            ("AI", "A I"),
            ("Help Desk", "HelpDesk"),
            ("Jose", "José"),
            ("小助手", "小助理"),
            ("bot_help", "bot-help"),
            ("👩", "👩🏽"),
            ("a\nb", "a b"),
        ] {
            assert_ne!(key(one), key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_name_of_signs_and_spaces_is_none() {
        for name in ["", "@", " ＠ ﹫\u{3000}", "\u{200b}"] {
            assert_eq!(key(name), "", "{name:?}");
        }
        assert_eq!(key("bob@acme.com"), "bob@acme.com");
    }
}
