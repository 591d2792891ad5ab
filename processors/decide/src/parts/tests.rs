mod code;
mod scripts;
mod tables;

use proptest::prelude::*;

use super::*;

fn parts(text: &str, limit: usize) -> Vec<String> {
    let parts = split(text, limit);
    for part in &parts {
        assert!(json_size(part) <= limit, "{} bytes: {part:?}", json_size(part));
    }
    let mut pieces = Pieces::of(text, limit);
    assert_eq!(from_fn(|| pieces.take()).map(|piece| piece.text).collect::<String>(), text);
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
fn escapes_count_as_they_are_written() {
    for text in ["\u{1}\u{1f}", "\"\\\n\t", "plain 字 😀 / \u{7f} \u{2028}"] {
        assert_eq!(json_size(text) + 2, serde_json::to_string(text).unwrap().len(), "{text:?}");
    }
    assert_eq!(parts(&"\u{1}".repeat(100), 256).len(), 3);
}

fn fences_are_even(part: &str) -> bool {
    closed(part) == part
}

fn word() -> impl Strategy<Value = String> {
    let markdown = prop::sample::select(vec![
        "\n",
        "\n\n",
        "。",
        ". ",
        "\n```rust\n",
        "\n```\n",
        "~~~\n",
        "\"\\\u{1}",
        "👨‍👩‍👧",
        "\r\n",
        "\n- ",
        "\n> ",
        "\n  ",
        "\n    ",
        "\n1. ",
        "\n- [ ] ```\n",
        "\n  ```\n",
        "\n> ```\n",
        "| a | b |\n",
        "|---|---|\n",
        "\n| a |\n|--|\n",
        "<pre>",
        "</pre>",
        "<!--",
        "-->",
        "\n<div>\n",
        "မြို့",
        "ក្ស",
        "\t",
        "`",
        "    ",
    ]);
    prop_oneof![2 => "[a-z]{1,12}", 2 => "[一-龥]{1,20}", 8 => markdown.prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_cut_into_parts_that_fit_and_give_it_back(
        words in prop::collection::vec(word(), 0..200), limit in 256_usize..600,
    ) {
        let text = words.concat();
        for part in parts(&text, limit) {
            prop_assert!(!part.is_empty());
            // Of a block of HTML that is larger than a part nobody can tell what it is without its tags.
            prop_assert!(text.contains('<') || fences_are_even(&part), "{:?} of {:?}", part, text);
        }
    }

    #[test]
    fn whatever_is_cut_off_fits_and_says_so(
        words in prop::collection::vec(word(), 200..400), limit in 256_usize..400, most in 1_usize..4,
    ) {
        let text = words.concat();
        prop_assume!(split(&text, limit).len() > most);
        let cut = split_off(&text, limit, most, "\n\n(cut)");
        prop_assert!(cut.parts.len() <= most && text.starts_with(cut.said));
        prop_assert!(cut.parts.iter().all(|part| json_size(part) <= limit));
        prop_assert!(cut.parts.last().unwrap().ends_with("\n\n(cut)"));
        prop_assert!(cut.parts.len() == most && cut.said.len() < text.len());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is this test's own time")]
fn a_large_answer_is_split_in_time_that_grows_with_its_size() {
    // What costs a reader of Markdown time if anything does. By the square of its size each would take minutes.
    for piece in [
        "[",
        "**a ",
        "`",
        "<a ",
        "> ",
        "- ",
        "\n```\n",
        "| a ",
        "| a |\n|---|\n",
        "![](",
        "&",
        "a\n",
        "\u{301}",
        "ก",
        "*_",
        "]:",
        "<!--",
        "1. ```\n",
        "\t",
        "\\",
        "~~~\n> ",
        "- [ ] ```\n",
        "[a](",
        "``` `",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        let began = std::time::Instant::now();
        split(&text, 4_300);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{piece:?}: {:?}", began.elapsed());
    }
}
