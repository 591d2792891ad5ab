//! Following the trie of words along everything that a text can stand for.
//!
//! Many ways lead to the same place where characters repeat themselves: each is gone once, by the walk that began first. So a text takes
//! time by its length, whatever is in it, and of hits that end at one place through the same views the longest is found.

use std::ops::Range;

use crate::view::{View, Views};
use crate::words::border::{is_elision, may_start_in_run};
use crate::words::gaps::separated;
use crate::words::lexicon::Lexicon;
use crate::words::next_letter::NextLetter;
use crate::words::repeats::Repeats;
use crate::words::steps::{Step, Steps};
use crate::words::trie::Node;
use crate::words::unit::Unit;
use crate::words::visited::{State, Visited};
use crate::words::{Found, Text};

/// A step that was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Where the piece of the text begins.
    start: usize,
    step: Step,
    /// Views of all steps so far.
    views: Views,
    /// Which ideographs stood for syllables so far.
    form: u32,
}

/// How a walk goes on behind a piece of the text.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Where the next piece begins.
    to: usize,
    /// Through which views it got there.
    views: Views,
    /// The same when a syllable in letters stands on either side; `None` when it makes no difference. Blanks and an apostrophe are
    /// no separators there: syllables are written so.
    beside_letters: Option<Views>,
}

/// What a walk needs, kept from text to text.
#[derive(Debug, Default)]
pub(crate) struct WalkBuffers {
    steps: Steps,
    path: Vec<Taken>,
    visited: Visited,
    /// Steps that were looked at in the last text: what it took.
    looked: usize,
    repeats: Repeats,
    letters: NextLetter,
}

/// A walk comes here by a step of its own, not by passing over a repeat.
const ARRIVED: u8 = 1;
/// The last piece is a syllable in letters.
const SPELLED: u8 = 2;
/// Its letters stand apart.
const SPREAD: u8 = 4;
/// The walk has taken one step.
const FIRST: u8 = 8;
/// The text goes on before the walk's first place: with a run of letters or digits, with a letter, with what makes it an elision.
const IN_RUN: u8 = 16;
const IN_LETTERS: u8 = 32;
const ELISION: u8 = 64;

/// The form of what no word has: of ideographs that only sound like those of words.
const OTHER_FORM: u32 = u32::MAX;

/// Adds every word that a text has through a view and that begins at one of these places, which are in order.
pub(crate) fn walk(
    lexicon: &Lexicon,
    text: Text<'_>,
    starts: &[Range<usize>],
    buffers: &mut WalkBuffers,
    found: &mut Vec<Found>,
) {
    buffers.looked = 0;
    buffers.repeats.reset();
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
    buffers.visited.reset();
    buffers.letters.reset();
    buffers.path.clear();
    let mut walk = Walk { lexicon, text, buffers, found, around: 0 };
    for start in starts {
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
    /// What stands before the place at which the walk began, as flags of a state: borders depend on it.
    around: u8,
}

impl Walk<'_> {
    /// Words that begin at a place.
    fn start(&mut self, start: usize) {
        let marks = self.text.marks;
        let flag = |holds: bool, flag: u8| if holds { flag } else { 0 };
        self.around = flag(may_start_in_run(self.text, start), IN_RUN)
            | flag(marks.is_letter_before(start), IN_LETTERS)
            | flag(is_elision(self.text, start), ELISION);
        for number in self.buffers.steps.single(self.lexicon, self.text, start) {
            self.first(start, number);
        }
        if !marks.is_letter_before(start) {
            for number in self.buffers.steps.spelled(self.lexicon, self.text, start) {
                self.first(start, number);
            }
        }
    }

    /// Words whose first unit is a step's.
    fn first(&mut self, start: usize, number: u32) {
        let Some(step) = self.buffers.steps.get(number) else { return };
        let (trie, unit) = (&self.lexicon.trie, step.unit);
        let taken = Taken { start, step, views: step.views, form: step.character.map_or(0, u32::from) };
        if trie.has_singles()
            && let Some(node) = trie.first(unit).filter(|node| node.ends())
        {
            self.buffers.path.push(taken);
            self.report(node);
            self.buffers.path.pop();
        }
        let mut last = taken;
        loop {
            self.each_next(last, |walk, next| {
                if trie.may_begin(unit, next.step.unit)
                    && let Some(first) = trie.first(unit)
                    && let Some(node) = trie.next(first, next.step.unit)
                {
                    let formed = walk.formed(first, taken);
                    walk.buffers.path.push(formed);
                    walk.visit(node, walk.formed(node, Taken { form: formed.form, ..next }));
                    walk.buffers.path.pop();
                }
            });
            match self.behind_repeat(last) {
                Some(again) if self.is_new(unit.number(), again, FIRST) => last = again,
                _ => return,
            }
        }
    }

    fn visit(&mut self, node: Node, taken: Taken) {
        let arrived = node.ends() && self.is_new(node.number(), taken, ARRIVED);
        let goes_on = self.is_new(node.number(), taken, 0);
        if !arrived && !goes_on {
            return;
        }
        self.buffers.path.push(taken);
        if arrived {
            self.report(node);
        }
        if goes_on {
            self.go_on(node, taken);
        }
        self.buffers.path.pop();
    }

    fn go_on(&mut self, node: Node, mut last: Taken) {
        let trie = &self.lexicon.trie;
        loop {
            self.each_next(last, |walk, next| {
                if let Some(node) = trie.next(node, next.step.unit) {
                    walk.visit(node, walk.formed(node, next));
                }
            });
            match self.behind_repeat(last) {
                Some(again) if self.is_new(node.number(), again, 0) => last = again,
                _ => return,
            }
        }
    }

    /// Whether no walk came to this state before.
    fn is_new(&mut self, node: u32, last: Taken, kind: u8) -> bool {
        let Step { end, character, spread, .. } = last.step;
        let repeats = self.lexicon.views.has(View::Repeats);
        let spelled = if character.is_none() { SPELLED } else { 0 };
        let spread = if spread { SPREAD } else { 0 };
        self.buffers.visited.add(State {
            node,
            end,
            piece: if repeats { end.saturating_sub(last.start as u32) } else { 0 },
            views: last.views,
            flags: self.around | kind | spelled | spread,
            form: last.form,
        })
    }

    /// A step to a node, which says whether its ideograph is one of a word there.
    fn formed(&self, node: Node, taken: Taken) -> Taken {
        if !self.lexicon.has_sounds || taken.form == OTHER_FORM {
            return taken;
        }
        let form = match taken.step.character {
            Some(c) if !self.lexicon.is_own(node, c) => OTHER_FORM,
            character => {
                let sum = taken.form.rotate_left(5) ^ character.map_or(0, u32::from);
                sum.wrapping_mul(0x9e37_79b1) & (OTHER_FORM >> 1)
            }
        };
        Taken { form, ..taken }
    }

    /// The same place in the word, behind the next repeat of its last piece. A run of one character is passed over as a whole.
    fn behind_repeat(&mut self, last: Taken) -> Option<Taken> {
        let end = last.step.end as usize;
        let next = self.buffers.repeats.next(self.text, last.start..end, self.lexicon.views)?;
        let separated = if next.to > end { Views::of(View::Separators) } else { Views::NONE };
        let views = last.views.with(Views::of(View::Repeats)).with(separated);
        let length = end - last.start;
        let end = if length == 1 { self.text.marks.run_end(next.to) } else { next.to + length };
        let step = Step { end: end as u32, ..last.step };
        Some(Taken { start: end - length, step, views, ..last })
    }

    /// Every step that may follow another one: at once, or behind separators.
    fn each_next(&mut self, last: Taken, mut visit: impl FnMut(&mut Self, Taken)) {
        let (text, end) = (self.text, last.step.end as usize);
        self.each_of_way(last, Way { to: end, views: Views::NONE, beside_letters: None }, &mut visit);
        for gap in separated(text, end) {
            let beside_letters = gap.spacing.then_some(Views::NONE);
            if self.lexicon.views.has(View::Separators) || beside_letters.is_some() {
                let way = Way { to: gap.to, views: Views::of(View::Separators), beside_letters };
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
                walk.buffers.looked += 1;
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
        let allowed = views.within(self.lexicon.views) && !touching;
        allowed.then_some(Taken { start: way.to, step, views, form: last.form })
    }

    /// The words that end with the path.
    fn report(&mut self, node: Node) {
        let path = &self.buffers.path;
        let (Some(first), Some(last)) = (path.first().copied(), path.last().copied()) else { return };
        let (start, end) = (first.start, last.step.end as usize);
        let lexicon = self.lexicon;
        for word in lexicon.trie.ending(node) {
            let views = self.views_of(word, last.views);
            let asked = lexicon.views_of(word);
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

    /// Letters of a syllable are not a piece of a longer run of letters; what stands for letters is not made of digits and signs alone,
    /// which is a number.
    fn is_whole(&mut self, start: usize, end: usize, views: Views) -> bool {
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
        !substituted || self.buffers.letters.is_in(self.text, start..end)
    }
}

#[cfg(test)]
mod tests;
