//! Tables: cut between rows, each part with its head.

use super::*;

fn rows(prefix: &str, count: usize) -> String {
    (0..count).map(|n| format!("{prefix}| city {n} | {} |\n", n * 1_000)).collect()
}

#[test]
fn every_part_of_a_table_has_its_head() {
    for (what, first, head, prefix) in [
        ("plain", "", "| City | People |\n|---|---:|\n", ""),
        ("without bars at its sides", "", "City | People\n:-- | --:\n", ""),
        ("under an item", "- Cities:\n\n", "  | City | People |\n  |:-:|---|\n", "  "),
        ("in a quote", "", "> | City | People |\n> |---|---|\n", "> "),
        (
            "indented deeply",
            "1. a\n\n    - b\n\n",
            "      | City | People |\n      | --- | --- |\n",
            "      ",
        ),
    ] {
        let text = format!("{first}{head}{}\nThat is all.", rows(prefix, 100));
        let parts = parts(&text, 400);
        assert!(parts.len() > 4, "{what}");
        for part in &parts[1..] {
            assert!(part.starts_with(head), "{what}: {part}");
            assert!(part[head.len()..].starts_with(&format!("{prefix}| city")), "{what}: {part}");
        }
        for part in &parts[..parts.len() - 1] {
            assert!(part.ends_with("|\n"), "{what}: {part}");
        }
        let cells: usize = parts.iter().map(|part| part.matches("| city").count()).sum();
        assert_eq!(cells, 100, "{what}");
    }
}

#[test]
fn behind_a_marker_the_head_is_said_again_without_it() {
    let text = format!("- | a | b |\n  |---|---|\n{}", rows("  ", 40));
    assert!(parts(&text, 300)[1].starts_with("  | a | b |\n  |---|---|\n  | city"));
}

#[test]
fn a_head_without_rows_moves_on_with_them() {
    for fill in 150..300 {
        let text = format!("{}\n\n| a | b |\n|---|---|\n{}", "x".repeat(fill), rows("", 10));
        for part in parts(&text, 300) {
            assert!(!part.trim_end().ends_with("|---|---|"), "{fill}: {part}");
        }
    }
}

#[test]
fn a_head_that_is_larger_than_half_a_part_is_said_once() {
    let text = format!("| {} | b |\n|---|---|\n{}", "wide ".repeat(40), rows("", 30));
    assert_eq!(parts(&text, 300).concat(), text);
}

#[test]
fn a_row_that_is_longer_than_a_part_is_cut_at_a_word() {
    let text = format!("| a | b |\n|---|---|\n| {} | y |\n{}", "word ".repeat(100), rows("", 20));
    let parts = parts(&text, 300);
    assert!(parts[1].starts_with("word") && parts[0].ends_with("word "), "{parts:?}");
    assert!(parts[parts.len() - 1].starts_with("| a | b |\n|---|---|\n"));
}

#[test]
fn bars_alone_are_no_table() {
    for text in ["a | b\n", "| a | b |\n| c | d |\n", "|---|---|\n", "```\n| a |\n|---|\n| b |\n```\n"] {
        let text = format!("{text}\n{}", "A sentence. ".repeat(60));
        assert_eq!(parts(&text, 300).concat(), text);
    }
}
