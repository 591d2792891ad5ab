//! Following the trie of words along everything that a text can stand for.

use std::ops::Range;

use crate::view::{View, Views};
use crate::words::gaps::{Way, Ways, separated};
use crate::words::lexicon::Lexicon;
use crate::words::marks::{IDEOGRAPH, LETTER};
use crate::words::steps::{Step, Steps};
use crate::words::trie::Node;
use crate::words::unit::Unit;
use crate::words::{Found, Text};

/// Most nodes that are visited from one place of the text. Texts that people write need a few; what begins elsewhere is found even
/// when somebody floods one place.
const MOST_VISITS: u32 = 4_096;

/// A step that was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    start: usize,
    step: Step,
    /// Views of all steps so far.
    views: Views,
}

/// What a walk needs, kept from text to text.
#[derive(Debug, Default)]
pub(crate) struct WalkBuffers {
    steps: Steps,
    path: Vec<Taken>,
}

/// Adds every word that a text has through a view and that begins at one of these places.
pub(crate) fn walk(
    lexicon: &Lexicon,
    text: Text<'_>,
    starts: &[Range<usize>],
    buffers: &mut WalkBuffers,
    found: &mut Vec<Found>,
) {
    let direct = lexicon.neighbours.is_some();
    let mut starts = starts
        .iter()
        .flat_map(Range::clone)
        .filter(|start| !direct || may_begin(lexicon, text, *start))
        .peekable();
    if starts.peek().is_none() {
        return;
    }
    buffers.steps.reset(text.chars.len());
    buffers.path.clear();
    let mut walk = Walk { lexicon, text, buffers, found, visits: 0 };
    for start in starts {
        walk.visits = 0;
        walk.start(start);
    }
}

/// Whether a word may begin at a place of a text whose characters stand for themselves alone. Most places are told by the characters that
/// follow each other there.
fn may_begin(lexicon: &Lexicon, text: Text<'_>, start: usize) -> bool {
    let Some(c) = text.chars.get(start) else { return false };
    let (trie, unit) = (&lexicon.trie, Unit::character(*c));
    if !trie.has_unit(unit) {
        return false;
    }
    let next = |at: usize| {
        text.chars.get(at).is_some_and(|next| next == c || trie.may_begin(unit, Unit::character(*next)))
    };
    trie.has_singles() || next(start + 1) || separated(text, start + 1).any(|gap| next(gap.to))
}

struct Walk<'a> {
    lexicon: &'a Lexicon,
    text: Text<'a>,
    buffers: &'a mut WalkBuffers,
    found: &'a mut Vec<Found>,
    visits: u32,
}

impl Walk<'_> {
    /// Words that begin at a place.
    fn start(&mut self, start: usize) {
        for number in self.buffers.steps.single(self.lexicon, self.text, start) {
            self.first(start, number);
        }
        if !self.text.marks.is_letter_before(start) {
            for number in self.buffers.steps.spelled(self.lexicon, self.text, start) {
                self.first(start, number);
            }
        }
    }

    /// Words whose first unit is a step's.
    fn first(&mut self, start: usize, number: u32) {
        let Some(step) = self.buffers.steps.get(number) else { return };
        let taken = Taken { start, step, views: step.views };
        let trie = &self.lexicon.trie;
        if trie.has_singles()
            && let Some(node) = trie.first(step.unit).filter(|node| node.ends())
        {
            self.buffers.path.push(taken);
            self.report(node);
            self.buffers.path.pop();
        }
        self.each_next(taken, |walk, next| {
            if !trie.may_begin(step.unit, next.step.unit) {
                return;
            }
            let second = trie.first(step.unit).and_then(|node| trie.next(node, next.step.unit));
            if let Some(node) = second {
                walk.buffers.path.push(taken);
                walk.visit(node, next);
                walk.buffers.path.pop();
            }
        });
    }

    fn visit(&mut self, node: Node, taken: Taken) {
        self.visits += 1;
        if self.visits > MOST_VISITS {
            return;
        }
        self.buffers.path.push(taken);
        if node.ends() {
            self.report(node);
        }
        let trie = &self.lexicon.trie;
        self.each_next(taken, |walk, next| {
            if let Some(node) = trie.next(node, next.step.unit) {
                walk.visit(node, next);
            }
        });
        self.buffers.path.pop();
    }

    /// Every step that may follow another one.
    fn each_next(&mut self, last: Taken, mut visit: impl FnMut(&mut Self, Taken)) {
        let end = last.step.end as usize;
        let at_once = Way { to: end, ..Way::default() };
        self.each_of_way(last, at_once, &mut visit);
        if Ways::has_more(self.text, last.start, end) {
            for way in Ways::behind(self.text, last.start, end, self.lexicon.views).iter() {
                self.each_of_way(last, way, &mut visit);
            }
        }
    }

    fn each_of_way(&mut self, last: Taken, way: Way, visit: &mut impl FnMut(&mut Self, Taken)) {
        if way.to >= self.text.chars.len() {
            return;
        }
        let mut each = |walk: &mut Self, numbers: Range<u32>| {
            for number in numbers {
                let step = walk.buffers.steps.get(number);
                if let Some(next) = step.and_then(|step| walk.link(last, way, step)) {
                    visit(walk, next);
                }
            }
        };
        let single = self.buffers.steps.single(self.lexicon, self.text, way.to);
        each(self, single);
        if way.to == last.step.end as usize || !self.text.marks.is_letter_before(way.to) {
            let spelled = self.buffers.steps.spelled(self.lexicon, self.text, way.to);
            each(self, spelled);
        }
    }

    /// A step that follows another by this way, if the views of all words together allow it.
    fn link(&self, last: Taken, way: Way, step: Step) -> Option<Taken> {
        let spelled = last.step.character.is_none() || step.character.is_none();
        let crossed = way.beside_letters.filter(|_| spelled).unwrap_or(way.views);
        let views = last.views.with(crossed).with(step.views);
        // Letters that stand apart do not touch the letters of another syllable.
        let touching = (step.spread || last.step.spread) && way.to == last.step.end as usize;
        (views.within(self.lexicon.views) && !touching).then_some(Taken { start: way.to, step, views })
    }

    /// The words that end with the path.
    fn report(&mut self, node: Node) {
        let (Some(first), Some(last)) = (self.buffers.path.first(), self.buffers.path.last()) else { return };
        let (start, end) = (first.start, last.step.end as usize);
        for word in self.lexicon.trie.ending(node) {
            let views = self.views_of(word, last.views);
            let asked = self.lexicon.views_of(word);
            if !views.within(asked) {
                continue;
            }
            if !views.is_empty() && self.is_whole(start, end, views) {
                self.found.push(Found { start: start as u32, end: end as u32, text: word, views });
            }
            // Repeats at the ends belong to the word, so that its borders are theirs.
            let marks = self.text.marks;
            let (start, end) = (marks.run_start(start), marks.run_end(end.saturating_sub(1)));
            let widened = start < first.start || end > last.step.end as usize;
            let views = views.with(Views::of(View::Repeats));
            if asked.has(View::Repeats) && widened && self.is_whole(start, end, views) {
                self.found.push(Found { start: start as u32, end: end as u32, text: word, views });
            }
        }
    }

    /// The views of the path, and whether an ideograph only sounds like the word's.
    fn views_of(&self, word: u32, taken: Views) -> Views {
        let chars = self.lexicon.chars_of(word);
        let same = |(taken, c): (&Taken, &char)| taken.step.character.is_none_or(|own| own == *c);
        let homophone = !self.buffers.path.iter().zip(chars).all(same);
        if homophone { taken.with(Views::of(View::Homophone)) } else { taken }
    }

    /// Letters of a syllable are not a piece of a longer run of letters; what stands for letters is not made of digits alone, which
    /// is a number.
    fn is_whole(&self, start: usize, end: usize, views: Views) -> bool {
        let marks = self.text.marks;
        if views.has(View::Pinyin) {
            let spelled_end = self.buffers.path.last().is_some_and(|last| last.step.character.is_none());
            let before = marks.is_letter(start) && marks.is_letter_before(start);
            let after = (spelled_end || marks.is_letter_before(end)) && marks.is_letter(end);
            if before || after {
                return false;
            }
        }
        let substituted = views.has(View::Leet) || views.has(View::Lookalike);
        !substituted || (start..end).any(|at| marks.at(at) & (LETTER | IDEOGRAPH) != 0)
    }
}
