//! What may stand between two characters of a word.

use crate::view::{View, Views};
use crate::words::Text;
use crate::words::marks::{BLANK, JOINED, SEPARATOR};

/// Most separators between two characters of a word.
const MOST: usize = 3;
/// Most repeats of a piece of several characters.
const MOST_REPEATS: usize = 32;
/// Most ways to go on from one place.
const WAYS: usize = 12;

/// A place that is reached across separators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separated {
    /// The place.
    pub(crate) to: usize,
    /// One of the separators looks blank.
    pub(crate) blank: bool,
}

/// The places behind one, two and three separators that begin at a place. An emoji of several code points is one separator.
pub(crate) fn separated(text: Text<'_>, from: usize) -> impl Iterator<Item = Separated> {
    let (mut at, mut count, mut blank) = (from, 0, false);
    std::iter::from_fn(move || {
        if count == MOST || text.marks.at(at) & SEPARATOR == 0 {
            return None;
        }
        count += 1;
        blank |= text.marks.at(at) & BLANK != 0;
        at += 1;
        while text.marks.at(at) & JOINED != 0 {
            at += 1;
        }
        Some(Separated { to: at, blank })
    })
}

/// One way to go on behind a character of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Way {
    /// Where the next character is looked for.
    pub(crate) to: usize,
    /// Through which views it got there.
    pub(crate) views: Views,
    /// The same when a syllable in letters stands on either side; `None` when it makes no difference. Blanks and an apostrophe are
    /// no separators there: syllables are written so.
    pub(crate) beside_letters: Option<Views>,
}

/// The ways to go on behind a piece of the text that stands for a character of a word.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    ways: [Way; WAYS],
    count: usize,
}

impl Ways {
    /// Whether there are ways beside going on at once.
    pub(crate) fn has_more(text: Text<'_>, start: usize, end: usize) -> bool {
        // A repeat of the piece begins as the piece does.
        text.marks.at(end) & SEPARATOR != 0 || text.chars.get(end) == text.chars.get(start)
    }

    /// Behind repeats of the piece; behind separators; behind both in turns.
    pub(crate) fn behind(text: Text<'_>, start: usize, end: usize, allowed: Views) -> Self {
        let mut ways = Self::default();
        let piece = text.chars.get(start..end).unwrap_or_default();
        let repeats = allowed.has(View::Repeats) && !piece.is_empty();
        let repeated = |at: usize| repeats && text.chars.get(at..at + piece.len()) == Some(piece);
        let (mut at, mut views) = (end, Views::NONE);
        loop {
            let from = at;
            for _ in 0..MOST_REPEATS {
                if !repeated(at) {
                    break;
                }
                // A run of one character is known as a whole.
                at = if piece.len() == 1 { text.marks.run_end(at) } else { at + piece.len() };
            }
            if at > from {
                views = views.with(Views::of(View::Repeats));
                ways.add(Way { to: at, views, beside_letters: None });
            }
            let mut again = None;
            for gap in separated(text, at) {
                let crossed = views.with(Views::of(View::Separators));
                let beside_letters = is_spacing(text, at, gap.to).then_some(views);
                if allowed.has(View::Separators) || beside_letters.is_some() {
                    ways.add(Way { to: gap.to, views: crossed, beside_letters });
                }
                if allowed.has(View::Separators) && repeated(gap.to) {
                    again = Some(gap.to);
                }
            }
            let Some(next) = again.filter(|_| ways.count < WAYS) else { return ways };
            (at, views) = (next, views.with(Views::of(View::Separators)));
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Way> {
        self.ways.iter().take(self.count).copied()
    }

    fn add(&mut self, way: Way) {
        if let Some(free) = self.ways.get_mut(self.count) {
            *free = way;
            self.count += 1;
        }
    }
}

/// Whether one writes syllables apart with what stands here.
fn is_spacing(text: Text<'_>, from: usize, to: usize) -> bool {
    let between = text.chars.get(from..to).unwrap_or_default();
    let apostrophe = matches!(between, ['\'' | '’']);
    apostrophe || (from..to).all(|at| text.marks.at(at) & BLANK != 0)
}
