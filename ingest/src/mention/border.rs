//! Where a mention begins and ends.
//!
//! Programs that let their users pick whom they mention put a space behind the name; people who type a name often do not. So a
//! letter directly behind a name may continue it, and then a longer name, somebody else's, is meant; or it may begin the message.
//! It depends on the scripts of the two letters:
//! - Both are of a script with spaces between words: the letter continues the name.
//! - Both are of a script without, such as Chinese, Japanese or Thai: the letter begins the message («@小助手你好»).
//! - One of each: the letter begins the message («@AI你好»), unless only a few letters follow up to a space, as programs write the
//!   name of somebody else («@AI助手小王 开会了»).

use catalogue::name::{is_attached, is_thin};

/// Most letters behind a name and in front of a space that are taken as the rest of a longer name; more are a sentence.
const LONGEST_REST: usize = 8;
/// A host's name is read up to so many bytes.
const LONGEST_HOST: usize = 64;
/// The zero-width joiner: an emoji that ends with it goes on, for example with a skin tone or a profession.
const JOINER: char = '\u{200d}';

/// Whether a sign behind this text may begin a mention. With a letter or digit in front of it, it is part of an address.
pub(super) fn opens(before: &str) -> bool {
    match before.chars().rev().find(|c| !is_attached(*c)) {
        Some('_') => false,
        Some(c) => !c.is_alphanumeric() || is_unspaced(c),
        None => true,
    }
}

/// Whether a name ends where this rest begins; otherwise it is the beginning of a longer name.
pub(super) fn closes(name: &str, rest: &str) -> bool {
    let mut after = rest.chars();
    let Some(next) = after.next() else { return true };
    if name.ends_with(JOINER) {
        return is_thin(next) || next.is_whitespace();
    }
    let last = name.chars().rev().find(|c| !is_attached(*c));
    let Some(last) = last.filter(|c| c.is_alphanumeric() || *c == '_') else { return true };
    match next {
        '_' => false,
        '-' | '·' | '・' | '‧' => !after.next().is_some_and(char::is_alphanumeric),
        '.' => !after.next().is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c)),
        '/' => !after.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        '@' => !is_host(after.as_str()),
        next if next.is_alphanumeric() => match (is_unspaced(last), is_unspaced(next)) {
            (true, true) => true,
            (true, false) => next.is_alphabetic() || !is_set_off(rest),
            (false, true) => !is_set_off(rest),
            (false, false) => false,
        },
        _ => true,
    }
}

/// Whether the text begins with a few letters and a space.
fn is_set_off(text: &str) -> bool {
    let mut letters = 0;
    for c in text.chars() {
        if c.is_alphanumeric() || c == '_' {
            letters += 1;
        } else if !is_attached(c) {
            return c.is_whitespace() && !matches!(c, '\n' | '\r');
        }
        if letters > LONGEST_REST {
            return false;
        }
    }
    false
}

/// Whether the text begins with a name of a host: there is a full stop between two of its letters.
fn is_host(text: &str) -> bool {
    let end =
        text.bytes().take(LONGEST_HOST).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let host = &text[..end.count()];
    host.trim_end_matches(['.', '-']).split_once('.').is_some_and(|(one, _)| !one.is_empty())
}

/// A letter of a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        // Thai, Lao, Tibetan, Myanmar, Khmer
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}'
        // Tai, Balinese, Javanese
        | '\u{1950}'..='\u{19df}' | '\u{1a20}'..='\u{1aaf}' | '\u{1b00}'..='\u{1b7f}' | '\u{a980}'..='\u{a9df}'
        // Radicals, kana, Bopomofo, Han, Yi; not Hangul, which has spaces
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}')
}
