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
