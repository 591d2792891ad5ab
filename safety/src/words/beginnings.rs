//! Where words may begin: most places of most texts are told from the first characters, without the list.

use crate::words::filter::{Filter, Key};
use crate::words::gate::{Gate, Look};

/// Places that are looked at together.
const TOGETHER: usize = 128;

/// How the words of a list begin, asked about many places at a time. It may say yes where none begins, never no where one does.
#[derive(Debug)]
pub(crate) struct Beginnings {
    /// Words of one character.
    singles: Filter,
    has_singles: bool,
    /// Words of two characters.
    pairs: Filter,
    /// Words of three and four characters, and the first five of longer ones.
    longer: Filter,
    /// Words of two characters, and the first three of longer ones: what every place of a text is asked.
    gate_of_pairs: Gate,
    gate_of_three: Gate,
}

impl Beginnings {
    /// How these words begin.
    pub(crate) fn of(words: &[String]) -> Self {
        let count =
            |wanted: usize| words.iter().filter(|word| word.chars().take(3).count() == wanted).count();
        let (one, two, three) = (count(1), count(2), count(3));
        let mut all = Self {
            singles: Filter::with_room(one),
            has_singles: one > 0,
            pairs: Filter::with_room(two),
            longer: Filter::with_room(three),
            gate_of_pairs: Gate::with_room(two),
            gate_of_three: Gate::with_room(three),
        };
        for word in words {
            let mut chars = word.chars();
            match (chars.next(), chars.next(), chars.next()) {
                (Some(one), Some(two), Some(three)) => {
                    let key = Key::two(one, two).and(three);
                    all.longer.add(match (chars.next(), chars.next()) {
                        (Some(four), Some(five)) => key.and(four).and(five),
                        (four, _) => four.map_or(key, |four| key.and(four)).whole(),
                    });
                    all.gate_of_three.open(Look::at(one, two).and(three));
                }
                (Some(one), Some(two), None) => {
                    all.pairs.add(Key::two(one, two));
                    all.gate_of_pairs.open(Look::at(one, two));
                }
                (Some(one), None, _) => all.singles.add(Key::one(one)),
                (None, ..) => {}
            }
        }
        all
    }

    /// Visits every place where a word may begin, in order.
    pub(crate) fn each(&self, chars: &[char], mut visit: impl FnMut(usize)) {
        let mut places = [0; TOGETHER];
        for from in (0..chars.len()).step_by(TOGETHER) {
            let count = self.passed(chars, from, &mut places);
            let count = self.asked_again(chars, count, &mut places);
            places.iter().take(count).for_each(|place| visit(*place as usize));
        }
    }

    /// The places from one on that the gates let through. Nothing branches: what stands in a text cannot be foretold. So every place is
    /// written down, and one that is not let through is written over by the next.
    fn passed(&self, chars: &[char], from: usize, places: &mut [u32; TOGETHER]) -> usize {
        let mut count = 0;
        let mut write = |at: usize, passes: bool| {
            places[count % TOGETHER] = (from + at) as u32;
            count += usize::from(passes);
        };
        let rest = chars.get(from..).unwrap_or_default();
        for (at, three) in rest.windows(3).take(TOGETHER).enumerate() {
            let [one, two, three] = three else { continue };
            let look = Look::at(*one, *two);
            let passes = self.gate_of_pairs.lets(look) | self.gate_of_three.lets(look.and(*three));
            write(at, passes | self.may_be_single(*one));
        }
        // The last two places of the text, if they are among these.
        for at in rest.len().saturating_sub(2)..rest.len().min(TOGETHER) {
            let pair = rest.get(at..at + 2).map(|two| Look::at(two[0], two[1]));
            write(at, self.has_singles || pair.is_some_and(|look| self.gate_of_pairs.lets(look)));
        }
        count
    }

    /// Leaves those of the places at which the filters see a beginning, too. So few are left that nothing more can be gained.
    fn asked_again(&self, chars: &[char], count: usize, places: &mut [u32; TOGETHER]) -> usize {
        let mut left = 0;
        for at in 0..count {
            let place = places.get(at).copied().unwrap_or_default();
            let rest = chars.get(place as usize..).unwrap_or_default();
            if let Some(kept) = places.get_mut(left) {
                *kept = place;
            }
            let may = match rest {
                [one, two, three, four, five, ..] => {
                    let two = Key::two(*one, *two);
                    let three = two.and(*three);
                    let four = three.and(*four);
                    let may_end = self.longer.has(three.whole()) | self.longer.has(four.whole());
                    let may_go_on = self.longer.has(four.and(*five));
                    self.pairs.has(two) | may_end | may_go_on | self.may_be_single(*one)
                }
                _ => (1..=3).any(|length| self.may(rest, length)),
            };
            left += usize::from(may);
        }
        left
    }

    /// Whether a word may stand at the beginning of a text that is so long, or at least so long when these are three.
    pub(crate) fn may(&self, text: &[char], length: usize) -> bool {
        match (length, text) {
            (1, [one, ..]) => self.may_be_single(*one),
            (2, [one, two, ..]) => self.pairs.has(Key::two(*one, *two)),
            (3, [one, two, three, rest @ ..]) => {
                let three = Key::two(*one, *two).and(*three);
                let four = rest.first().map(|four| three.and(*four));
                let five = four.zip(rest.get(1)).map(|(four, five)| four.and(*five));
                let ends = [Some(three), four].into_iter().flatten().map(Key::whole);
                ends.chain(five).any(|key| self.longer.has(key))
            }
            _ => false,
        }
    }

    fn may_be_single(&self, c: char) -> bool {
        self.has_singles && self.singles.has(Key::one(c))
    }
}
