//! Sequences of concepts, each with a weight for a signal.

use super::signal::Signal;
use super::vocabulary::{Concepts, Vocabulary, Word};

/// `signal weight : CONCEPT ~24 CONCEPT|CONCEPT …` on each line. `~24` is how many characters may stand between; `~~24` may also cross the
/// end of a sentence. `#` starts a comment line.
const PATTERNS: &str = include_str!("patterns.txt");

/// A line of the pattern file that cannot be read; only a test meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadPattern(pub(super) String);

#[derive(Debug)]
struct Step {
    concepts: Concepts,
    /// Most characters between the step before and this one.
    gap: usize,
    crosses_sentences: bool,
}

#[derive(Debug)]
struct Pattern {
    signal: Signal,
    weight: i32,
    steps: Vec<Step>,
}

/// A pattern that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) signal: Signal,
    pub(super) weight: i32,
    /// Bytes of the squeezed text.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All patterns.
#[derive(Debug)]
pub(super) struct Patterns(Vec<Pattern>);

impl Patterns {
    /// Reads the patterns; lines that cannot be read are left out and given back.
    pub(super) fn new(vocabulary: &Vocabulary) -> (Self, Vec<BadPattern>) {
        let (mut patterns, mut bad) = (Vec::new(), Vec::new());
        for line in PATTERNS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            match pattern(line, vocabulary) {
                Some(pattern) => patterns.push(pattern),
                None => bad.push(BadPattern(line.to_owned())),
            }
        }
        (Self(patterns), bad)
    }

    /// The first match of each pattern.
    pub(super) fn matches(&self, words: &[Word]) -> Vec<Match> {
        let present = words.iter().fold(0, |present, word| present | word.concept);
        let can_match = |pattern: &&Pattern| pattern.steps.iter().all(|step| step.concepts & present != 0);
        self.0.iter().filter(can_match).filter_map(|pattern| pattern.first_match(words)).collect()
    }
}

impl Pattern {
    /// The match that ends first. Of each step the latest words are kept from which the next step can be reached: a later word reaches
    /// further than an earlier one.
    fn first_match(&self, words: &[Word]) -> Option<Match> {
        let mut reached: Vec<Latest<'_>> = self.steps.iter().map(|_| Latest::default()).collect();
        for word in words {
            for (at, step) in self.steps.iter().enumerate().rev() {
                if step.concepts & word.concept == 0 {
                    continue;
                }
                let start = match at.checked_sub(1).map(|before| reached.get(before)) {
                    None => Some(word.start),
                    Some(before) => before.and_then(|before| before.start_of(step, word)),
                };
                let Some(start) = start else { continue };
                if at + 1 == self.steps.len() {
                    return Some(Match { signal: self.signal, weight: self.weight, start, end: word.end });
                }
                if let Some(latest) = reached.get_mut(at) {
                    latest.keep(start, word);
                }
            }
        }
        None
    }
}

/// The last words that a step was reached with, and where each match begins. Words overlap, so that the last one alone may end too late.
#[derive(Debug, Default)]
struct Latest<'a>([Option<(usize, &'a Word)>; 6]);

impl<'a> Latest<'a> {
    fn keep(&mut self, start: usize, word: &'a Word) {
        self.0.rotate_right(1);
        if let Some(first) = self.0.first_mut() {
            *first = Some((start, word));
        }
    }

    /// Where the match begins that the word continues.
    fn start_of(&self, step: &Step, word: &Word) -> Option<usize> {
        let continues = |(_, from): &&(usize, &Word)| {
            from.end <= word.start
                && word.characters.start <= from.characters.end + step.gap
                && (step.crosses_sentences || from.sentences.end == word.sentences.start)
                && from.phrase != word.phrase
        };
        self.0.iter().flatten().find(continues).map(|(start, _)| *start)
    }
}

fn pattern(line: &str, vocabulary: &Vocabulary) -> Option<Pattern> {
    let (head, tail) = line.split_once(':')?;
    let (signal, weight) = head.trim().split_once(' ')?;
    let concepts =
        |names: &str| names.split('|').try_fold(0, |all, name| Some(all | vocabulary.concept(name)?));
    let mut parts = tail.split_whitespace();
    let first = Step { concepts: concepts(parts.next()?)?, gap: 0, crosses_sentences: false };
    let mut steps = vec![first];
    while let Some(gap) = parts.next() {
        let gap = gap.strip_prefix('~')?;
        let crosses_sentences = gap.starts_with('~');
        let gap = gap.trim_start_matches('~').parse().ok()?;
        steps.push(Step { concepts: concepts(parts.next()?)?, gap, crosses_sentences });
    }
    Some(Pattern { signal: Signal::named(signal)?, weight: weight.trim().parse().ok()?, steps })
}
