//! The score of a text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode;
use super::mention::Mentions;
use super::patterns::{Match, Patterns};
use super::role_tags;
use super::signal::Signal;
use super::squeezed::Squeezed;
use super::vocabulary::{Concepts, Vocabulary};
use super::wording::Wording;
use crate::fold::Folded;

/// The highest score.
const HIGHEST: i32 = 1000;
/// What a decoded text must weigh to be an order.
const ORDER: i32 = 400;
/// Weight of an order that had to be decoded.
const ENCODED: i32 = 700;
/// What the wording counts: a part of its odds, moved towards finding, and not so much that it outweighs plain phrases either way.
const WORDING_PERCENT: i32 = 55;
const WORDING_MOVED: i32 = 400;
/// The most that the wording of a text counts that names nothing of a model's: below what makes an injection, since everyday orders
/// are worded as these are.
const WORDING_MOST: i32 = 460;
/// The same of a text that names a model's instructions, limits, keepers or secrets.
const WORDING_OF_MATTER: i32 = 560;
const WORDING_LEAST: i32 = -140;
/// The most that a piece takes away: what is in disguise has few that are known.
const PIECE_LEAST: i32 = -20;
/// From this weight on the wording is a signal by itself.
const WORDING_SIGNAL: i32 = 250;
/// The concept of the vocabulary that has a model's instructions, limits, keepers and secrets.
const MATTER: &str = "MATTER";
/// The concept that says that something is to be read from its end.
const BACKWARDS: &str = "REVERSE_HINT";
/// What an order counts that a text only speaks about, in hundredths.
const MENTIONED_PERCENT: i32 = 30;
/// How often a decoded text is decoded again.
const DEPTH: usize = 2;

/// What speaks for an injection in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assessment {
    score: u16,
    /// The signals that were found, each once, in their order; those that take away as well.
    pub signals: Vec<Signal>,
    /// Bytes of the text that they were found in, in order, not overlapping; those of signals that take away are not among them.
    pub spans: Vec<Range<usize>>,
}

impl Assessment {
    /// 0 (nothing) to 1000 (certainly an injection). From 500 on it is more likely one than not.
    pub fn score(&self) -> u16 {
        self.score
    }
}

/// Recognises injections. Built once; it holds the vocabulary.
#[derive(Debug)]
pub struct Detector {
    vocabulary: Vocabulary,
    patterns: Patterns,
    wording: Wording,
    mentions: Mentions,
    /// What a model's instructions, limits, keepers and secrets are called.
    matter: Concepts,
    /// Says that something is to be read from its end.
    backwards: Concepts,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// Reads the vocabulary and the patterns, which takes some milliseconds.
    pub fn new() -> Self {
        let vocabulary = Vocabulary::new();
        let (patterns, _) = Patterns::new(&vocabulary);
        let mentions = Mentions::new(&vocabulary);
        let concept = |name| vocabulary.concept(name).unwrap_or_default();
        let (matter, backwards) = (concept(MATTER), concept(BACKWARDS));
        Self { vocabulary, patterns, wording: Wording::new(), mentions, matter, backwards }
    }

    /// Assesses a text.
    pub fn assess(&self, text: &str) -> Assessment {
        self.assess_folded(text, &Folded::of(text))
    }

    /// Assesses a text that is already folded. The text itself is needed too: encodings tell upper from lower case.
    pub fn assess_folded(&self, text: &str, folded: &Folded) -> Assessment {
        let mut found = self.found(text, folded, DEPTH);
        self.discount(folded, &mut found);
        if found.weights.is_empty() {
            return Assessment::default();
        }
        let score = found.sum().clamp(0, HIGHEST);
        Assessment {
            score: u16::try_from(score).unwrap_or_default(),
            signals: found.weights.keys().copied().collect(),
            spans: joined(found.spans),
        }
    }

    fn found(&self, text: &str, folded: &Folded, depth: usize) -> Found {
        let mut found = Found::default();
        let squeezed = Squeezed::of(folded.chars());
        let words = self.vocabulary.words(&squeezed);
        for Match { signal, weight, start, end } in self.patterns.matches(&words) {
            found.add(signal, weight, folded.source(squeezed.folded(&(start..end))));
        }
        let has_matter = words.iter().any(|word| word.concept & self.matter != 0);
        let most = if has_matter { WORDING_OF_MATTER } else { WORDING_MOST };
        self.add_wording(folded, most, &mut found);
        for tag in role_tags::of(folded.chars()) {
            found.add(Signal::RoleTag, tag.weight, folded.source(tag.place));
        }
        if depth > 0 {
            for decoded in decode::all(text) {
                let within = self.found(&decoded.text, &Folded::of(&decoded.text), depth - 1);
                if within.sum() >= ORDER {
                    found.add(Signal::Encoded, ENCODED, decoded.place);
                }
            }
        }
        if depth > 0 && words.iter().any(|word| word.concept & self.backwards != 0) {
            let turned: String = folded.chars().iter().rev().collect();
            if self.found(&turned, &Folded::of(&turned), 0).sum() >= ORDER {
                found.add(Signal::Encoded, ENCODED, 0..text.len());
            }
        }
        found
    }

    /// Takes away most of what an order counts that the text only speaks about.
    fn discount(&self, folded: &Folded, found: &mut Found) {
        let sum = found.sum();
        if sum <= 0 {
            return;
        }
        let Some(around) = self.mentions.without(&self.vocabulary, folded.chars()) else { return };
        let around: String = around.into_iter().collect();
        let rest = self.found(&around, &Folded::of(&around), DEPTH).sum().max(0);
        let counted = rest + (sum.min(HIGHEST) - rest).max(0) * MENTIONED_PERCENT / 100;
        if counted < sum {
            let taken = found.weights.entry(Signal::Discussion).or_default();
            *taken += counted - sum;
        }
    }

    fn add_wording(&self, folded: &Folded, most: i32, found: &mut Found) {
        let judged = self.wording.judged(folded.chars());
        let weight = judged.odds.saturating_mul(WORDING_PERCENT) / 100 + WORDING_MOVED;
        let known = i32::try_from(judged.known).unwrap_or(i32::MAX);
        let weight = weight.clamp(PIECE_LEAST.saturating_mul(known).max(WORDING_LEAST), most);
        if weight >= WORDING_SIGNAL {
            found.add(Signal::Wording, weight, folded.source(judged.place));
        } else {
            found.wording = weight;
        }
    }
}

/// The heaviest weight of each signal.
#[derive(Debug, Default)]
struct Found {
    weights: BTreeMap<Signal, i32>,
    /// What the wording adds or takes away without being a signal.
    wording: i32,
    spans: Vec<Range<usize>>,
}

impl Found {
    fn add(&mut self, signal: Signal, weight: i32, span: Range<usize>) {
        let heaviest = self.weights.entry(signal).or_insert(weight);
        if weight.abs() > heaviest.abs() {
            *heaviest = weight;
        }
        if weight > 0 && !span.is_empty() {
            self.spans.push(span);
        }
    }

    fn sum(&self) -> i32 {
        self.weights.values().sum::<i32>() + self.wording
    }
}

fn joined(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| span.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}
