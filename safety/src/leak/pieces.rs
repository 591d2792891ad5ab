//! Texts cut into overlapping pieces of one weight, which are looked up in each other.

use std::ops::Range;

use crate::fold::Folded;

use super::common_phrases;

/// An ideograph says about as much as three letters.
const IDEOGRAPH: usize = 3;

/// A folded text without anything but letters, ideographs and digits.
#[derive(Debug)]
pub(super) struct Stripped {
    folded: Folded,
    chars: Vec<char>,
    /// Where each character stands in the folded text.
    places: Vec<usize>,
    /// Weight of all characters before each, and of all.
    weights: Vec<usize>,
}

impl Stripped {
    pub(super) fn of(text: &str) -> Self {
        let folded = Folded::of(text);
        let (mut chars, mut places, mut weights) = (Vec::new(), Vec::new(), vec![0]);
        let mut weight = 0;
        for (place, &c) in folded.chars().iter().enumerate().filter(|(_, c)| c.is_alphanumeric()) {
            weight += if c < '\u{2e80}' { 1 } else { IDEOGRAPH };
            chars.push(c);
            places.push(place);
            weights.push(weight);
        }
        Self { folded, chars, places, weights }
    }

    pub(super) fn into_chars(self) -> Vec<char> {
        self.chars
    }

    fn weight(&self, range: &Range<usize>) -> usize {
        let at = |index: usize| self.weights.get(index).copied().unwrap_or_default();
        at(range.end).saturating_sub(at(range.start))
    }

    /// All pieces: from every character on, as many as have the weight together.
    fn pieces(&self, weight: usize) -> impl Iterator<Item = Range<usize>> {
        let mut end = 0;
        (0..self.chars.len()).map_while(move |start| {
            while self.weight(&(start..end)) < weight {
                if end == self.chars.len() {
                    return None;
                }
                end += 1;
            }
            Some(start..end)
        })
    }

    fn slice(&self, range: Range<usize>) -> &[char] {
        self.chars.get(range).unwrap_or_default()
    }

    /// Where the word stands, places that overlap not counted.
    pub(super) fn places_of(&self, word: &[char]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if word.is_empty() {
            return found;
        }
        for (start, window) in self.chars.windows(word.len()).enumerate() {
            if window == word && found.last().is_none_or(|last| last.end <= start) {
                found.push(start..start + word.len());
            }
        }
        found
    }

    /// Bytes of the source of these places, in order and joined where they touch.
    pub(super) fn sources(&self, mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
        spans.sort_by_key(|span| span.start);
        let mut sources: Vec<Range<usize>> = Vec::new();
        for span in spans {
            let (Some(first), Some(last)) =
                (self.places.get(span.start), span.end.checked_sub(1).and_then(|last| self.places.get(last)))
            else {
                continue;
            };
            let source = self.folded.source(*first..last + 1);
            match sources.last_mut() {
                Some(before) if source.start <= before.end => before.end = before.end.max(source.end),
                _ => sources.push(source),
            }
        }
        sources
    }
}

/// The pieces of a prompt that are its own, without those that many prompts have.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    weight: usize,
    prompt: Vec<char>,
    /// Weight of all characters of the prompt before each, and of all.
    weights: Vec<usize>,
    /// Hash and place of each piece, sorted.
    table: Vec<(u64, Range<usize>)>,
}

impl Pieces {
    pub(super) fn special_to(prompt: &Stripped, weight: usize) -> Self {
        let common = common_phrases::places(&prompt.chars);
        let mut table: Vec<(u64, Range<usize>)> = prompt
            .pieces(weight)
            .filter(|piece| {
                2 * common.iter().map(|phrase| overlap(phrase, piece)).sum::<usize>() <= piece.len()
            })
            .map(|piece| (hash(prompt.slice(piece.clone())), piece))
            .collect();
        table.sort_by_key(|(hash, piece)| (*hash, piece.start));
        Self { weight, prompt: prompt.chars.clone(), weights: prompt.weights.clone(), table }
    }

    /// Which pieces of the prompt the answer has.
    pub(super) fn told_by<'a>(&self, answer: &'a Stripped) -> Told<'a> {
        let (mut in_answer, mut in_prompt) = (Vec::new(), Vec::new());
        for piece in answer.pieces(self.weight) {
            let chars = answer.slice(piece.clone());
            let key = hash(chars);
            let from = self.table.partition_point(|(hash, _)| *hash < key);
            let same = self.table.get(from..).unwrap_or_default().iter().take_while(|(hash, _)| *hash == key);
            let before = in_prompt.len();
            in_prompt.extend(
                same.filter(|(_, place)| self.prompt.get(place.clone()) == Some(chars))
                    .take(1)
                    .map(|(_, place)| place.clone()),
            );
            if in_prompt.len() > before {
                in_answer.push(piece);
            }
        }
        Told { answer, in_answer, in_prompt }
    }

    /// Weight of the characters of the prompt that the answer tells, each once.
    pub(super) fn weight(&self, told: &Told<'_>) -> usize {
        self.covered(told.in_prompt.clone())
    }

    /// Weight of all characters of the prompt that are its own.
    pub(super) fn total_weight(&self) -> usize {
        self.covered(self.table.iter().map(|(_, piece)| piece.clone()).collect())
    }

    fn covered(&self, pieces: Vec<Range<usize>>) -> usize {
        let at = |index: usize| self.weights.get(index).copied().unwrap_or_default();
        joined(pieces, |_| false).iter().map(|range| at(range.end).saturating_sub(at(range.start))).sum()
    }
}

/// The pieces of an answer that come from a prompt.
#[derive(Debug)]
pub(super) struct Told<'a> {
    answer: &'a Stripped,
    in_answer: Vec<Range<usize>>,
    in_prompt: Vec<Range<usize>>,
}

impl Told<'_> {
    /// The pieces, joined where they overlap or where at most so much weight lies between them.
    pub(super) fn runs(&self, gap: usize) -> Vec<Range<usize>> {
        joined(self.in_answer.clone(), |between| self.answer.weight(between) <= gap)
    }

    /// Weight of the characters within the range that come from the prompt.
    pub(super) fn weight_within(&self, range: &Range<usize>) -> usize {
        let within = |piece: &&Range<usize>| range.start <= piece.start && piece.end <= range.end;
        let pieces = self.in_answer.iter().filter(within).cloned().collect();
        joined(pieces, |_| false).iter().map(|piece| self.answer.weight(piece)).sum()
    }
}

/// Ranges in order, joined where they touch or where what lies between them may be bridged.
fn joined(mut ranges: Vec<Range<usize>>, bridges: impl Fn(&Range<usize>) -> bool) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match runs.last_mut() {
            Some(last) if range.start <= last.end || bridges(&(last.end..range.start)) => {
                last.end = last.end.max(range.end);
            }
            _ => runs.push(range),
        }
    }
    runs
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> usize {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

/// FNV-1a over code points. What it finds is compared afterwards.
fn hash(chars: &[char]) -> u64 {
    chars.iter().fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3))
}
