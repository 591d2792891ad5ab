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
}

/// What a walk from every place finds, and what it took.
fn walked(lexicon: &Lexicon, text: &str, forgets: bool) -> (Vec<Found>, Work) {
    let folded = Folded::of(text);
    let mut marks = Marks::default();
    marks.refill(text, &folded);
    let (mut found, mut buffers) = (Vec::new(), WalkBuffers::default());
    buffers.visited.forgets = forgets;
    let text = Text { chars: folded.chars(), marks: &marks };
    walk(lexicon, text, std::slice::from_ref(&(0..folded.len())), &mut buffers, &mut found);
    found.sort_unstable();
    found.dedup();
    (found, Work { steps: buffers.looked + buffers.steps.count(), compared: buffers.compared })
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
