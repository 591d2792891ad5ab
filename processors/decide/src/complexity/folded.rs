//! A text without what does not change its meaning: case, width, script, kinds of quotes and dashes, emoji, spaces between Chinese characters.

use std::sync::LazyLock;

/// The first of the Chinese characters that a table maps.
const FIRST: u32 = 0x3400;
/// Behind the last of them.
const END: u32 = 0xA000;
const PAIRS: &str = include_str!("traditional.txt");

/// Texts are read so far; whatever comes behind adds nothing that changes the class.
const LONGEST: usize = 8_000;

/// What a character becomes, for each one between `FIRST` and `END`.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (FIRST..END).filter_map(char::from_u32).collect();
    for pair in PAIRS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        let mut chars = pair.chars();
        if let (Some(from), Some(to)) = (chars.next(), chars.next())
            && let Some(place) = table.get_mut((from as u32).saturating_sub(FIRST) as usize)
        {
            *place = to;
        }
    }
    table
});

/// A folded text.
pub(super) struct Folded {
    pub(super) chars: Vec<char>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self { chars: Vec::with_capacity(text.len().min(LONGEST)) };
        for c in text.chars().take(LONGEST) {
            let c = one(c);
            if c.is_ascii() || !c.is_uppercase() {
                folded.push(c.to_ascii_lowercase());
            } else {
                c.to_lowercase().for_each(|lower| folded.push(lower));
            }
        }
        folded
    }

    fn push(&mut self, c: char) {
        if silent(c) {
            return;
        }
        let last = self.chars.last().copied();
        let c = match (c, last) {
            ('-', Some(before)) if before.is_ascii_alphabetic() => ' ',
            ('\t', _) => ' ',
            _ => c,
        };
        let blank = |c: Option<char>| matches!(c, None | Some(' ' | '\n'));
        if c == ' ' && (blank(last) || last.is_some_and(chinese)) {
            return;
        }
        // A mark that is repeated says nothing more.
        if matches!(c, '?' | '!' | '。' | ',' | '~' | '…') && last == Some(c) {
            return;
        }
        if chinese(c) && last == Some(' ') {
            self.chars.pop();
        }
        self.chars.push(c);
    }
}

/// A Chinese character.
pub(super) fn chinese(c: char) -> bool {
    (FIRST..END).contains(&(c as u32))
}

/// Nothing is left of it: apostrophes, which people leave out, and everything that is drawn.
fn silent(c: char) -> bool {
    matches!(c,
        '\'' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\r'
        | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..='\u{e007f}')
}

/// The one spelling of a character.
fn one(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        '“' | '”' | '„' | '「' | '」' | '『' | '』' | '《' | '》' | '«' | '»' => '"',
        '‘' | '’' | '`' | '´' => '\'',
        '‐' | '‑' | '–' => '-',
        '、' => ',',
        '｡' => '。',
        _ if chinese(c) => SIMPLIFIED.get((c as u32 - FIRST) as usize).copied().unwrap_or(c),
        _ => c,
    }
}
