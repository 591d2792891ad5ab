use catalogue::labels::Language;

use super::*;

fn measures(baseline: &str, candidate: &str) -> Measures {
    Measures::of("怎么退款?", baseline, candidate)
}

#[test]
fn width_case_space_punctuation_and_script_make_no_difference_once_normalised() {
    for (one, other) in [
        ("您好，请打开【设置】。", "您好, 请 打开[设置]"),
        ("ＡＰＩ Key", "api key"),
        ("請打開設定", "请打开设定"),
        ("**Refund**: 3 days!", "refund 3 days"),
        ("好的👍", "好的"),
    ] {
        let measured = measures(one, other);
        assert!(!measured.exact && measured.normalised, "{one} {other}");
        assert_eq!(measured.similarity, 1.0);
    }
    assert!(measures("same", "same").exact);
}

#[test]
fn numbers_and_texts_of_signs_alone_keep_what_tells_them_apart() {
    for (one, other) in [
        ("费率 1.5%", "费率 15%"),
        ("-5 度", "5 度"),
        ("温度:-5", "温度:5"),
        ("10:30", "1030"),
        ("2025-01-02", "20250102"),
        ("👍", "👎"),
        ("?", "!"),
        ("可以", "不可以"),
    ] {
        assert!(!measures(one, other).normalised, "{one} {other}");
    }
    // A hyphen in a word is no minus.
    assert!(measures("gpt-4 mini", "gpt-4-mini").normalised);
    assert!(measures("👍 👍", "👍👍").normalised);
}

#[test]
fn similarity_is_the_mean_of_what_pieces_of_each_length_share() {
    // "abc" and "abd": 2 of 3 characters, 1 of 2 pairs, 0 of 1 triple on both sides.
    let expected = (2.0 / 3.0 + 0.5 + 0.0) / 3.0;
    assert!((measures("abc", "abd").similarity - expected).abs() < 1e-12);
    // "aa" and "aaaa": precision (2/4 + 1/3 + 0/2 + 0/1)/4, recall (2/2 + 1/1 + 0 + 0)/4.
    let (precision, recall) = ((0.5 + 1.0 / 3.0) / 4.0, 0.5);
    let expected = 2.0 * precision * recall / (precision + recall);
    assert!((measures("aa", "aaaa").similarity - expected).abs() < 1e-12);
    for (one, other) in [("abc", "xyz"), ("", "abc"), ("abc", "")] {
        assert_eq!(measures(one, other).similarity, 0.0, "{one} {other}");
    }
    assert_eq!(measures("", "").similarity, 1.0);
    let (near, far) = ("退款会在三个工作日内到账", "退款将在三天内到账");
    assert_eq!(measures(near, far).similarity, measures(far, near).similarity);
    assert!(measures(near, far).similarity > measures(near, "请联系人工客服").similarity);
    let long = "很长的回答".repeat(20_000);
    assert_eq!(measures(&long, &long).similarity, 1.0);
}

#[test]
fn lengths_refusals_and_languages_are_told_of_both_sides() {
    let measured = measures("退款三天到账。", "I'm sorry, but I can't help with that.");
    assert_eq!(measured.characters, Pair { baseline: 7, candidate: 38 });
    assert_eq!(measured.length_ratio(), Some(38.0 / 7.0));
    assert_eq!(measured.refuses, Pair { baseline: false, candidate: true });
    assert_eq!(measured.language, Pair { baseline: Some(Language::ZhHans), candidate: Some(Language::En) });
    assert_eq!(measures("", "x").length_ratio(), None);
    // What has no words is in the language of the question.
    assert_eq!(measures("42", "42").language.candidate, Some(Language::ZhHans));
}
