//! Which units a place of a text can stand for.

use crate::tables::{Syllable, readings};
use crate::view::{View, Views};
use crate::words::Text;
use crate::words::gaps::{Separated, separated};
use crate::words::lexicon::Lexicon;
use crate::words::marks::{LETTER, UMLAUT};
use crate::words::room::empty;
use crate::words::unit::Unit;

/// A piece of the text that stands for one unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The unit.
    pub(crate) unit: Unit,
    /// Place after the piece.
    pub(crate) end: u32,
    /// The ideograph or letter that it stands for; `None` when it is a syllable in letters.
    pub(crate) character: Option<char>,
    /// Through which views.
    pub(crate) views: Views,
    /// Its letters stand apart, with blanks between them.
    pub(crate) spread: bool,
}

/// A place where the right part of an ideograph may stand.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: Text<'a>,
    at: usize,
}

type Place = Option<(u32, u32)>;

/// The steps from every place of a text, made when they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    all: Vec<Step>,
    single: Vec<Place>,
    spelled: Vec<Place>,
}

impl Steps {
    /// Forgets the last text, and how many steps or places it had if they were many.
    pub(crate) fn reset(&mut self, length: usize) {
        empty(&mut self.all);
        for places in [&mut self.single, &mut self.spelled] {
            empty(places);
            places.resize(length, None);
        }
    }

    /// How many steps were made.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// The step of a number.
    pub(crate) fn get(&self, number: u32) -> Option<Step> {
        self.all.get(number as usize).copied()
    }

    /// Numbers of the steps by ideographs, letters, parts and substitutes that begin at a place.
    pub(crate) fn single(&mut self, lexicon: &Lexicon, text: Text<'_>, at: usize) -> std::ops::Range<u32> {
        self.made(at, |steps| &mut steps.single, |steps| steps.add_single(lexicon, text, at))
    }

    /// Numbers of the steps by syllables in letters that begin at a place.
    pub(crate) fn spelled(&mut self, lexicon: &Lexicon, text: Text<'_>, at: usize) -> std::ops::Range<u32> {
        let may = text.marks.at(at) & LETTER != 0 || !lexicon.substitutes.is_empty();
        if lexicon.spelling.is_empty() || !may {
            return 0..0;
        }
        let spell = |steps: &mut Self| {
            let start =
                Letters { node: 0, views: Views::of(View::Pinyin), count: 0, apart: false, together: false };
            Speller { lexicon, text, steps }.letter(at, start);
        };
        self.made(at, |steps| &mut steps.spelled, spell)
    }

    fn made(
        &mut self,
        at: usize,
        places: impl Fn(&mut Self) -> &mut Vec<Place>,
        make: impl FnOnce(&mut Self),
    ) -> std::ops::Range<u32> {
        if let Some((from, to)) = places(self).get(at).copied().flatten() {
            return from..to;
        }
        let from = self.all.len() as u32;
        make(self);
        let to = self.all.len() as u32;
        if let Some(place) = places(self).get_mut(at) {
            *place = Some((from, to));
        }
        from..to
    }

    fn add_single(&mut self, lexicon: &Lexicon, text: Text<'_>, at: usize) {
        let Some(c) = text.chars.get(at).copied() else { return };
        self.add_character(lexicon, c, at + 1, Views::NONE);
        lexicon
            .substitutes
            .each(c, |meant, view| self.add_character(lexicon, meant, at + 1, Views::of(view)));
        if let Some(look) = text.marks.look(at) {
            for meant in lexicon.substitutes.looking(look) {
                self.add_character(lexicon, meant, at + 1, Views::of(View::Lookalike));
            }
        }
        if lexicon.splits.begins(c) {
            self.add_behind_left(lexicon, Part { text, at: at + 1 }, c, Views::of(View::Split));
            let run_end = text.marks.run_end(at);
            if lexicon.views.has(View::Repeats) && run_end > at + 1 {
                let views = Views::of(View::Split).with(Views::of(View::Repeats));
                self.add_behind_left(lexicon, Part { text, at: run_end }, c, views);
            }
        }
    }

    /// The ideographs whose left part ends at a place.
    fn add_behind_left(&mut self, lexicon: &Lexicon, behind: Part<'_>, left: char, views: Views) {
        self.add_splits(lexicon, behind, left, views);
        if lexicon.views.has(View::Separators) {
            for gap in separated(behind.text, behind.at) {
                let views = views.with(Views::of(View::Separators));
                self.add_splits(lexicon, Part { at: gap.to, ..behind }, left, views);
            }
        }
    }

    /// The ideographs whose left part is `left` and whose right part stands at a place.
    fn add_splits(&mut self, lexicon: &Lexicon, right: Part, left: char, views: Views) {
        let Some(c) = right.text.chars.get(right.at).copied() else { return };
        let run_end = right.text.marks.run_end(right.at);
        for whole in lexicon.splits.wholes(left, c) {
            self.add_character(lexicon, whole, right.at + 1, views);
            if lexicon.views.has(View::Repeats) && run_end > right.at + 1 {
                self.add_character(lexicon, whole, run_end, views.with(Views::of(View::Repeats)));
            }
        }
    }

    fn add_character(&mut self, lexicon: &Lexicon, c: char, end: usize, views: Views) {
        let step = |unit: Unit| Step { unit, end: end as u32, character: Some(c), views, spread: false };
        let unit = Unit::character(c);
        if lexicon.trie.has_unit(unit) {
            self.all.push(step(unit));
        }
        if lexicon.has_sounds && !c.is_ascii() {
            let units = readings(c).iter().map(|reading| Unit::syllable(*reading));
            self.all.extend(units.filter(|unit| lexicon.trie.has_unit(*unit)).map(step));
        }
    }
}

/// How far a syllable has been read.
#[derive(Debug, Clone, Copy)]
struct Letters {
    node: u16,
    views: Views,
    count: u8,
    /// Blanks stood between two of its letters.
    apart: bool,
    /// Two of its letters stood together.
    together: bool,
}

struct Speller<'a> {
    lexicon: &'a Lexicon,
    text: Text<'a>,
    steps: &'a mut Steps,
}

impl Speller<'_> {
    /// Reads the letter at a place, as whatever it can stand for.
    fn letter(&mut self, at: usize, read: Letters) {
        let Some(c) = self.text.chars.get(at).copied() else { return };
        self.take(c, at + 1, read);
        if c == 'u' && self.text.marks.at(at) & UMLAUT != 0 {
            self.take('v', at + 1, read);
        }
        if c == 'u' && self.text.chars.get(at + 1) == Some(&':') {
            self.take('v', at + 2, read);
        }
        let lexicon = self.lexicon;
        for meant in self.text.marks.look(at).into_iter().flat_map(|look| lexicon.substitutes.looking(look)) {
            self.take(meant, at + 1, Letters { views: read.views.with(Views::of(View::Lookalike)), ..read });
        }
        lexicon.substitutes.each(c, |meant, view| {
            self.take(meant, at + 1, Letters { views: read.views.with(Views::of(view)), ..read });
        });
    }

    /// Goes on behind a letter.
    fn take(&mut self, letter: char, end: usize, read: Letters) {
        let Some(node) = self.lexicon.spelling.next(read.node, letter) else { return };
        if !read.views.within(self.lexicon.views) {
            return;
        }
        let read = Letters { node, count: read.count + 1, ..read };
        self.behind(end, read);
        if self.lexicon.views.has(View::Repeats) {
            let more = self.text.marks.run_end(end.saturating_sub(1));
            if more > end {
                self.behind(more, Letters { views: read.views.with(Views::of(View::Repeats)), ..read });
            }
        }
    }

    fn behind(&mut self, end: usize, read: Letters) {
        if !(read.apart && read.together) {
            self.whole(end, read);
        }
        self.letter(end, Letters { together: true, ..read });
        if self.lexicon.views.has(View::Separators) {
            for Separated { to, blank, .. } in separated(self.text, end) {
                let views = read.views.with(Views::of(View::Separators));
                self.letter(to, Letters { views, apart: read.apart || blank, ..read });
            }
        }
    }

    fn whole(&mut self, end: usize, read: Letters) {
        let tone = self.text.chars.get(end).is_some_and(|c| is_tone(*c));
        for syllable in self.lexicon.spelling.whole(read.node) {
            self.add(*syllable, end, read);
            if tone {
                self.add(*syllable, end + 1, read);
            }
        }
    }

    fn add(&mut self, syllable: Syllable, end: usize, read: Letters) {
        let step = Step {
            unit: Unit::syllable(syllable),
            end: end as u32,
            character: None,
            views: read.views,
            spread: read.apart,
        };
        self.steps.all.push(step);
    }
}

/// Tones are numbers, or marks behind the syllable.
fn is_tone(c: char) -> bool {
    matches!(c, '0'..='5' | 'ˉ' | 'ˊ' | 'ˇ' | 'ˋ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Folded;
    use crate::words::marks::Marks;
    use crate::words::room::KEPT;

    /// Makes the steps from every place of a text; tells how many.
    fn make(steps: &mut Steps, lexicon: &Lexicon, text: &str) -> usize {
        let (folded, mut marks) = (Folded::of(text), Marks::default());
        marks.refill(text, &folded);
        let text = Text { chars: folded.chars(), marks: &marks };
        steps.reset(folded.len());
        for at in 0..folded.len() {
            steps.single(lexicon, text, at);
            steps.spelled(lexicon, text, at);
        }
        steps.count()
    }

    fn room(steps: &Steps) -> [usize; 3] {
        [steps.all.capacity(), steps.single.capacity(), steps.spelled.capacity()]
    }

    #[test]
    fn much_room_is_not_kept() {
        let views = Views::from_iter([View::Repeats, View::Separators, View::Pinyin, View::Homophone]);
        let lexicon = Lexicon::new(&["行为".to_owned(), "银行".to_owned()], &[views; 2]).unwrap();
        let mut steps = Steps::default();
        let short = make(&mut steps, &lexicon, "hang.w.e i");
        let kept = room(&steps);
        assert_eq!((make(&mut steps, &lexicon, "hang.w.e i"), room(&steps)), (short, kept));

        // The first text has many steps and not as many characters, the second one many characters and no step.
        assert!(make(&mut steps, &lexicon, &"行".repeat(KEPT / 2 + 1)) > KEPT);
        assert_eq!(make(&mut steps, &lexicon, &"-".repeat(KEPT + 1)), 0);
        let [all, single, spelled] = room(&steps);
        assert!(all <= KEPT && single > KEPT && spelled > KEPT);
        assert_eq!(make(&mut steps, &lexicon, "hang.w.e i"), short);
        assert!(room(&steps).into_iter().all(|room| room <= KEPT), "{:?}", room(&steps));
    }
}
