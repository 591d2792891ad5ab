//! Borders of words, as a segmentation of the text sees them.

use std::sync::LazyLock;

use jieba_rs::Jieba;

/// Characters on each side of a hit that the segmentation sees. It decides by the words around, not by what is far away.
const CONTEXT: usize = 24;

/// The segmenter with its own dictionary; loaded when the first word asks for it.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Whether the segmentation of a folded text has a border at both ends of a range of characters.
pub(crate) fn has_borders(chars: &[char], start: usize, end: usize) -> bool {
    let from = start.saturating_sub(CONTEXT);
    let to = (end + CONTEXT).min(chars.len());
    let window: String = chars.get(from..to).unwrap_or_default().iter().collect();
    let mut at = from;
    let (mut starts, mut ends) = (start == from, false);
    for token in JIEBA.cut(&window, false) {
        at += token.word.chars().count();
        starts |= at == start;
        ends |= at == end;
        if at >= end {
            break;
        }
    }
    starts && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_within_longer_words_has_no_borders() {
        let has = |text: &str, word: &str| {
            let chars: Vec<char> = text.chars().collect();
            let start = text.split_once(word).unwrap().0.chars().count();
            has_borders(&chars, start, start + word.chars().count())
        };
        assert!(!has("这是个大麻烦", "大麻") && !has("路口交通很堵", "口交"));
        assert!(has("他们在卖大麻吗", "大麻") && has("网上赌博", "赌博"));
    }
}
