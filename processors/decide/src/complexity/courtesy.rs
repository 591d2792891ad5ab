//! Greetings, thanks and apologies before and behind what is asked. They say nothing of the work, whatever their length, so that they are
//! taken away; a text of nothing else stays as it is.
//!
//! A clause is a courtesy when words of `courtesies.txt` make it up and one of them is a core: "thanks for the last answer" has the core
//! `thanks`, the rest is glue.

use std::sync::LazyLock;

/// `core: ` and `glue: ` lines of words between bars; lower case, simplified, half width.
const WORDS: &str = include_str!("courtesies.txt");
/// Characters of the longest clause that is looked at.
const LONGEST: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Core,
    Glue,
}

/// The words, the longest first.
static PARTS: LazyLock<Vec<(Vec<char>, Part)>> = LazyLock::new(|| {
    let mut parts: Vec<(Vec<char>, Part)> = WORDS
        .lines()
        .filter_map(|line| {
            let (name, words) = line.split_once(": ")?;
            let part = if name == "core" { Part::Core } else { Part::Glue };
            Some(words.split(" | ").map(move |word| (word.trim().chars().collect(), part)))
        })
        .flatten()
        .collect();
    parts.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    parts
});

/// A folded text without the courtesies that it begins and ends with.
pub(super) fn strip(text: &[char]) -> &[char] {
    let kept = behind(before(text));
    if kept.iter().any(|c| c.is_alphanumeric()) { kept } else { text }
}

/// What follows the clauses of courtesy at the beginning.
fn before(mut text: &[char]) -> &[char] {
    loop {
        let Some(end) = text.iter().take(LONGEST).position(|c| ends_clause(*c)) else { return text };
        let clause = text.get(..end).unwrap_or_default();
        let is_blank = !clause.iter().any(|c| c.is_alphanumeric());
        if !is_blank && !is_courtesy(clause) {
            return text;
        }
        let rest = text.get(end + 1..).unwrap_or_default();
        let skipped = rest.iter().take_while(|c| ends_clause(**c) || c.is_whitespace()).count();
        text = rest.get(skipped..).unwrap_or_default();
    }
}

/// What precedes the clauses of courtesy at the end.
fn behind(mut text: &[char]) -> &[char] {
    loop {
        let trailing = text.iter().rev().take_while(|c| ends_clause(**c) || c.is_whitespace()).count();
        let body = text.get(..text.len() - trailing).unwrap_or_default();
        let Some(border) = body.iter().rev().take(LONGEST).position(|c| ends_clause(*c)) else { return text };
        let start = body.len() - border;
        if !is_courtesy(body.get(start..).unwrap_or_default()) {
            return text;
        }
        // A mark that ends what is asked stays, a comma joined the courtesy to it.
        let joined =
            body.get(..start).and_then(<[char]>::last).is_some_and(|c| matches!(c, ',' | ':' | '、' | '~'));
        text = body.get(..start - usize::from(joined)).unwrap_or_default();
    }
}

fn ends_clause(c: char) -> bool {
    matches!(c, ',' | '.' | '!' | '?' | ';' | ':' | '~' | '。' | '、' | '…' | '\n')
}

/// Whether words of courtesy make up a clause, a core among them.
fn is_courtesy(clause: &[char]) -> bool {
    let (mut at, mut has_core) = (0, false);
    while let Some(c) = clause.get(at) {
        if !c.is_alphanumeric() {
            at += 1;
            continue;
        }
        let rest = clause.get(at..).unwrap_or_default();
        let is_whole = |word: &[char]| {
            let is_letter = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
            rest.starts_with(word) && !(is_letter(word.last()) && is_letter(rest.get(word.len())))
        };
        let Some((word, part)) = PARTS.iter().find(|(word, _)| is_whole(word)) else { return false };
        has_core |= *part == Part::Core;
        at += word.len();
    }
    has_core
}

#[cfg(test)]
mod tests {
    use super::super::folded::Folded;
    use super::*;

    fn stripped(text: &str) -> String {
        strip(&Folded::new(text).chars).iter().collect()
    }

    #[test]
    fn courtesies_around_a_question_fall_away() {
        for text in [
            "Hi there, why does it lag",
            "Thanks for the last answer. Why does it lag",
            "Sorry to bother you again, why does it lag",
            "Good morning! I have a quick question. Why does it lag",
            "Why does it lag. Many thanks in advance!",
        ] {
            assert_eq!(stripped(text).trim_end_matches('.'), "why does it lag", "{text}");
        }
        for text in [
            "你好，为什么会卡",
            "謝謝剛才的回答。為什麼會卡",
            "不好意思打扰一下，我有个问题想问一下。为什么会卡",
            "在吗，为什么会卡，谢谢啦",
        ] {
            assert_eq!(stripped(text), "为什么会卡", "{text}");
        }
    }

    #[test]
    fn what_is_asked_and_what_is_nothing_but_courtesy_stays() {
        for text in
            ["谢谢", "hello, thanks!", "你好,在吗?", "hello world in python", "thanks giving day, when is it"]
        {
            assert_eq!(stripped(text), text, "{text}");
        }
    }
}
