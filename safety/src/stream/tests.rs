use std::ops::Range;

use common::Action;
use proptest::prelude::*;

use super::*;
use crate::fold::Folded;

/// Looks for folded words, some of them allowed inside longer words, some only where no letter stands beside them.
#[derive(Debug)]
struct Words {
    reach: usize,
}

/// Word, whether letters may stand beside it, action.
const WORDS: [(&str, bool, Action); 6] = [
    ("damn", false, Action::Mask),
    ("赌博", true, Action::Mask),
    ("博彩网站", true, Action::Mask),
    ("aa", true, Action::Mask),
    ("大麻", true, Action::Block),
    ("kill", false, Action::Hold),
];
const ALLOWED: [&str; 2] = ["大麻烦", "赌博是违法"];

impl Words {
    /// The longest allowed word with a letter before and behind a word.
    const REACH: usize = 8;

    fn places(folded: &Folded, word: &str) -> Vec<Range<usize>> {
        let word: Vec<char> = word.chars().collect();
        let windows = folded.chars().windows(word.len()).enumerate();
        windows.filter(|(_, found)| *found == word).map(|(at, _)| at..at + word.len()).collect()
    }
}

impl Judge for Words {
    fn reach(&self) -> usize {
        self.reach
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let folded = Folded::of(text);
        let allowed: Vec<_> = ALLOWED.iter().flat_map(|word| Self::places(&folded, word)).collect();
        let is_letter = |at: Option<usize>| {
            at.and_then(|at| folded.chars().get(at)).is_some_and(|c| c.is_ascii_alphanumeric())
        };
        let mut hits = Vec::new();
        for (word, everywhere, action) in WORDS {
            for place in Self::places(&folded, word) {
                let is_inside = is_letter(place.start.checked_sub(1)) || is_letter(Some(place.end));
                let is_allowed =
                    allowed.iter().any(|span| span.start <= place.start && place.end <= span.end);
                if (everywhere || !is_inside) && !is_allowed {
                    hits.push(Hit { span: folded.source(place), action });
                }
            }
        }
        hits.sort_by_key(|hit| hit.span.start);
        hits
    }
}

/// What may pass of a text that came at once.
fn at_once(text: &str) -> (String, Option<Action>) {
    let hits = Words { reach: Words::REACH }.hits(text);
    let stop = hits.iter().find(|hit| hit.action > Action::Mask);
    let end = stop.map_or(text.len(), |hit| hit.span.start);
    let is_masked = |at| hits.iter().any(|hit| hit.action == Action::Mask && hit.span.contains(&at));
    let passed = text[..end].char_indices().map(|(at, c)| if is_masked(at) { '*' } else { c }).collect();
    (passed, stop.map(|hit| hit.action))
}

/// What passes of the pieces, and the most characters that waited.
fn in_pieces<'a>(
    judge: impl Judge,
    stride: usize,
    pieces: impl Iterator<Item = &'a str>,
) -> (String, Option<Action>) {
    let mut stream = HoldBack::new(judge).with_stride(stride);
    let mut out = String::new();
    let mut stop = None;
    for piece in pieces {
        let passed = stream.push(piece);
        assert!(stop.is_none() || passed.text.is_empty(), "nothing passes after the end");
        out.push_str(&passed.text);
        stop = stop.or(passed.stop);
    }
    let rest = stream.finish();
    out.push_str(&rest.text);
    (out, stop.or(rest.stop))
}

fn borders(text: &str) -> Vec<usize> {
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect()
}

const TEXTS: [&str; 16] = [
    "",
    "nothing to be said against this text, however long it is going to be",
    "赌博 stands at the start of it",
    "in the middle 赌博 it stands",
    "at the end stands 赌博",
    "去赌博彩网站看看 overlapping ones, 赌博彩网站",
    "damn, DAMN it, goddamn and damned are words, damn",
    "一个大麻烦来了, 不是别的",
    "这里卖大麻, 之后的字不会出去, 大麻烦也不会",
    "赌\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}博 hides behind what is not seen",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is endless",
    "赌博是违法的, 赌博是不好的",
    "ｄａｍｎ wide, 賭博 traditional, 👩‍👩‍👧 kept",
    "do not kill, 大麻",
    "skills are not kills, damn kill",
    "大麻",
];

#[test]
fn a_text_passes_as_if_it_came_at_once_wherever_it_is_split() {
    let judge = Words { reach: Words::REACH };
    for text in TEXTS {
        let expected = at_once(text);
        for stride in [1, 5] {
            for at in borders(text) {
                for second in borders(text).into_iter().filter(|second| *second >= at) {
                    let pieces = [&text[..at], &text[at..second], &text[second..]];
                    let passed = in_pieces(&judge, stride, pieces.into_iter());
                    assert_eq!(passed, expected, "{pieces:?} by {stride}");
                }
            }
            let characters = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
            assert_eq!(in_pieces(&judge, stride, characters), expected, "{text:?} by characters");
        }
    }
}

#[test]
fn nothing_of_a_hit_passes_before_it_is_whole() {
    let mut stream = HoldBack::new(Words { reach: Words::REACH }).with_stride(1);
    let mut out = String::new();
    for piece in ["well known: ", "赌", "", "\u{200b}", "博", "。"] {
        out.push_str(&stream.push(piece).text);
        assert!(!out.contains('赌') && !out.contains('博'), "{out:?}");
    }
    out.push_str(&stream.finish().text);
    assert_eq!(out, "well known: ***。");
}

#[test]
fn no_more_waits_than_the_window() {
    let text = TEXTS.concat().replace("大麻,", "").replace("kill", "").replace("大麻", "");
    let mut stream = HoldBack::new(Words { reach: Words::REACH }).with_stride(4);
    assert_eq!(stream.window(), 2 * Words::REACH + 4);
    let (mut pushed, mut passed) = (String::new(), 0);
    for c in text.chars() {
        pushed.push(c);
        passed += stream.push(&c.to_string()).text.chars().count();
        let waiting: String = pushed.chars().skip(passed).collect();
        assert!(measure::counted(&waiting) <= stream.window(), "{waiting:?}");
    }
}

#[test]
fn a_long_answer_in_small_pieces_costs_about_what_its_length_is() {
    #[derive(Debug)]
    struct Counting(Words, std::cell::Cell<usize>);
    impl Judge for Counting {
        fn reach(&self) -> usize {
            self.0.reach()
        }
        fn hits(&self, text: &str) -> Vec<Hit> {
            self.1.set(self.1.get() + text.len());
            self.0.hits(text)
        }
    }
    let text = "去看看赌博彩网站的人说damn, 一切都好. ".repeat(4_000);
    let judge = Counting(Words { reach: 100 }, std::cell::Cell::new(0));
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters.chunks(3).map(|piece| piece.iter().collect()).collect();
    let mut stream = HoldBack::new(&judge);
    let mut out = String::new();
    for piece in &pieces {
        out.push_str(&stream.push(piece).text);
    }
    out.push_str(&stream.finish().text);
    assert_eq!(out, at_once(&text).0);
    assert!(text.len() > 200_000 && judge.1.get() < 15 * text.len(), "{} bytes judged", judge.1.get());
}

#[test]
fn a_flood_of_what_is_not_seen_costs_no_more() {
    let text = format!("赌{}博", "\u{200b}".repeat(50_000));
    let characters = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
    let (passed, stop) = in_pieces(Words { reach: Words::REACH }, 4, characters);
    assert_eq!((passed.chars().all(|c| c == '*'), stop), (true, None));
}

fn pieces_of_texts() -> impl Strategy<Value = Vec<String>> {
    let known = prop::sample::select(
        &[
            "赌",
            "博",
            "赌博",
            "彩网站",
            "大",
            "麻",
            "烦",
            "是违法",
            "da",
            "mn",
            "damn",
            " ",
            "a",
            "aa",
            "ki",
            "ll",
            "\u{200b}",
            "x",
            "，",
        ][..],
    );
    let piece = prop_oneof![6 => known.prop_map(str::to_owned), 1 => mangle::unicode()];
    prop::collection::vec(piece, 0..60)
}

proptest! {
    #![proptest_config(mangle::cases(1_000))]

    #[test]
    fn fuzz_any_text_in_any_pieces_passes_as_at_once(pieces in pieces_of_texts(), stride in 1_usize..12) {
        let text = pieces.concat();
        let passed = in_pieces(Words { reach: Words::REACH }, stride, pieces.iter().map(String::as_str));
        prop_assert_eq!(passed, at_once(&text));
    }
}
