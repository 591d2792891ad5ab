//! Nothing is lost by going each way once, and however a text repeats itself, it takes time by its length.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::fold::Folded;
use crate::words::marks::Marks;

/// What a walk took.
struct Work {
    /// Steps that were made and looked at.
    steps: usize,
    /// Characters that were compared.
    compared: usize,
    /// Marks of characters that were asked for.
    marks: usize,
}

impl Work {
    fn sum(&self) -> usize {
        self.steps + self.compared + self.marks
    }
}

/// What a walk from every place finds, and what it took.
fn walked(lexicon: &Lexicon, text: &str, forgets: bool) -> (Vec<Found>, Work) {
    let folded = Folded::of(text);
    let mut marks = Marks::default();
    marks.refill(text, &folded);
    let before = marks.asked();
    let (mut found, mut buffers) = (Vec::new(), WalkBuffers::default());
    buffers.visited.forgets = forgets;
    let text = Text { chars: folded.chars(), marks: &marks };
    walk(lexicon, text, std::slice::from_ref(&(0..folded.len())), &mut buffers, &mut found);
    found.sort_unstable();
    found.dedup();
    let steps = buffers.looked + buffers.steps.count();
    (found, Work { steps, compared: buffers.repeats.compared(), marks: text.marks.asked() - before })
}

fn lexicon<'a>(words: impl IntoIterator<Item = &'a str>, views: Views) -> Lexicon {
    let words: BTreeSet<String> =
        words.into_iter().map(|word| Folded::of(word).chars().iter().collect()).collect();
    let words = Vec::from_iter(words);
    Lexicon::new(&words, &vec![views; words.len()]).unwrap()
}

/// Words in which characters repeat themselves or sound the same, and what they can be disguised with.
const WORDS: [&str; 14] =
    ["888", "aa", "aba", "赌博", "读博", "堵堵博", "呵呵", "喝呵", "lil", "ill", "！a", "从人", "du", "双"];

proptest! {
    #![proptest_config(mangle::cases(1_500))]

    #[test]
    fn of_what_every_way_finds_the_longest_is_found(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "8", "8.", "a", "b", "aa", "ab ", "赌", "赌", "博", "读", "堵", "du", "bo", "呵", "呵", "喝", "he", "l", "i", "1", "!", "人",
            "又", ".", " ", "'", "-", "x",
        ]), 0..9),
        words in prop::collection::btree_set(prop::sample::select(WORDS.to_vec()), 1..5),
        views in any::<u8>(),
    ) {
        let views = Views::from_iter(View::ALL.into_iter().enumerate().filter(|(at, _)| views >> at & 1 != 0).map(|(_, view)| view));
        prop_assume!(!views.is_empty());
        let (lexicon, text) = (lexicon(words, views), pieces.concat());
        let (all, _) = walked(&lexicon, &text, true);
        let (found, _) = walked(&lexicon, &text, false);
        let all: BTreeSet<Found> = all.into_iter().collect();
        prop_assert!(found.iter().all(|one| all.contains(one)), "{}: {:?} is not among {:?}", text, found, all);
        for one in &all {
            let as_long = |other: &&Found| (other.text, other.end, other.views) == (one.text, one.end, one.views) && other.start <= one.start;
            prop_assert!(found.iter().any(|other| as_long(&other)), "{}: {:?} is not found: {:?}", text, one, found);
        }
    }
}

#[test]
fn a_text_takes_time_by_its_length_however_it_repeats_itself() {
    use View::{Homophone, Leet, Lookalike, Pinyin, Repeats, Separators, Split};
    let all = [Separators, Repeats, Pinyin, Homophone, Split, Lookalike, Leet];
    let mut pieces: Vec<String> = Vec::new();
    for unit in ["8", "a", "l", "i", "呵", "he", "赌", "从", "人", "$", "sha", "h", "!"] {
        for between in ["", ".", " ", "...", "'", "-."] {
            pieces.push(format!("{unit}{between}"));
            pieces.push(format!("{unit}{unit}{between}"));
            pieces.push(format!("{unit}{unit}{unit}{between}"));
        }
    }
    let words = [
        "88888",
        "aaaaaa",
        "illicit",
        "呵呵呵",
        "喝呵喝呵",
        "赌赌赌赌博",
        "从从从从",
        "啊啊啊啊啊啊啊啊",
        "ss$$ss",
        "!!!1",
        "shashasha",
        "六合彩",
    ];
    for count in [2, 4, 7] {
        for views in [
            Views::from_iter(all[..count].iter().copied()),
            Views::from_iter(all[count - 2..].iter().copied()),
        ] {
            let lexicon = lexicon(words, views);
            for piece in &pieces {
                let looked = |characters: usize| {
                    let text = piece.repeat(characters / piece.chars().count());
                    walked(&lexicon, &text, false).1.steps
                };
                // The first places of a text cost less: so the second half of it is told by the first.
                let (quarter, half, long) = (looked(96), looked(192), looked(384));
                assert!(
                    long.saturating_sub(half) <= 3 * half.saturating_sub(quarter) + 1_000,
                    "{piece:?} {views:?}: {quarter} steps of 96 characters, {half} of 192, {long} of 384"
                );
                assert!(long <= 800 * 384, "{piece:?} {views:?}: {long} steps of 384 characters");
            }
        }
    }
}

/// A text of two equal syllables, each as long as a run: what follows the first differs from a piece of it, of which one begins at every
/// place of the run, only at the end.
#[test]
fn a_syllable_as_long_as_a_run_is_compared_with_what_follows_run_by_run() {
    use View::{Leet, Lookalike, Pinyin, Repeats, Separators};
    let views = Views::from_iter([Separators, Repeats, Pinyin, Leet, Lookalike]);
    let lexicon = lexicon(["力气", "李", "气力"], views);
    for letter in ["l", "1", "!", "1!"] {
        for between in ["", ".", "...", "1"] {
            let compared = |characters: usize| {
                let run = letter.repeat(characters / 2 / letter.len());
                walked(&lexicon, &format!("{run}i{between}{run}i"), false).1.compared
            };
            let (short, long) = (compared(1_000), compared(4_000));
            assert!(
                0 < short && long <= 5 * short,
                "{letter:?} {between:?}: {short} comparisons in 1,000 characters, {long} in 4,000"
            );
        }
    }
}

/// What texts are made of that are hard to read: letters and parts of words, what looks like them and is a sign all the same, what is joined to the
/// separator before it, and what falls away.
const PIECES: [&str; 32] = [
    "l",
    "r",
    "i",
    "e",
    "1",
    "!",
    "8",
    "a",
    "$",
    "€",
    "£",
    "€\u{200d}",
    "£\u{200d}",
    "赌",
    "呵",
    "从",
    "人",
    "木",
    "㊍\u{200d}",
    "㊋\u{200d}",
    "\u{1f3fd}",
    "👩\u{200d}",
    "👧\u{200d}",
    "\u{2003}\u{200d}",
    "\u{200d}",
    " ",
    ".",
    "'",
    "\u{301}",
    "\r\n",
    "🇨",
    "x",
];

/// How much of a text a block of it is.
#[derive(Debug, Clone, Copy)]
enum Share {
    /// One piece.
    Once,
    /// As much as every other such block.
    Long,
}

/// Few different blocks, some of them more than once.
fn blocks() -> impl Strategy<Value = Vec<(String, Share)>> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..4);
    let different = prop::collection::vec(pieces.prop_map(|pieces| pieces.concat()), 1..4);
    different.prop_flat_map(|different| {
        let share = prop::sample::select(vec![Share::Once, Share::Long]);
        prop::collection::vec((prop::sample::select(different), share), 1..7)
    })
}

/// A text of these blocks that is about so long.
fn stretched(blocks: &[(String, Share)], characters: usize) -> String {
    let long = blocks.iter().filter(|(_, share)| matches!(share, Share::Long)).count().max(1);
    let repeated = |(block, share): &(String, Share)| match share {
        Share::Once => block.clone(),
        Share::Long => block.repeat(characters / long / block.chars().count()),
    };
    blocks.iter().map(repeated).collect()
}

/// A word begins at every place of a run of letters or digits, and the same is behind all of these places: a separator of as many
/// characters as the run, or nothing that says a letter.
#[test]
fn what_is_behind_a_run_is_passed_at_once_from_every_place_of_it() {
    let lexicon = lexicon(["李", "力气", "从"], Views::ALL);
    for (first, last) in [("l", "i"), ("1", "!"), ("人", "人")] {
        for joined in ["", "\u{1f3fd}", "👩\u{200d}👧\u{200d}"] {
            for separators in [1, 3] {
                let marks = |characters: usize| {
                    let half = |piece: &str| piece.repeat(characters / 2 / piece.chars().count().max(1));
                    let between = format!("👩{}", half(joined)).repeat(separators);
                    walked(&lexicon, &format!("{}{between}{last}", half(first)), false).1.marks
                };
                let (short, long) = (marks(1_000), marks(4_000));
                assert!(
                    0 < short && long <= 5 * short,
                    "{first:?} {joined:?}: {short} marks are asked for in 1,000 characters, {long} in 4,000"
                );
            }
        }
    }
}

/// Each of the signs of one separator looks like a letter or is a part of an ideograph: from every one of them to the letter or part behind the
/// separator is a piece, and what follows is equal to all of them for long.
#[test]
fn pieces_that_begin_in_one_separator_are_compared_with_what_follows_together() {
    let lexicon = lexicon(["二", "乐", "林"], Views::ALL);
    for (separator, last) in
        [("€\u{200d}£\u{200d}", "r"), ("£\u{200d}€\u{200d}", "e"), ("㊍\u{200d}㊋\u{200d}", "木")]
    {
        for between in ["", "."] {
            let compared = |characters: usize| {
                let piece = format!("{}{last}", separator.repeat(characters / 4));
                walked(&lexicon, &format!("{piece}{between}{piece}"), false).1.compared
            };
            let (short, long) = (compared(1_000), compared(4_000));
            assert!(
                0 < short && long <= 5 * short,
                "{separator:?} {between:?}: {short} comparisons in 1,000 characters, {long} in 4,000"
            );
        }
    }
}

proptest! {
    #![proptest_config(mangle::cases(60))]

    #[test]
    fn whatever_a_text_is_made_of_four_times_as_much_of_it_takes_four_times_as_long(
        blocks in blocks(),
        views in any::<u8>(),
    ) {
        let views = Views::from_iter(View::ALL.into_iter().enumerate().filter(|(at, _)| views >> at & 1 != 0).map(|(_, view)| view));
        prop_assume!(!views.is_empty());
        let words = ["力气", "李", "气力", "乐", "二", "赌博", "林", "ill", "从人", "！a", "👩l", "呵呵喝", "a a", "888", "ss$$s"];
        let lexicon = lexicon(words, views);
        let work = |characters: usize| walked(&lexicon, &stretched(&blocks, characters), false).1.sum();
        let (short, long) = (work(1_000), work(4_000));
        prop_assert!(long <= 5 * short + 10_000, "{:?} {:?}: {} and {}", blocks, views, short, long);
    }
}
