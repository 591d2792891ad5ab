//! What stands around a word, and what is allowed.

use safety::View::{Homophone, Initials, Pinyin, Repeats, Separators, Split};
use safety::{Action, Border, Direction, Engine, Rule, RuleSet, View};

fn hits(word: &str, asked: &[View], border: Border, text: &str) -> bool {
    let rule =
        Rule { views: asked.iter().copied().collect(), border, ..Rule::words("r", &[word], Action::Block) };
    !RuleSet::new(&[rule], "d").unwrap().judge(Direction::Input, text).hits.is_empty()
}

#[test]
fn a_word_with_a_segmentation_border_is_not_found_across_words() {
    for (word, text, expected) in [
        ("大麻", "这是个大麻烦", false),
        ("大麻", "有人卖大麻吗", true),
        ("口交", "路口交通", false),
        ("大麻", "大-麻", true),
        ("大麻", "大 麻烦", false),
    ] {
        assert_eq!(hits(word, &[Separators], Border::Seg, text), expected, "{text}");
    }
}

#[test]
fn a_word_with_a_word_border_is_not_found_in_a_longer_run() {
    for (text, expected) in [
        ("Smoking kills", false),
        ("去玩SM吧", true),
        ("SM", true),
        ("sm2", false),
        ("asm", false),
        ("s-m", true),
        ("(ｓｍ)", true),
        ("it's m", false),
    ] {
        assert_eq!(hits("sm", &[Separators], Border::Word, text), expected, "{text}");
    }
}

#[test]
fn what_is_read_as_a_letter_is_part_of_the_run() {
    let views = [View::Leet, View::Lookalike, Separators, View::Repeats];
    for (word, text, expected) in [
        ("ass", "p@ss", false),
        ("ass", "gl@ss", false),
        ("ass", "a$$et", false),
        ("ass", "cl@$$", false),
        ("ass", "an @ss", true),
        ("ass", "a$$", true),
        ("ass", "(@ss)", true),
        ("ass", "一个@ss吧", true),
        ("ass", "a$$²", false),
        ("ass", "ass²", false),
        ("ass", "ass¹", false),
        ("ass", "ass₃", false),
        ("ass", "ass™", true),
        ("anal", "c@nal", false),
        ("anal", "@nal", true),
        ("ass", "pᎪss", false),
        ("ass", "Ꭺss", true),
        ("peace", "ᏢᎬᎪᏟᎬ", true),
        ("peace", "ᎮᏢᎬᎪᏟᎬ", false),
        ("peace", "ᏢᎬᎪᏟᎬᎮ", false),
        ("poker", "ꓑꓳꓗꓰꓣ", true),
        ("poker", "玩ꓑꓳꓗꓰꓣ吧", true),
    ] {
        assert_eq!(hits(word, &views, Border::Word, text), expected, "{word}: {text}");
    }
}

#[test]
fn near_misses_of_views_are_not_hit() {
    for (word, view, text) in [
        ("赌博", Separators, "赌----博"),
        ("赌博", Separators, "赌a博"),
        ("赌博", Separators, "赌的博"),
        ("赌博", Separators, "赌1博"),
        ("赌博", Repeats, "赌赌"),
        ("ass", Repeats, "as"),
        ("赌博", Pinyin, "xdubo"),
        ("赌博", Pinyin, "dubox"),
        ("赌博", Pinyin, "赌bomb"),
        ("赌博", Pinyin, "du.bo"),
        ("妓女", Pinyin, "jinu"),
        ("赌博", Initials, "dba"),
        ("赌博", Initials, "my_db"),
        ("赌博", Initials, "db.query()"),
        ("赌博", Initials, "db2"),
        ("赌博", Homophone, "赌坡"),
        ("赌博", Split, "贝 者博"),
        ("赌博", Split, "者贝博"),
    ] {
        assert!(!hits(word, &[view], Border::Any, text), "{word} {view:?} {text}");
    }
    assert!(!hits("cab", &[View::Leet], Border::Any, "(48"));
    assert!(!hits("lol", &[View::Lookalike], Border::Any, "101"));
}

#[test]
fn every_reading_that_occurs_in_words_counts() {
    assert!(hits("银行", &[Pinyin], Border::Any, "yinhang"));
    assert!(hits("银行", &[Homophone], Border::Any, "因航"));
    assert!(hits("妓女", &[Pinyin], Border::Any, "jinv") && hits("妓女", &[Pinyin], Border::Any, "jì nǚ"));
}

#[test]
fn a_hit_within_an_allowed_span_is_cancelled_and_another_still_counts() {
    let engine = RuleSet::builder("d")
        .rules(&[Rule::words("r", &["大麻"], Action::Block)])
        .allow(&["大麻煩".to_owned()])
        .build()
        .unwrap();
    let judged = |text| engine.judge(Direction::Input, text);
    assert!(judged("大麻烦").hits.is_empty() && judged("大麻煩").hits.is_empty());
    assert_eq!(judged("大麻烦，大麻").spans, [12..18]);
}
