//! The phrases that patterns are made of, and the automaton that finds them.

use std::collections::BTreeMap;
use std::ops::Range;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::squeezed::Squeezed;
use crate::fold::Folded;

/// `CONCEPT = phrase | phrase …` on each line; a concept can have several lines; `#` starts a comment line. With `~=` words of letters are
/// also known with a typo and in disguise.
const VOCABULARY: &str = include_str!("vocabulary.txt");
/// The concept of words in ROT13 or backwards.
pub(super) const DISGUISED: &str = "DISGUISED";
/// Letters from which on a word is also known with a typo and in disguise.
const LONG_WORD: usize = 6;

/// Letters from which on a word with another vowel is seldom another word.
const SAFE_WORD: usize = 8;

/// A set of concepts, a bit for each; a single concept is the set of itself.
pub(super) type Concepts = u128;

/// A phrase found in a squeezed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) concept: Concepts,
    /// Bytes of the squeezed text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which phrase; equal for its typos.
    pub(super) phrase: u32,
    /// Characters before its start and before its end.
    pub(super) characters: Range<usize>,
    /// Sentence of its start and of its end.
    pub(super) sentences: Range<usize>,
}

impl Word {
    fn new(text: &Squeezed, phrase: Phrase, start: usize, end: usize) -> Self {
        let characters = text.characters_before(start)..text.characters_before(end);
        let sentences = text.sentence(start)..text.sentence(end.saturating_sub(1));
        Self { concept: phrase.concept, start, end, phrase: phrase.phrase, characters, sentences }
    }
}

#[derive(Debug, Clone, Copy)]
struct Phrase {
    concept: Concepts,
    phrase: u32,
    /// A short word of letters: it is not looked for across words.
    is_one_token: bool,
}

/// All concepts and an automaton of their phrases.
pub(super) struct Vocabulary {
    concepts: Vec<String>,
    phrases: Vec<Vec<Phrase>>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl Vocabulary {
    /// Reads the vocabulary.
    pub(super) fn new() -> Self {
        let mut read = Reader::default();
        for line in VOCABULARY.lines().filter(|line| !line.starts_with('#')) {
            if let Some((concept, phrases)) = line.split_once('=') {
                read.line(concept.trim(), phrases);
            }
        }
        read.finish()
    }

    /// The concept of this name.
    pub(super) fn concept(&self, name: &str) -> Option<Concepts> {
        self.concepts.iter().position(|known| known == name).and_then(bit)
    }

    /// All phrases in the text that begin and end where words do, in the order of their starts.
    pub(super) fn words(&self, text: &Squeezed) -> Vec<Word> {
        let mut words = Vec::new();
        let Some(automaton) = &self.automaton else { return words };
        for found in automaton.find_overlapping_iter(&text.text) {
            let (start, end) = (found.start(), found.end());
            for phrase in self.phrases.get(found.value() as usize).into_iter().flatten() {
                if fits(text, *phrase, start, end) {
                    words.push(Word::new(text, *phrase, start, end));
                }
            }
        }
        words.sort_by_key(|word| (word.start, word.end));
        words
    }
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary").field("concepts", &self.concepts).finish_non_exhaustive()
    }
}

fn fits(text: &Squeezed, phrase: Phrase, start: usize, end: usize) -> bool {
    let of_letters = |c: Option<char>| c.is_some_and(|c| c < '\u{2e80}');
    let found = text.text.get(start..end).unwrap_or_default();
    (!of_letters(found.chars().next()) || text.is_border(start))
        && (!of_letters(found.chars().next_back()) || text.is_border(end))
        && (!phrase.is_one_token || !text.has_border_within(&(start..end)))
}

/// Phrases by their spelling, in order, and what each spelling stands for.
#[derive(Default)]
struct Reader {
    concepts: Vec<String>,
    spellings: BTreeMap<String, Vec<Phrase>>,
    typos: Vec<(String, Concepts, u32)>,
    count: u32,
}

impl Reader {
    fn line(&mut self, concept: &str, phrases: &str) {
        let has_typos = concept.ends_with('~');
        let Some(concept) = self.numbered(concept.trim_end_matches(['~', ' '])) else { return };
        for phrase in phrases.split('|').map(str::trim).filter(|phrase| !phrase.is_empty()) {
            self.count += 1;
            let spelling = Squeezed::of(Folded::of(phrase).chars()).text;
            let letters = spelling.len();
            let is_word = spelling.bytes().all(|byte| byte.is_ascii_lowercase()) && !phrase.contains(' ');
            let is_one_token = letters < LONG_WORD && is_word;
            if has_typos && is_word && letters >= LONG_WORD {
                self.typos.extend(typos(&spelling).into_iter().map(|typo| (typo, concept, self.count)));
                if let Some(disguised) = self.numbered(DISGUISED) {
                    self.add(rot13(&spelling), disguised, is_one_token);
                    self.add(spelling.chars().rev().collect(), disguised, is_one_token);
                }
            }
            self.add(spelling, concept, is_one_token);
        }
    }

    fn add(&mut self, spelling: String, concept: Concepts, is_one_token: bool) {
        let known = self.spellings.entry(spelling).or_default();
        if known.iter().all(|phrase| phrase.concept != concept) {
            known.push(Phrase { concept, phrase: self.count, is_one_token });
        }
    }

    fn numbered(&mut self, name: &str) -> Option<Concepts> {
        let at = self.concepts.iter().position(|known| known == name).unwrap_or_else(|| {
            self.concepts.push(name.to_owned());
            self.concepts.len() - 1
        });
        bit(at)
    }

    fn finish(mut self) -> Vocabulary {
        // What is a word of the vocabulary itself is no typo.
        let words: Vec<String> = self.spellings.keys().cloned().collect();
        for (typo, concept, phrase) in std::mem::take(&mut self.typos) {
            if words.binary_search(&typo).is_err() {
                let known = self.spellings.entry(typo).or_default();
                if known.iter().all(|phrase| phrase.concept != concept) {
                    known.push(Phrase { concept, phrase, is_one_token: false });
                }
            }
        }
        let (spellings, phrases): (Vec<String>, Vec<Vec<Phrase>>) =
            self.spellings.into_iter().filter(|(spelling, _)| !spelling.is_empty()).unzip();
        let numbered = spellings.iter().zip(0_u32..);
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(numbered).ok();
        Vocabulary { concepts: self.concepts, phrases, automaton }
    }
}

/// The set of the concept of this number; there is room for 128.
fn bit(number: usize) -> Option<Concepts> {
    1_u128.checked_shl(u32::try_from(number).ok()?)
}

/// A letter left out, two letters exchanged, a letter doubled, in longer words another vowel. First and last letter stay.
fn typos(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut typos = Vec::new();
    for at in 1..letters.len().saturating_sub(1) {
        let mut left_out = letters.clone();
        let letter = left_out.remove(at);
        let mut doubled = letters.clone();
        doubled.insert(at, letter);
        let mut exchanged = letters.clone();
        exchanged.swap(at, at + 1);
        typos.extend([left_out, doubled, exchanged].map(|typo| typo.into_iter().collect()));
        if letters.len() >= SAFE_WORD && "aeiou".contains(letter) {
            typos.extend("aeiou".chars().map(|vowel| {
                let put = |(place, c): (usize, &char)| if place == at { vowel } else { *c };
                letters.iter().enumerate().map(put).collect()
            }));
        }
    }
    typos.retain(|typo: &String| typo != word);
    typos
}

fn rot13(word: &str) -> String {
    word.bytes().map(|byte| char::from((byte - b'a' + 13) % 26 + b'a')).collect()
}
