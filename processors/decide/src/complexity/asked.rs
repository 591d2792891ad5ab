//! What of a text is asked. People tell a story, paste a page and then want one small thing: only that thing is to be answered.

use super::folded::chinese;
use super::lexicon::{Group, Hit};

/// Up to so many units everything is part of the question.
const SHORT: usize = 60;
/// Quoted or pasted text of so many characters is material.
const MATERIAL: usize = 40;

/// Half-open ranges of the text that are asked, in order.
pub(super) struct Asked {
    ranges: Vec<(usize, usize)>,
    /// It is long, and nothing is asked in it.
    pub(super) nothing: bool,
    /// Something is to be done to a text that comes with it.
    pub(super) pasted: bool,
}

/// Units of length: a Chinese character is one, a word in letters is two.
pub(super) fn units(text: &[char]) -> usize {
    let mut count = 0;
    let mut inside = false;
    for c in text {
        if chinese(*c) {
            count += 1;
        } else if c.is_alphanumeric() && !inside {
            count += 2;
        }
        inside = c.is_alphanumeric() && !chinese(*c);
    }
    count
}

impl Asked {
    pub(super) fn new(text: &[char], hits: &[Hit]) -> Self {
        let short = units(text) <= SHORT;
        let about = hits.iter().any(|hit| hit.group.takes_text());
        let mut ranges = Vec::new();
        let mut material = false;
        for (at, end) in sentences(text, if about { 0 } else { MATERIAL }) {
            let sentence = text.get(at..end).unwrap_or_default();
            let hits: Vec<&Hit> = hits.iter().filter(|hit| hit.at >= at && hit.at < end).collect();
            let asks = hits.iter().rev().find(|hit| hit.group == Group::Ask);
            let wants = !material && (short || sentence.contains(&'?') || demands(at, &hits));
            let last = end == text.len() && sentence.contains(&'?');
            if wants || last || asks.is_some() {
                let start = asks.filter(|_| units(sentence) > SHORT / 2).map_or(at, |hit| hit.at);
                let stop = pasted(text, at, end, &hits);
                material |= stop < end;
                ranges.push((start.min(stop), stop));
            }
        }
        let nothing = ranges.is_empty();
        if nothing && !hits.iter().any(|hit| hit.group == Group::Greet) {
            return Self { ranges: vec![(0, text.len())], nothing: false, pasted: false };
        }
        Self { ranges, nothing, pasted: material }
    }

    /// Whether this place is part of what is asked.
    pub(super) fn holds(&self, at: usize) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..*to).contains(&at))
    }
}

/// The sentences as ranges. Quoted material of some length is none.
fn sentences(text: &[char], material: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut quote: Option<usize> = None;
    for (n, c) in text.iter().enumerate() {
        let next = text.get(n + 1).copied().unwrap_or(' ');
        if *c == '"' {
            match quote.take() {
                Some(opened) if n - opened > material => {
                    found.push((start, opened));
                    start = n + 1;
                }
                Some(_) => {}
                None => quote = Some(n),
            }
        }
        let ends = matches!(c, '。' | '!' | '?' | '\n') || (matches!(c, '.' | ';') && next == ' ');
        if ends && quote.is_none_or(|opened| n - opened > 400) {
            found.push((start, n + 1));
            start = n + 1;
        }
    }
    found.push((start, text.len()));
    found.retain(|(from, to)| to > from);
    found
}

/// Begins with what is to be done, or asks for help.
fn demands(at: usize, hits: &[&Hit]) -> bool {
    let mut reach = at + 2;
    for hit in hits {
        if hit.group == Group::Help {
            return true;
        }
        if hit.at > reach {
            continue;
        }
        if hit.group == Group::Filler {
            reach = hit.end + 2;
        } else if hit.group.task() {
            return true;
        }
    }
    false
}

/// Where the material begins that a sentence is about: behind a colon, if something is to be done to a text.
fn pasted(text: &[char], at: usize, end: usize, hits: &[&Hit]) -> usize {
    let sentence = text.get(at..end).unwrap_or_default();
    let Some(colon) = sentence.iter().position(|c| *c == ':') else { return end };
    let about = hits.iter().any(|hit| hit.group.takes_text() && hit.at < at + colon);
    if about { at + colon + 1 } else { end }
}

#[cfg(test)]
mod tests {
    use super::super::folded::Folded;
    use super::super::lexicon::vocabulary;
    use super::*;

    fn asked(text: &str) -> (String, bool) {
        let text = Folded::new(text).chars;
        let asked = Asked::new(&text, &vocabulary().hits(&text));
        let kept = text.iter().enumerate().filter(|(n, _)| asked.holds(*n)).map(|(_, c)| *c).collect();
        (kept, asked.nothing)
    }

    #[test]
    fn a_short_text_is_asked_in_full() {
        assert_eq!(asked("我在上海。天气怎么样？").0, "我在上海。天气怎么样?");
    }

    #[test]
    fn of_a_long_story_only_the_question_is_asked() {
        let story = "昨天我和家人一起去了公园，那里人很多，我们拍了很多照片，孩子玩得很高兴。".repeat(3);
        assert_eq!(asked(&format!("{story}请问你们几点开门？")).0, "请问你们几点开门?");
        assert_eq!(asked(&format!("{story}谢谢你们！")), (String::new(), true));
    }

    #[test]
    fn what_is_to_be_translated_is_not_asked() {
        assert_eq!(asked("翻译：证明这个定理").0, "翻译:");
        assert_eq!(asked("\"分布式系统\"英文怎么说").0, "英文怎么说");
    }
}
