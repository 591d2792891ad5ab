//! What the fold does to each kind of character, and what it leaves alone.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::*;

fn fold(text: &str) -> String {
    Folded::of(text).chars().iter().collect()
}

/// Asserts that each text folds to what stands beside it.
fn folds(pairs: &[(&str, &str)]) {
    for (text, to) in pairs {
        assert_eq!(fold(text), *to, "{text:?} ({})", text.escape_unicode());
    }
}

#[test]
fn width_and_compatibility_forms_fold() {
    folds(&[
        ("ＡＢＣ１２３（）", "abc123()"),
        ("㎏ ㏒ № ™ ﬁ ½", "kg log no tm fi 1/2"),
        ("ｶﾞｷﾞﾊﾟ", "ガギパ"),
        ("ﷺ", "صلى الله عليه وسلم"),
        ("㋿㏠", "令和1日"),
    ]);
}

#[test]
fn case_folds() {
    folds(&[
        ("HeLLo", "hello"),
        ("ΣΊΣΥΦΟΣ ς", "σισυφοσ σ"),
        ("ПРИВЕТ", "привет"),
        ("İIıi", "iiii"),
        ("ẞß", "ssss"),
        ("Ꭰꭰ", "ᎠᎠ"),
    ]);
}

#[test]
fn traditional_ideographs_fold_to_simplified_ones() {
    folds(&[
        ("賭博網站後臺幹乾淨頭髮發財", "赌博网站后台干干净头发发财"),
        ("裏裡里著名瞭解徵求餘額於", "里里里着名了解征求余额于"),
        ("鬥爭麵條鬱悶靈體萬億係繫穀", "斗争面条郁闷灵体万亿系系谷"),
    ]);
    // Both sides of a match fold, so what the simplified text keeps apart and the traditional text does not becomes one.
    assert_eq!(fold("乾坤著名馀"), fold("干坤着名余"));
}

#[test]
fn variants_of_ideographs_fold_and_other_words_do_not() {
    folds(&[
        ("囯國国峯峰佔占羣群爲為煖暖", "国国国峰峰占占群群为为暖暖"),
        ("妳牠祂", "你它他"),
        ("円亜仏桜沢駅", "圆亚佛樱泽驿"),
        ("三叁参二贰丘邱未末土士日曰卍万沈沉", "三叁参二贰丘邱未末土士日曰卍万沈沉"),
    ]);
}

#[test]
fn radicals_and_compatibility_ideographs_fold() {
    folds(&[
        ("⼀⼆⼈⽇⾦", "一二人日金"),
        ("⺅⺡⻌⺾", "亻氵辶艹"),
        ("\u{f900}\u{f96e}\u{2f800}", "岂叶丽"),
        ("㊀㊙㊗🈲", "一秘祝禁"),
    ]);
}

#[test]
fn enclosed_and_mathematical_letters_and_digits_fold() {
    folds(&[
        ("ⓐⒷ⒞🄐🄰🅐🅰🅱", "abcaaaab"),
        ("𝐀𝑏𝒞𝔡𝕖𝖋𝗴𝘩𝙞𝚓", "abcdefghij"),
        ("①⑩⑳㉑❶➀➊⓵⓿⓫㊿", "1102021111101150"),
        ("🇫🇺", "fu"),
        ("ᴀʙᴄ ᵃᵇᶜ ₁²", "abc abc 12"),
        ("⒈⑴⒇", "1.120"),
        ("㈠㈱🉁", "一株三"),
        ("🆗🆘", "oksos"),
    ]);
}

#[test]
fn digits_of_other_scripts_fold() {
    folds(&[("٠١٢٣۴۵۶", "0123456"), ("०१२ ๓๔ ៥ ༦", "012 34 5 6"), ("𝟘𝟙𝟚🯰🯱", "01201"), ("1️⃣2️⃣#️⃣", "12#")]);
}

#[test]
fn accents_fall_away_and_letters_with_strokes_become_plain() {
    folds(&[
        ("éèêëñçüÅ", "eeeencua"),
        ("e\u{301}\u{323}", "e"),
        ("łøđħŧþðŋæœßĸıƒ", "lodhtthdnaeoesskif"),
        ("yínháng lǜ", "yinhang lu"),
        ("ёйΐ", "еиι"),
        ("l̶o̶v̶e̶ Z͑ͫ̓ͪa͂l̐g̈́o", "love zalgo"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
    ]);
}

#[test]
fn what_is_not_seen_falls_away() {
    for c in [
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{2060}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{202e}",
        "\u{2066}",
        "\u{61c}",
        "\u{180e}",
        "\u{fe0f}",
        "\u{e0101}",
        "\u{e0041}",
        "\u{e007f}",
        "\u{2065}",
        "\u{fff0}",
        "\u{fffc}",
        "\u{0}",
        "\u{7f}",
        "\u{9f}",
        "\u{17b4}",
        "\u{180b}",
        "\u{1d173}",
        "\u{206a}",
        "\u{fff9}",
        "\u{20e3}",
        "\u{489}",
    ] {
        assert_eq!(fold(&format!("赌{c}博")), "赌博", "{}", c.escape_unicode());
    }
}

#[test]
fn spaces_and_blank_letters_become_one_space() {
    for c in [
        "\t", "\u{a0}", "\u{2003}", "\u{3000}", "\u{202f}", "\u{115f}", "\u{1160}", "\u{3164}", "\u{ffa0}",
        "\u{2800}",
    ] {
        assert_eq!(fold(&format!("赌{c}博")), "赌 博", "{}", c.escape_unicode());
    }
    folds(&[("a\r\nb\u{2028}c\u{85}d", "a\n\nb\nc\nd")]);
}

#[test]
fn thin_characters_do_not_vanish() {
    folds(&[
        ("一丨丿丶乙亅〇々ー・…", "一丨丿丶乙亅〇々ー・..."),
        ("ーー", "ーー"),
        ("_-.·", "_-.·"),
        ("👍❤🏽🈁", "👍❤🏽ココ"),
    ]);
}

#[test]
fn emoji_stay_characters() {
    assert_eq!(fold("👩‍👩‍👧❤️"), "👩👩👧❤");
}

#[test]
fn words_of_other_scripts_keep_their_marks() {
    folds(&[
        ("สวัสดีครับ", "สวัสดีครับ"),
        ("नमस्ते हिन्दी", "नमस्ते हिन्दी"),
        ("வணக்கம்", "வணக்கம்"),
        ("မြန်မာ", "မြန်မာ"),
        ("ភាសាខ្មែរ", "ភាសាខ្មែរ"),
        ("བོད་སྐད", "བོད་སྐད"),
    ]);
    // The same marks on an ideograph or a Latin letter are ornaments.
    folds(&[("法\u{e47}轮\u{e49}", "法轮"), ("d\u{e31}a\u{94d}mn", "damn"), ("\u{e47}", "")]);
}

#[test]
fn hangul_and_kana_are_whole_however_they_are_written() {
    for text in ["한국어 각 가", "がぎぐパピプヴ"] {
        let apart: String = text.nfd().collect();
        assert_eq!((fold(text).as_str(), fold(&apart).as_str()), (text, text));
    }
    folds(&[
        ("ㅅㅣㅂㅏㄹ", "시바ᄅ"),
        ("か゛き\u{3099}", "がぎ"),
        ("は゜", "ぱ"),
        ("あ゛い", "あい"),
        ("\u{1161}", "\u{1161}"),
    ]);
}

#[test]
fn the_source_of_what_was_found_is_covered_without_its_surroundings() {
    let text = "\u{200b}賭\u{200d}博\u{fe0f}㎏か\u{3099}";
    let folded = Folded::of(text);
    assert_eq!(folded.chars(), ['赌', '博', 'k', 'g', 'が']);
    assert_eq!(&text[folded.source(0..2)], "賭\u{200d}博");
    assert_eq!(&text[folded.source(2..3)], "㎏");
    assert_eq!(&text[folded.source(4..5)], "か\u{3099}");
    assert_eq!((folded.source(2..2), folded.source(3..9)), (0..0, 0..0));
}

#[test]
fn one_character_folds_as_in_a_text() {
    for c in '\0'..=char::MAX {
        let alone: Vec<char> = fold_char(c).collect();
        let whole = Folded::of(&c.to_string());
        // Only a mark, and a voicing mark, depends on what stands before it.
        let free: Vec<char> = alone.iter().copied().skip_while(|c| is_combining_mark(*c)).collect();
        assert_eq!(whole.chars(), free, "{c:?}: {alone:?}");
        let again: Vec<char> = alone.iter().flat_map(|c| fold_char(*c)).collect();
        assert_eq!(alone, again, "{c:?}");
    }
}

/// What the library makes of a character: compatibility decomposition, case, no points.
fn expected(c: char) -> String {
    let apart = std::iter::once(c).nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    apart
        .filter(|c| {
            !(is_combining_mark(*c)
                && Folded::of(&c.to_string()).is_empty()
                && fold_char(*c).next().is_none())
        })
        .nfc()
        .collect()
}

/// Capitals of Unicode 18, younger than the standard library's cases.
fn is_young_capital(c: char) -> bool {
    matches!(c, '\u{a7dd}' | '\u{ab6c}' | '\u{ab6d}' | '\u{1df40}'..='\u{1df7e}')
}

/// Why the fold of a character may differ from what the library makes of it.
fn intended(c: char, ours: &str, library: &str) -> Option<&'static str> {
    let invisible = crate::is_blank(&c.to_string());
    let ideographs = |text: &str| text.chars().filter(|c| class(*c) == CharClass::Ideograph).count();
    if ours.is_empty() {
        return invisible.then_some("not seen");
    }
    let within = library.strip_prefix(['(', '〔']).and_then(|rest| rest.strip_suffix([')', '〕']));
    if within.is_some_and(|within| Folded::of(within).chars().iter().collect::<String>() == ours) {
        return Some("in brackets");
    }
    if ours == " " || ours == "\n" {
        return (invisible || c == '\u{37a}').then_some("blank");
    }
    if ideographs(ours) > 0 {
        let same = Folded::of(library).chars().iter().collect::<String>() == ours;
        let part = matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{31c0}'..='\u{31e3}') && ideographs(ours) == 1;
        return (same || part).then_some("variant of an ideograph");
    }
    match c {
        '\u{3099}'..='\u{309c}' | '\u{ff9e}' | '\u{ff9f}' => Some("voicing mark"),
        _ if is_young_capital(c) => Some("young capital"),
        _ if c.is_ascii() => None,
        _ if ours.bytes().all(|b| b.is_ascii_lowercase()) => Some("letter"),
        _ if ours.bytes().all(|b| b.is_ascii_digit()) => Some("digit"),
        _ => matches!(ours, "-" | "/" | "~").then_some("dash, slash or tilde"),
    }
}

#[test]
fn the_table_agrees_with_the_library_but_for_what_is_listed() {
    let lower = |text: &str| -> String {
        text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
    };
    let mut counts = std::collections::BTreeMap::new();
    let mut others = Vec::new();
    for c in '\0'..=char::MAX {
        let ours: String = fold_char(c).collect();
        if lower(&ours) == lower(&expected(c)).replace(['⁄', '∕'], "/") {
            *counts.entry("same").or_insert(0) += 1;
            continue;
        }
        match intended(c, &ours, &expected(c)) {
            Some(why) => *counts.entry(why).or_insert(0) += 1,
            None => others.push(format!("{:x} {c} {ours} {}", c as u32, expected(c))),
        }
    }
    println!("{counts:?}");
    assert!(others.is_empty(), "{} differ: {}", others.len(), others.join("\n"));
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn any_text_folds_once_and_for_all(text in mangle::unicode(), other in mangle::unicode()) {
        let folded = Folded::of(&text);
        let again: String = folded.chars().iter().collect();
        let twice = Folded::of(&again);
        prop_assert_eq!(folded.chars(), twice.chars());
        let mut refilled = Folded::of(&other);
        refilled.refill(&text);
        prop_assert_eq!(&refilled, &folded);
        let mut last = 0..0;
        for at in 0..folded.len() {
            let span = folded.source(at..at + 1);
            prop_assert!(span.start < span.end && text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            prop_assert!(span == last || span.start >= last.end, "{:?} after {:?}", span, last);
            last = span;
        }
        if !folded.is_empty() {
            prop_assert_eq!(folded.source(0..folded.len()), folded.source(0..1).start..last.end);
        }
    }

    #[test]
    fn any_characters_fold(text in any::<String>()) {
        let folded: String = Folded::of(&text).chars().iter().collect();
        prop_assert_eq!(fold(&folded), folded);
    }
}

/// `cargo test --release -p safety fold -- --ignored --nocapture`: what a fold and the first load cost.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_methods, reason = "it measures")]
fn cost() {
    let text: String = "今天下午我们在公司附近的咖啡馆见面，讨论一下新项目的进展情况，请提前准备好相关资料。"
        .chars()
        .cycle()
        .take(85)
        .collect();
    let start = std::time::Instant::now();
    let mut folded = Folded::of("");
    let load = start.elapsed();
    let start = std::time::Instant::now();
    let _ = (
        crate::tables::word_readings(&['银', '行']),
        crate::tables::components('赌'),
        crate::tables::lookalike('а'),
    );
    let rest = start.elapsed();
    println!("fold loads in {load:?}, the other tables in {rest:?}");
    for (name, text) in
        [("simplified", text.clone()), ("traditional", text.replace("进", "進").replace("们", "們"))]
    {
        // The fastest of many short rounds is the one that nothing else disturbed.
        let round = || {
            let start = std::time::Instant::now();
            for _ in 0..1_000 {
                folded.refill(std::hint::black_box(&text));
                std::hint::black_box(folded.chars());
            }
            start.elapsed() / 1_000
        };
        let best = std::iter::repeat_with(round).take(1_000).min().unwrap();
        println!("{name}: {best:?} a message of 85 characters");
    }
}

#[test]
fn what_is_no_letter_ideograph_or_digit_is_never_taken_for_one() {
    for c in ('\0'..=char::MAX).filter(|c| !c.is_control()) {
        let folded = Folded::of(&format!("字{c}"));
        for (folded, may_separate) in folded.chars().iter().zip(folded.separators()) {
            let is_sign =
                !matches!(class(*folded), CharClass::Ideograph | CharClass::Letter | CharClass::Digit);
            assert!(*may_separate || !is_sign, "{c:?} {}", c.escape_unicode());
        }
    }
}
