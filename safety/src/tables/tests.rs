//! Targeted facts, and what holds for all characters.

use super::*;
use crate::{Folded, fold_char};

fn spelled(word: &str) -> Vec<String> {
    let word: Vec<char> = word.chars().collect();
    let spell = |way: Vec<Syllable>| way.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" ");
    word_readings(&word).into_iter().map(spell).collect()
}

fn parts(c: char) -> Vec<String> {
    components(c).iter().map(|(left, right)| format!("{left}{right}")).collect()
}

#[test]
fn ideographs_have_the_readings_that_occur_in_words() {
    for (c, all) in [
        ('赌', &["du"][..]),
        ('重', &["zhong", "chong"]),
        ('行', &["xing", "hang"]),
        ('女', &["nv"]),
        ('绿', &["lv", "lu"]),
        ('略', &["lve"]),
        ('车', &["che", "ju"]),
        ('嗯', &["n", "en"]),
        ('着', &["zhe", "zhuo", "zhao", "zhu"]),
        ('干', &["gan", "qian"]),
    ] {
        let mut found: Vec<&str> = readings(c).iter().map(|s| s.as_str()).collect();
        let mut all = all.to_vec();
        assert_eq!(found.first(), all.first(), "the commonest of {c}");
        found.sort_unstable();
        all.sort_unstable();
        assert_eq!(found, all, "{c}");
    }
    assert!(["a", "1", "ー", "が", "👍"].iter().all(|t| t.chars().all(|c| readings(c).is_empty())));
}

#[test]
fn polyphonic_words_are_read_as_the_dictionary_says() {
    for (word, ways) in [
        ("银行", &["yin hang"][..]),
        ("重庆", &["chong qing"]),
        ("赌博", &["du bo"]),
        ("音乐", &["yin yue"]),
        ("女人", &["nv ren"]),
        ("朝阳", &["chao yang", "zhao yang"]),
    ] {
        let mut found = spelled(word);
        found.sort_unstable();
        assert_eq!(found, ways, "{word}");
    }
}

#[test]
fn other_words_are_read_in_every_way_up_to_a_bound() {
    let ways = spelled("重车");
    assert_eq!(ways[0], "zhong che");
    assert_eq!(ways.len(), 4);
    assert!(["chong che", "zhong ju", "chong ju"].iter().all(|way| ways.contains(&(*way).to_owned())));
    let long = spelled(&"重行着干车".repeat(20));
    assert!(long.len() <= 64 && long.iter().all(|way| way.split(' ').count() == 100), "{}", long.len());
    assert!(spelled("赌a").is_empty() && spelled("").is_empty());
}

#[test]
fn syllables_are_equal_by_their_spelling() {
    assert_eq!(readings('银').first(), readings('引').first());
    assert_ne!(readings('女').first(), readings('怒').first());
    let lv = Syllable::of("lv").unwrap();
    assert_eq!((lv.as_str(), lv.with_u()), ("lv", Some("lu")));
    assert_eq!(Syllable::of("zhong").unwrap().with_u(), None);
    assert_eq!(Syllable::of("zzz"), None);
    let every = ('\0'..=char::MAX).flat_map(readings);
    assert!(
        every
            .clone()
            .all(|s| Syllable::of(s.as_str()) == Some(*s)
                && s.as_str().bytes().all(|b| b.is_ascii_lowercase()))
    );
    assert!(every.filter(|s| s.as_str().contains('v')).all(|s| s.with_u().is_some()));
}

#[test]
fn the_common_characters_are_read_and_many_have_parts() {
    let common = ('一'..='龥').filter(|c| fold_char(*c).eq([*c]));
    assert!(common.clone().filter(|c| readings(*c).is_empty()).count() < 100);
    assert!(common.filter(|c| !components(*c).is_empty()).count() > 8_000);
}

#[test]
fn characters_split_into_the_forms_that_people_write() {
    for (c, pairs) in [
        ('赌', &["贝者"][..]),
        ('谢', &["讠射", "言射"]),
        ('法', &["氵去", "水去"]),
        ('情', &["忄青", "心青"]),
        ('他', &["亻也", "人也"]),
        ('打', &["扌丁", "手丁"]),
        ('银', &["钅艮", "金艮"]),
        ('饭', &["饣反", "食反"]),
        ('狗', &["犭句"]),
        ('给', &["纟合", "糸合"]),
        ('神', &["礻申", "示申"]),
        ('袖', &["衤由", "衣由"]),
        ('超', &["走召"]),
        ('别', &["另刂", "另刀"]),
        ('好', &["女子"]),
        ('枪', &["木仓"]),
        ('轮', &["车仑"]),
        ('跳', &["足兆"]),
        ('理', &["王里"]),
        ('物', &["牛勿"]),
        ('假', &["亻假"]),
        ('林', &["木木"]),
        ('双', &["又又"]),
        ('弱', &["弓弓"]),
        ('竞', &["竞竞"]),
        ('摇', &["扌䍃", "手䍃"]),
        ('头', &["豆页"]),
        ('个', &["亻固", "人固"]),
        ('烟', &["火因", "火堙"]),
    ] {
        let found = parts(c);
        assert!(pairs.iter().all(|pair| found.contains(&(*pair).to_owned())), "{c}: {found:?}");
    }
    assert!(!parts('假').contains(&"人假".to_owned()) && !parts('亲').contains(&"亲见".to_owned()));
    assert!(["一", "国", "李", "a", "人"].iter().all(|t| t.chars().all(|c| components(c).is_empty())));
}

#[test]
fn letters_of_other_scripts_look_like_latin_ones() {
    for (text, to) in [
        ("аеорсухвнмтк", "aeopcyxbhmtk"),
        ("іјѕһԁ", "ljshd"),
        ("ονρτυχκαε", "ovptuxkae"),
        ("օոսհց", "onuhg"),
        ("01i|l", "ollll"),
    ] {
        let looks: String = Folded::of(text).chars().iter().map(|c| lookalike(*c).unwrap_or(*c)).collect();
        assert_eq!(looks, to, "{text}");
    }
    assert!(lookalikes('ν').contains(&'v') && lookalikes('ν').contains(&'n'));
    assert_eq!((lookalike('口'), lookalike('囗')), (lookalike('口'), Some('口')));
    assert!("abcdefghjklmnopqrstuvwxyz23456789你好".chars().all(|c| lookalike(c).is_none()));
}

#[test]
fn a_look_alike_looks_like_nothing_else() {
    for c in '\0'..=char::MAX {
        let folded = |c: char| fold_char(c).eq([c]);
        assert!(lookalikes(c).is_empty() || folded(c), "{c:?} is not folded");
        for to in lookalikes(c) {
            assert!(folded(*to) && *to != c, "{c:?} looks like {to:?}");
        }
        if let Some(to) = lookalike(c) {
            assert_eq!(lookalike(to), None, "{c:?} looks like {to:?}");
        }
    }
}

#[test]
fn all_tables_speak_of_folded_characters() {
    let folded = |c: char| fold_char(c).eq([c]);
    for c in '\0'..=char::MAX {
        assert!(folded(c) || (readings(c).is_empty() && components(c).is_empty()), "{c:?}");
        assert!(
            components(c).iter().all(|(left, right)| folded(*left) && folded(*right)),
            "{c:?}: {:?}",
            parts(c)
        );
    }
}

#[test]
fn leetspeak_stands_for_letters() {
    for (c, letters) in [
        ('4', "a"),
        ('@', "a"),
        ('3', "e"),
        ('1', "il"),
        ('0', "o"),
        ('$', "s"),
        ('5', "s"),
        ('7', "tl"),
        ('8', "b"),
    ] {
        assert_eq!(leet(c).iter().collect::<String>(), letters);
    }
    assert!(leet('a').is_empty() && leet('字').is_empty());
    assert!(('\0'..=char::MAX).flat_map(leet).all(|c| c.is_ascii_lowercase()));
}

#[test]
fn every_character_is_of_one_class() {
    for (of, text) in [
        (CharClass::Ideograph, "赌一〇々㐀\u{20000}丨亻"),
        (CharClass::Letter, "aжαあーカ한ㅏกิह\u{1100}ª"),
        (CharClass::Digit, "0９٣३𝟘"),
        (
            CharClass::Blank,
            " \t\n\u{a0}\u{3000}\u{200b}\u{3164}\u{ffa0}\u{115f}\u{1160}\u{2800}\u{ad}\u{fe0f}\u{e0041}\u{301}",
        ),
        (CharClass::Other, "-_.,·。、…👍🏽❤$+²①〜"),
    ] {
        for c in text.chars() {
            assert_eq!(class(c), of, "{c:?} ({})", c.escape_unicode());
        }
    }
}
