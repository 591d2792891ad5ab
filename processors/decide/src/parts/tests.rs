use proptest::prelude::*;

use super::*;

fn parts(text: &str, limit: usize) -> Vec<String> {
    let parts = split(text, limit);
    for part in &parts {
        assert!(json_size(part) <= limit, "{} bytes: {part:?}", json_size(part));
    }
    assert_eq!(pieces(text, limit).iter().map(|piece| piece.text).collect::<String>(), text);
    parts
}

#[test]
fn a_short_answer_is_one_part() {
    assert_eq!(parts("Hello.", 256), ["Hello."]);
    assert_eq!(split("", 256), Vec::<String>::new());
}

#[test]
fn a_long_answer_is_cut_after_sentences() {
    let text = format!(
        "{}。{}！他说：“{}？”{}。",
        "一".repeat(40),
        "二".repeat(40),
        "三".repeat(40),
        "四".repeat(40)
    );
    let parts = parts(&text, 400);
    assert_eq!(parts.len(), 2);
    assert!(parts[0].ends_with("三？”") || parts[0].ends_with("二！"), "{}", parts[0]);
    let english = "This is a sentence of some length. ".repeat(20);
    assert!(self::parts(&english, 256).iter().all(|part| part.ends_with(". ")));
}

#[test]
fn paragraphs_are_better_borders_than_sentences() {
    let text =
        format!("{}. {}.\n\n{}. {}.", "a".repeat(100), "b".repeat(100), "c".repeat(30), "d".repeat(100));
    assert_eq!(parts(&text, 280)[1][..1], *"c");
}

#[test]
fn a_code_block_is_closed_and_opened_again_in_every_part() {
    let code: String = (0..60).map(|n| format!("let line_{n} = {n};\n")).collect();
    let text = format!("Look:\n```rust\n{code}```\nThat is all.");
    let parts = parts(&text, 300);
    assert!(parts.len() > 4);
    for part in &parts {
        assert_eq!(part.matches("```").count() % 2, 0, "{part}");
    }
    assert!(parts[1].starts_with("```rust\nlet line_") && parts[1].ends_with(";\n```"), "{}", parts[1]);
    assert!(parts[parts.len() - 1].ends_with("That is all."));
}

#[test]
fn a_block_that_the_model_left_open_is_closed() {
    assert_eq!(parts("~~~~\ncode", 256), ["~~~~\ncode\n~~~~"]);
    assert_eq!(parts("```", 256), ["```\n```"]);
    assert_eq!(parts("```\ncode\n```", 256), ["```\ncode\n```"]);
    assert_eq!(
        (closed("~~~\ncode"), closed("a\n```\nb\n```")),
        ("~~~\ncode\n~~~".into(), "a\n```\nb\n```".into())
    );
}

#[test]
fn backticks_inside_a_longer_fence_do_not_close_it() {
    let text = format!("````md\n```\n{}```\n````\n", "inner line\n".repeat(40));
    for part in parts(&text, 256) {
        assert!(part.starts_with("````") && part.trim_end().ends_with("````"), "{part}");
    }
}

#[test]
fn what_a_reader_sees_as_one_character_stays_whole() {
    for whole in ["👨‍👩‍👧‍👦", "👍🏽", "🇨🇳", "e\u{301}", "❤\u{fe0f}"] {
        for part in parts(&whole.repeat(60), 257) {
            assert_eq!(part.replace(whole, ""), "", "{whole}");
        }
    }
}

#[test]
fn escapes_count_as_they_are_written() {
    for text in ["\u{1}\u{1f}", "\"\\\n\t", "plain 字 😀 / \u{7f} \u{2028}"] {
        assert_eq!(json_size(text) + 2, serde_json::to_string(text).unwrap().len(), "{text:?}");
    }
    assert_eq!(parts(&"\u{1}".repeat(100), 256).len(), 3);
}

fn fences_are_even(part: &str) -> bool {
    let mut reader = FenceReader::new(None);
    for (at, c) in part.char_indices() {
        reader.open_at(part, at);
        reader.pass(c);
    }
    reader.open_at(part, part.len()).is_none()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_cut_into_parts_that_fit_and_give_it_back(
        words in prop::collection::vec(
            prop_oneof![
                "[a-z]{1,12}", "[一-龥]{1,20}", Just("\n".to_owned()), Just("\n\n".to_owned()), Just("。".to_owned()),
                Just(". ".to_owned()), Just("\n```rust\n".to_owned()), Just("\n```\n".to_owned()), Just("~~~\n".to_owned()),
                Just("\"\\\u{1}".to_owned()), Just("👨‍👩‍👧".to_owned()), Just("\r\n".to_owned()), "\\PC{0,8}",
            ],
            0..200,
        ),
        limit in 256_usize..600,
    ) {
        let text = words.concat();
        for part in parts(&text, limit) {
            prop_assert!(!part.is_empty());
            prop_assert!(fences_are_even(&part), "{:?}", part);
        }
    }
}
