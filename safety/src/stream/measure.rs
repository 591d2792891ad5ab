//! Distances in a text, in the characters that count as reach.

use crate::fold::fold_char;

/// How many characters count: those that folding keeps and that do not repeat the one before.
pub(super) fn counted(text: &str) -> usize {
    let mut count = 0;
    let mut before = None;
    for c in text.chars().filter(|c| is_kept(*c)) {
        count += usize::from(before != Some(c));
        before = Some(c);
    }
    count
}

/// The last byte position before `end` behind which, up to `end`, so many characters count; 0 when there are fewer.
pub(super) fn back(text: &str, end: usize, count: usize) -> usize {
    let mut left = count;
    let mut run = None;
    let mut at = end;
    for (start, c) in text.get(..end).unwrap_or_default().char_indices().rev() {
        if is_kept(c) && run != Some(c) {
            if left == 0 {
                return at;
            }
            left -= 1;
            run = Some(c);
        }
        at = start;
    }
    0
}

fn is_kept(c: char) -> bool {
    c.is_ascii() || fold_char(c).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_dropped_characters_do_not_count() {
        assert_eq!(counted("abc"), 3);
        assert_eq!(counted("a\u{200b}a\u{200b}\u{200b}bb"), 2);
        assert_eq!(counted("\u{200b}"), 0);
    }

    #[test]
    fn the_way_back_takes_a_whole_run() {
        assert_eq!(back("abcd", 4, 2), 2);
        assert_eq!(back("abcccd", 6, 2), 2);
        assert_eq!(back("ab\u{200b}cd", 7, 2), 2);
        assert_eq!(back("ab", 2, 5), 0);
        assert_eq!(back("abcd", 3, 1), 2);
        assert_eq!(back("ab", 2, 0), 2);
    }
}
