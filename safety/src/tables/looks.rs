//! What characters look like.

use std::sync::LazyLock;

use super::pages::Lists;

/// A character and those it looks like, one a line; all folded.
const LOOKS: &str = include_str!("../../tables/lookalike.txt");

static TABLE: LazyLock<Lists<char>> = LazyLock::new(|| {
    let mut table = Lists::new();
    for line in LOOKS.lines() {
        let mut chars = line.chars();
        let c = chars.next();
        table.set(c, chars.collect());
    }
    table
});

/// All characters that a folded character looks like. The fold makes capitals small, so ν (Greek) has both v, like itself, and n,
/// like its capital. (Unicode Technical Standard 39, confusables, folded; and a few letters more.)
pub fn lookalikes(c: char) -> &'static [char] {
    TABLE.get(c)
}

/// The character by which all look-alikes of a folded character are known: Cyrillic а is `a`, 0 is `o`, 1 and i are `l`. `None` when
/// it is known by itself. What it gives looks like nothing else: applied twice it says the same.
pub fn lookalike(c: char) -> Option<char> {
    lookalikes(c).first().copied()
}

/// What a character looks like as it is written, where its fold is another letter or a digit and does not: ſ is an s, and looks like f.
/// (Unicode Technical Standard 39, confusables: those whose prototype is a Latin letter, and is not one of their fold's.)
pub(crate) fn written_lookalike(c: char) -> Option<char> {
    Some(match c {
        'ſ' => 'f',
        'ƿ' => 'p',
        'ʋ' => 'u',
        'ᶌ' => 'y',
        '٥' | '۵' => 'o',
        '٧' | '۷' | '\u{1e145}' => 'v',
        '\u{118e5}' => 'z',
        '\u{118e6}' => 'w',
        '\u{118e9}' => 'c',
        _ => return None,
    })
}

/// Whether a byte may begin a character of [`written_lookalike`].
pub(crate) const fn may_begin_written(byte: u8) -> bool {
    matches!(byte, 0xc5 | 0xc6 | 0xca | 0xd9 | 0xdb | 0xe1 | 0xf0)
}

/// The letters that a digit or sign stands for in leetspeak: 4 is a, 1 is i or l.
pub fn leet(c: char) -> &'static [char] {
    match c {
        '0' => &['o'],
        '1' => &['i', 'l'],
        '2' => &['z'],
        '3' => &['e'],
        '4' => &['a'],
        '5' => &['s'],
        '6' => &['g', 'b'],
        '7' => &['t', 'l'],
        '8' => &['b'],
        '9' => &['g', 'q'],
        '@' => &['a'],
        '$' => &['s'],
        '!' => &['i', 'l'],
        '|' => &['l', 'i'],
        '+' => &['t'],
        '(' => &['c'],
        '<' => &['c'],
        '€' => &['e'],
        '£' => &['l'],
        '¥' => &['y'],
        '¢' => &['c'],
        '©' => &['c'],
        '®' => &['r'],
        '#' => &['h'],
        _ => &[],
    }
}
