//! What is passed over is what has nothing: every text is judged as if nothing were passed over.

use common::Action;
use proptest::prelude::*;

use super::*;
use crate::rule::Border;
use crate::view::{View, Views};
use crate::words::room::KEPT;

impl RuleSet {
    /// Judges without sieve, gates, filters and stretches: every word is compared at every place, and every view walked from there.
    fn judge_slowly(&self, words: &[String], text: &str) -> Finding {
        let mut buffers = Buffers::default();
        let Buffers { folded, marks, walk: walk_buffers, found, .. } = &mut buffers;
        folded.refill(text);
        marks.refill(text, folded);
        for start in 0..folded.len() {
            let rest = folded.chars().get(start..).unwrap_or_default();
            for (word, number) in words.iter().zip(0_u32..) {
                let word: Vec<char> = word.chars().collect();
                if rest.starts_with(&word) {
                    let (start, end) = (start as u32, (start + word.len()) as u32);
                    found.push(Found { start, end, text: number, views: Views::NONE });
                }
            }
        }
        let marked = Text { chars: folded.chars(), marks };
        for lexicon in &self.lexicons {
            walk(lexicon, marked, std::slice::from_ref(&(0..folded.len())), walk_buffers, found);
            lexicon.initials.find(marked, found);
        }
        self.conclude(Direction::Input, text, &mut buffers)
    }
}

/// Pieces of texts: words of several scripts, what separates, what falls away, what becomes several characters.
const PIECES: [&str; 58] = [
    "赌",
    "赌",
    "博",
    "博",
    "毒",
    "历",
    "史",
    "历史",
    "爸爸",
    "賭",
    "歷",
    "a",
    "b",
    "Ａ",
    "ab",
    "1",
    "１",
    "-",
    " ",
    " ",
    "，",
    "！",
    "\u{3000}",
    "\n",
    "……",
    "™",
    "①",
    "1️⃣",
    "㎏",
    "½",
    "é",
    "e\u{301}",
    "👩\u{200d}👩\u{200d}👧",
    "👍🏽",
    "👍",
    "❤\u{fe0f}",
    "🇨🇳",
    "🔞",
    "♂",
    "♀",
    "\u{200b}",
    "\u{301}",
    "\u{3164}",
    "か",
    "\u{3099}",
    "が",
    "한",
    "\u{1112}\u{1161}\u{11ab}",
    "สวัส",
    "\u{e31}",
    "مر",
    "п",
    "а",
    "𝐀",
    "赌博",
    "dubo",
    "db",
    " db ",
];

fn views() -> impl Strategy<Value = Views> {
    let all = [
        View::Separators,
        View::Repeats,
        View::Pinyin,
        View::Initials,
        View::Homophone,
        View::Split,
        View::Lookalike,
        View::Leet,
    ];
    let initials = Just(vec![View::Separators, View::Initials]);
    let direct = prop::sample::subsequence(all[..2].to_vec(), 0..=2);
    let any = prop::sample::subsequence(all.to_vec(), 0..=8);
    prop_oneof![8 => direct, 2 => any, 1 => initials].prop_map(|views| views.into_iter().collect())
}

fn rule() -> impl Strategy<Value = Rule> {
    let word = "[赌博毒历史爸ab1]{1,6}|赌赌?博博?|历历?史史?|[赌a][ +-][博b]|[♂♀🔞👍]{1,3}|[赌]🔞|a\\+\\+|kg|tm|[か가a]{1,2}|はが";
    let words = prop::collection::vec(word, 1..4);
    let border = prop::sample::select(vec![Border::Any, Border::Any, Border::Word, Border::Seg]);
    (words, views(), border).prop_map(|(words, views, border)| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Rule { views, border, ..Rule::words("rule", &words, Action::Mask) }
    })
}

fn text() -> impl Strategy<Value = String> {
    let pieces = |most: usize| prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..most);
    prop_oneof![
        4 => pieces(24).prop_map(|pieces| pieces.concat()),
        // Longer than what is looked at together.
        2 => pieces(200).prop_map(|pieces| pieces.concat()),
        1 => (mangle::unicode(), pieces(6), mangle::unicode()).prop_map(|(a, pieces, b)| format!("{a}{}{b}", pieces.concat())),
    ]
}

#[test]
fn words_by_their_initials_alone_and_disguised_symbols_are_not_passed_over() {
    for (word, views, text) in [
        ("赌博", vec![View::Initials], "我们去 db 吧"),
        ("♂♀", vec![View::Separators], "♂-♀"),
        ("♂♀♂", vec![View::Repeats], "♂♀♀♂"),
    ] {
        let rule = Rule { views: views.into_iter().collect(), ..Rule::words("r", &[word], Action::Mask) };
        let engine = RuleSet::new(&[rule], "v").unwrap();
        assert_eq!(engine.judge(Direction::Input, text).hits.len(), 1, "{text}");
    }
}

#[test]
fn what_one_text_has_many_of_keeps_no_room() {
    let rules = [Rule::words("r", &["赌", "博"], Action::Mask)];
    let engine = RuleSet::builder("v").rules(&rules).allow(&["博".to_owned()]).build().unwrap();
    let mut buffers = Buffers::default();
    let room = |buffers: &Buffers| {
        [buffers.found.capacity(), buffers.allowed.capacity(), buffers.candidates.capacity()]
    };
    let many = engine.judge_with(Direction::Input, &"赌博".repeat(KEPT + 1), &mut buffers);
    assert_eq!(many.hits.len(), KEPT + 1);
    assert!(room(&buffers).into_iter().all(|room| room > KEPT), "{:?}", room(&buffers));
    assert_eq!(engine.judge_with(Direction::Input, "赌博", &mut buffers).hits.len(), 1);
    assert!(room(&buffers).into_iter().all(|room| room <= KEPT), "{:?}", room(&buffers));
}

proptest! {
    #![proptest_config(mangle::cases(3_000))]

    #[test]
    fn nothing_is_found_but_what_is_found_without_passing_anything_over(
        rules in prop::collection::vec(rule(), 1..4),
        allowed in prop::collection::vec("[赌博历史]{2,3}", 0..2),
        texts in prop::collection::vec(text(), 1..4),
    ) {
        let numbered = rules.iter().zip(0..).map(|(rule, number)| Rule { id: format!("r{number}"), ..rule.clone() });
        let rules: Vec<Rule> = numbered.filter(|rule| rule.check().is_ok()).collect();
        let engine = RuleSet::builder("v").rules(&rules).allow(&allowed).build().unwrap();
        let words = engine.plain.words();
        for text in texts {
            let slowly = engine.judge_slowly(&words, &text);
            prop_assert_eq!(engine.judge(Direction::Input, &text), slowly, "{:?} {:?}", text, words);
        }
    }
}
