//! All words that are looked for through views, made ready for the walk.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::fold::Folded;
use crate::tables::{CharClass, Syllable, class, word_readings};
use crate::view::{View, Views};
use crate::words::filter::{Filter, Key};
use crate::words::initials::Initials;
use crate::words::neighbours::Neighbours;
use crate::words::spelling::Spelling;
use crate::words::splits::Splits;
use crate::words::stretches;
use crate::words::substitutes::Substitutes;
use crate::words::trie::{Node, Trie};
use crate::words::unit::Unit;

/// Most ways to read one word.
const MOST_READINGS: usize = 64;

/// The words and what can stand for their characters.
#[derive(Debug)]
pub(crate) struct Lexicon {
    /// The words as units.
    pub(crate) trie: Trie,
    /// The syllables of those that are looked for in pinyin.
    pub(crate) spelling: Spelling,
    /// The parts of those that are looked for split.
    pub(crate) splits: Splits,
    /// What stands for the characters of those that are looked for by looks and leetspeak.
    pub(crate) substitutes: Substitutes,
    /// Which characters stand beside each other, when every character of a text stands for itself alone.
    pub(crate) neighbours: Option<Neighbours>,
    /// Whether there are syllables among the units.
    pub(crate) has_sounds: bool,
    /// The views that any word asks for.
    pub(crate) views: Views,
    /// The initials of those that are looked for by them.
    pub(crate) initials: Initials,
    words: Vec<(Views, Box<[char]>)>,
    /// The ideographs of words at the nodes of their syllables.
    own: Filter,
}

impl Lexicon {
    /// Makes words ready: each with the views that it is looked for through. `None` when none asks for any.
    pub(crate) fn new(words: &[String], views: &[Views]) -> Option<Self> {
        if views.iter().all(Views::is_empty) {
            return None;
        }
        let chars = words.iter().zip(views).map(|(word, views)| {
            (*views, if views.is_empty() { Box::default() } else { word.chars().collect::<Box<[char]>>() })
        });
        let words: Vec<(Views, Box<[char]>)> = chars.collect();
        let mut parts = Parts::default();
        for ((views, chars), number) in words.iter().zip(0_u32..).filter(|(word, _)| !word.0.is_empty()) {
            parts.add(chars, *views, number);
        }
        let views = words.iter().fold(Views::NONE, |all, (views, _)| all.with(*views));
        let trie = Trie::new(&parts.sequences);
        let own = own(&trie, &parts, &words);
        let splits = Splits::new(&parts.wholes);
        let substitutes = Substitutes::new(&parts.look, parts.leet);
        let is_direct = !parts.has_sounds && splits.is_empty() && substitutes.is_empty();
        Some(Self {
            own,
            trie,
            spelling: Spelling::new(&parts.syllables),
            splits,
            substitutes,
            neighbours: is_direct.then(|| Neighbours::of(&words).through(views)),
            has_sounds: parts.has_sounds,
            views,
            initials: parts.initials,
            words,
        })
    }

    /// The views that a word is looked for through, by any rule.
    pub(crate) fn views_of(&self, word: u32) -> Views {
        self.words.get(word as usize).map_or(Views::NONE, |(views, _)| *views)
    }

    /// A word's characters.
    pub(crate) fn chars_of(&self, word: u32) -> &[char] {
        self.words.get(word as usize).map_or(&[], |(_, chars)| chars)
    }

    /// Whether a word that goes through a node may have this character there, never wrongly denied.
    pub(crate) fn is_own(&self, node: Node, c: char) -> bool {
        self.own.has(Key::at_node(node.number(), c))
    }

    /// Whether a text can have a word, initials aside, though what is left of it without separators and repeats does not have it.
    pub(crate) fn sees_beyond(&self) -> bool {
        self.neighbours.is_none()
    }

    /// The places of a text at which a word may begin that is seen through a view.
    pub(crate) fn starts(&self, folded: &Folded, starts: &mut Vec<Range<usize>>) {
        starts.clear();
        match &self.neighbours {
            Some(neighbours) => stretches::add(neighbours, folded, starts),
            None => starts.push(0..folded.len()),
        }
    }
}

/// Which characters words have at the nodes of a trie, if there are syllables in it.
fn own(trie: &Trie, parts: &Parts, words: &[(Views, Box<[char]>)]) -> Filter {
    let sequences = || parts.sequences.iter().filter(|_| parts.has_sounds);
    let mut own = Filter::with_room(sequences().map(|(units, _)| units.len()).sum());
    for (units, word) in sequences() {
        let chars = words.get(*word as usize).map_or(&[][..], |(_, chars)| chars);
        let mut node = None;
        for (unit, c) in units.iter().zip(chars) {
            let next = match node {
                None => trie.first(*unit),
                Some(node) => trie.next(node, *unit),
            };
            let Some(next) = next else { break };
            own.add(Key::at_node(next.number(), *c));
            node = Some(next);
        }
    }
    own
}

/// What is gathered from all words.
#[derive(Debug, Default)]
struct Parts {
    sequences: Vec<(Vec<Unit>, u32)>,
    syllables: BTreeSet<Syllable>,
    wholes: BTreeSet<char>,
    look: BTreeSet<char>,
    leet: BTreeSet<char>,
    initials: Initials,
    has_sounds: bool,
}

impl Parts {
    fn add(&mut self, chars: &[char], views: Views, number: u32) {
        let sounds = views.has(View::Homophone) || views.has(View::Pinyin);
        let ways = if sounds || views.has(View::Initials) { ways(chars) } else { Vec::new() };
        if sounds {
            for way in &ways {
                let units = chars
                    .iter()
                    .zip(way)
                    .map(|(c, reading)| reading.map_or(Unit::character(*c), Unit::syllable));
                self.sequences.push((units.collect(), number));
                self.has_sounds |= way.iter().any(Option::is_some);
            }
        } else {
            self.sequences.push((chars.iter().map(|c| Unit::character(*c)).collect(), number));
        }
        if views.has(View::Pinyin) {
            self.syllables.extend(ways.iter().flatten().flatten().copied());
            let letters = 'a'..='z';
            if views.has(View::Lookalike) {
                self.look.extend(letters.clone());
            }
            if views.has(View::Leet) {
                self.leet.extend(letters);
            }
        }
        if views.has(View::Split) {
            self.wholes.extend(chars);
        }
        if views.has(View::Lookalike) {
            self.look.extend(chars);
        }
        if views.has(View::Leet) {
            self.leet.extend(chars.iter().filter(|c| c.is_ascii_alphabetic()));
        }
        if views.has(View::Initials) {
            self.add_initials(chars, &ways, number);
        }
    }

    /// One letter for each character; and for words with retroflex initials, both letters of them.
    fn add_initials(&mut self, chars: &[char], ways: &[Vec<Option<Syllable>>], number: u32) {
        if !chars.iter().any(|c| class(*c) == CharClass::Ideograph) {
            return;
        }
        for way in ways {
            let (mut short, mut long) = (Vec::new(), Vec::new());
            for (c, reading) in chars.iter().zip(way) {
                let mut letters = reading.map_or("", Syllable::as_str).chars();
                let first = letters.next().unwrap_or(*c);
                short.push(first);
                long.push(first);
                long.extend(letters.next().filter(|second| *second == 'h'));
            }
            self.initials.add(short, number);
            self.initials.add(long, number);
        }
    }
}

/// The ways to read a word: a syllable for each ideograph, nothing for other characters.
fn ways(chars: &[char]) -> Vec<Vec<Option<Syllable>>> {
    let mut all: Vec<Vec<Option<Syllable>>> = vec![Vec::with_capacity(chars.len())];
    for run in chars.chunk_by(|one, two| class(*one) == class(*two)) {
        let mut read: Vec<Vec<Option<Syllable>>> = Vec::new();
        if run.first().is_some_and(|c| class(*c) == CharClass::Ideograph) {
            read.extend(word_readings(run).into_iter().map(|way| way.into_iter().map(Some).collect()));
        }
        if read.is_empty() {
            read.push(vec![None; run.len()]);
        }
        let joined = read.iter().flat_map(|next| all.iter().map(move |way| [way.as_slice(), next].concat()));
        all = joined.take(MOST_READINGS).collect();
    }
    all
}
