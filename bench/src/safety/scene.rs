//! Words and messages that are made up, the same in every run, with the statistics of real ones.

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result};
use std::collections::BTreeSet;

/// The ideographs of GB 2312's first level: the commonest first, then the others by their reading.
const IDEOGRAPHS: &str = include_str!("ideographs.txt");
/// Words of everyday messages.
const EVERYDAY: &str = include_str!("words.txt");
/// Of so many messages one has a word of the dictionary.
const HIT_IN: usize = 50;

const LATIN: [&str; 10] = ["ok", "App", "iPhone", "VIP", "wifi", "Excel", "bug", "AA", "hello", "T恤"];
const NUMBERS: [&str; 8] = ["3", "10点", "2026", "100元", "8:30", "50%", "1-2", "15.5"];
const SIGNS: [&str; 14] = ["，", "，", "，", "，", "。", "。", "！", "？", "、", "：", "~", " ", "……", "\n"];
const LIVELY: [&str; 12] =
    ["哈哈哈", "嗯嗯", "！！！", "？？", "。。。", "😂", "👍", "👍👍", "❤️", "👨‍👩‍👧", "[微笑]", "呜呜呜"];

/// What is judged, and by which words.
pub(super) struct Scene {
    /// Two to six characters each, different ones, made of everyday words and of characters by themselves.
    pub(super) words: Vec<String>,
    /// Messages of 85 characters: everyday words and characters with punctuation, letters, numbers, emoji. One in fifty begins with
    /// one of the words, every second of these with a sign within; no other has one, nor would have one without its signs.
    pub(super) short: Vec<String>,
    /// Messages of 2,000 characters, made in the same way.
    pub(super) long: Vec<String>,
}

impl Scene {
    /// A scene of so many words; the same for the same seed.
    ///
    /// # Errors
    /// When the words do not fit into one automaton.
    pub(super) fn new(seed: u64, words: usize) -> Result<Self> {
        let mut maker = Maker::new(seed);
        let mut short: Vec<String> = (0..5_000).map(|_| maker.message(85)).collect();
        let mut long: Vec<String> = (0..200).map(|_| maker.message(2_000)).collect();
        // Nobody keeps words on a list that stand in ordinary messages.
        let candidates = maker.words(words + words / 8);
        let said = said(&candidates, short.iter().chain(&long))?;
        let words: Vec<String> =
            candidates.into_iter().filter(|word| !said.contains(word)).take(words).collect();
        for messages in [&mut short, &mut long] {
            for (number, message) in messages.iter_mut().skip(HIT_IN - 1).step_by(HIT_IN).enumerate() {
                let word = &words[maker.random.usize(..words.len())];
                let length = message.chars().count();
                *message = (with_sign(word, number % 2 == 1) + message).chars().take(length).collect();
            }
        }
        Ok(Self { words, short, long })
    }
}

/// The words that stand in any of the messages once what is no ideograph is left out.
fn said<'a>(words: &[String], messages: impl Iterator<Item = &'a String>) -> Result<BTreeSet<String>> {
    let automaton = AhoCorasick::new(words).context("building the automaton of the scene")?;
    let mut said = BTreeSet::new();
    for message in messages {
        let bare: String = message.chars().filter(|c| ('\u{4e00}'..'\u{a000}').contains(c)).collect();
        said.extend(automaton.find_overlapping_iter(&bare).map(|hit| words[hit.pattern()].clone()));
    }
    Ok(said)
}

/// The word, with a sign behind its first character if wanted.
fn with_sign(word: &str, wanted: bool) -> String {
    let mut chars = word.chars();
    let first: String = chars.by_ref().take(1).collect();
    let sign = if wanted { "*" } else { "" };
    format!("{first}{sign}{}", chars.as_str())
}

struct Maker {
    random: fastrand::Rng,
    ideographs: Vec<char>,
    everyday: Vec<&'static str>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            ideographs: IDEOGRAPHS.chars().filter(|c| !c.is_whitespace()).collect(),
            everyday: EVERYDAY.split_whitespace().collect(),
        }
    }

    fn words(&mut self, count: usize) -> Vec<String> {
        let mut words = BTreeSet::new();
        while words.len() < count {
            let length = [2, 3, 3, 4, 4, 4, 5, 6][self.random.usize(..8)];
            let mut word: Vec<char> = Vec::new();
            while word.len() < length {
                if self.random.u8(..10) < 3 {
                    word.extend(self.everyday_word().chars());
                } else {
                    // Words on lists are less made of common characters than messages are.
                    word.push(self.ideographs[self.random.usize(..self.ideographs.len())]);
                }
            }
            words.insert(word.into_iter().take(length).collect::<String>());
        }
        let mut words: Vec<String> = words.into_iter().collect();
        self.random.shuffle(&mut words);
        words
    }

    fn message(&mut self, characters: usize) -> String {
        let mut message = Vec::with_capacity(characters + 8);
        let mut until_sign = 8;
        while message.len() < characters {
            let before = message.len();
            self.add_piece(&mut message);
            let added = message.len() - before;
            if until_sign <= added {
                message.extend(SIGNS[self.random.usize(..SIGNS.len())].chars());
                until_sign = self.random.usize(5..14);
            } else {
                until_sign -= added;
            }
        }
        message.into_iter().take(characters).collect()
    }

    fn add_piece(&mut self, message: &mut Vec<char>) {
        match self.random.u8(..100) {
            0..60 => message.extend(self.everyday_word().chars()),
            60..93 => message.push(self.common()),
            93..95 => message.extend(LATIN[self.random.usize(..LATIN.len())].chars()),
            95..97 => message.extend(NUMBERS[self.random.usize(..NUMBERS.len())].chars()),
            _ => message.extend(LIVELY[self.random.usize(..LIVELY.len())].chars()),
        }
    }

    fn everyday_word(&mut self) -> &'static str {
        self.everyday[self.random.usize(..self.everyday.len())]
    }

    /// An ideograph, the n-th with a probability of about 1 in n (Zipf's law).
    fn common(&mut self) -> char {
        let place = (self.ideographs.len() as f64).powf(self.random.f64()) as usize;
        self.ideographs[place.saturating_sub(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_length_and_only_those_that_shall_have_a_word_have_one() {
        let scene = Scene::new(1, 2_000).unwrap();
        assert_eq!(scene.words.len(), 2_000);
        let lengths = |messages: &[String]| -> BTreeSet<usize> {
            messages.iter().map(|message| message.chars().count()).collect()
        };
        assert_eq!((lengths(&scene.short), lengths(&scene.long)), ([85].into(), [2_000].into()));
        let automaton = AhoCorasick::new(&scene.words).unwrap();
        let hit = scene.short.iter().filter(|message| automaton.is_match(message.as_str())).count();
        assert_eq!(hit, scene.short.len() / HIT_IN / 2);
    }
}
