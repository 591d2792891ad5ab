//! Code wherever Markdown has it: behind markers, under items, in quotes.

use super::*;

fn lines(prefix: &str, count: usize) -> String {
    (0..count).map(|n| format!("{prefix}echo line number {n} of a long script\n")).collect()
}

/// As a reader without any notion of lists sees a part: fences behind whatever markers there are, each closed by its like.
fn is_even(part: &str) -> bool {
    let mut open: Option<(char, usize)> = None;
    for line in part.lines() {
        let line =
            line.trim_start_matches([' ', '\t', '>', '-', '*', '+', '.', ')', '[', ']', 'x', '0', '1', '2']);
        let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let info = line.trim_start_matches(mark);
        let count = line.len() - info.len();
        open = match open {
            None if count >= 3 && !info.contains('`') => Some((mark, count)),
            Some((by, least)) if by == mark && count >= least && info.trim().is_empty() => None,
            other => other,
        };
    }
    open.is_none()
}

/// Code of all blocks of a Markdown text.
fn code(text: &str) -> String {
    let mut inside = false;
    let mut found = String::new();
    for event in pulldown_cmark::Parser::new(&block::readable(text)) {
        match event {
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::CodeBlock(_)) => inside = true,
            pulldown_cmark::Event::End(pulldown_cmark::TagEnd::CodeBlock) => inside = false,
            pulldown_cmark::Event::Text(code) if inside => found.push_str(&code),
            _ => {}
        }
    }
    found
}

#[test]
fn every_part_closes_the_fence_that_it_opens_and_the_next_one_opens_it_again() {
    for (what, first, inside, last, opening) in [
        ("plain", "```sh\n", "", "```\nDone.", "```sh\n"),
        ("tildes", "~~~~ sh\n", "", "~~~~\nDone.", "~~~~sh\n"),
        ("indented by three", "   ```sh\n", "   ", "   ```\nDone.", "   ```sh\n"),
        ("behind a dash", "Do:\n\n- ```sh\n", "  ", "  ```\n- done.\n", "  ```sh\n"),
        ("behind an asterisk", "*   ```sh\n", "    ", "    ```\n* done.\n", "    ```sh\n"),
        ("behind a plus", "+ ```\n", "  ", "  ```\n", "  ```\n"),
        ("behind a number", "10. ```sh\n", "    ", "    ```\n11. done.\n", "    ```sh\n"),
        ("behind a number with a bracket", "1) ```sh\n", "   ", "   ```\n", "   ```sh\n"),
        ("under a number", "1. First:\n\n    ```sh\n", "    ", "    ```\n\n2. Second.\n", "    ```sh\n"),
        ("under an item, close to it", "- First:\n  ```sh\n", "  ", "  ```\n- Second.\n", "  ```sh\n"),
        ("deep", "- a\n  - b\n    - c\n\n      ```sh\n", "      ", "      ```\n", "      ```sh\n"),
        ("a list in an item", "- 1. ```sh\n", "     ", "     ```\n", "     ```sh\n"),
        ("in a quote", "> ```sh\n", "> ", "> ```\n\nDone.", "> ```sh\n"),
        ("in a quote of a quote", "> > ~~~sh\n", "> > ", "> > ~~~\n", "> > ~~~sh\n"),
        ("a list in a quote", "> - ```sh\n", ">   ", ">   ```\n> - done\n", ">   ```sh\n"),
        ("a quote in a list", "- > ```sh\n", "  > ", "  > ```\n- done\n", "  > ```sh\n"),
        ("a task", "- [ ] ```sh\n", "  ", "  ```\n- [x] done\n", "  ```sh\n"),
        ("under a task", "1. [x] run\n   ```sh\n", "   ", "   ```\n", "   ```sh\n"),
        ("with a tab", "-\t```sh\n", "\t", "\t```\n", " \t```sh\n"),
        ("closed further in", "  ```sh\n", "", "   ```  \nDone.", "  ```sh\n"),
        ("closed by more", "```sh\n", "", "``````\nDone.", "```sh\n"),
        ("left open", "```sh\n", "", "", "```sh\n"),
        ("left open in a list", "- ```sh\n", "  ", "", "  ```sh\n"),
        (
            "after a line of HTML",
            "<details>\n<summary>x</summary>\n\n```sh\n",
            "",
            "```\n\n</details>\n",
            "```sh\n",
        ),
    ] {
        for limit in [256, 300, 511, 1_000] {
            let text = format!("{first}{}{last}", lines(inside, 60));
            let parts = parts(&text, limit);
            assert!(parts.len() > 2, "{what}");
            for part in &parts {
                assert!(is_even(part), "{what}: {part}");
            }
            for part in &parts[1..parts.len() - 1] {
                assert!(part.starts_with(opening), "{what}: {part}");
                let closing = opening.trim_end().trim_end_matches("sh");
                assert!(part.trim_end().ends_with(&format!("\n{closing}")), "{what}: {part}");
            }
            let again: String = parts.iter().map(|part| code(part)).collect();
            let said = |text: &str| text.lines().filter(|line| line.contains("echo")).count();
            assert_eq!(said(&again), 60, "{what}: {again}");
        }
    }
}

#[test]
fn a_block_that_ends_with_its_list_is_ended_where_it_was_taken_out_of_it() {
    let text = format!("- ```sh\n{}\nAll is said and done.\n", lines("  ", 20));
    let parts = parts(&text, 300);
    let last = &parts[parts.len() - 1];
    assert!(
        last.starts_with("  ```sh\n") && last.ends_with("script\n  ```\n\nAll is said and done.\n"),
        "{last}"
    );
    assert!(!code(last).contains("said"));
    let quoted = format!("> ```\n{}behind the quote\n", lines("> ", 20));
    let parts = self::parts(&quoted, 300);
    assert!(parts[parts.len() - 1].ends_with("\n> ```\nbehind the quote\n"), "{:?}", parts.last());
}

#[test]
fn what_only_looks_like_a_fence_opens_nothing() {
    for (what, line) in [
        ("indented code", "    ```sh\n\n"),
        ("in a paragraph", "use ``` for code\n"),
        ("a backtick behind it", "``` a`b\n\n"),
        ("two backticks", "``\n\n"),
        ("a line of it in HTML", "<pre>\n```\n</pre>\n\n"),
        ("a comment", "<!--\n```\n-->\n\n"),
        ("escaped", "\\```\n\n"),
        ("inside of code", "~~~\n```\n~~~\n\n"),
    ] {
        let text = format!("{line}{}", "This is a sentence of prose. ".repeat(30));
        let parts = parts(&text, 256);
        assert_eq!(parts.concat(), text, "{what}");
        assert_eq!(closed(&text), text, "{what}");
    }
}

#[test]
fn a_line_of_code_that_is_longer_than_a_part_goes_on_in_its_block() {
    let text = format!("- > ```json\n  > {}\n  > ```\n", "0123456789".repeat(80));
    let parts = parts(&text, 300);
    assert!(parts.len() > 2);
    assert!(parts[1].starts_with("  > ```json\n  > ") && parts[1].ends_with("\n  > ```"), "{}", parts[1]);
    assert_eq!(
        parts.iter().map(|part| code(part).trim_end().to_owned()).collect::<String>(),
        "0123456789".repeat(80)
    );
}

#[test]
fn no_part_has_an_empty_block_where_code_and_fence_meet() {
    for limit in 256..400 {
        let text = format!("{}\n\n```sh\n{}```\n\n{}", "a".repeat(240), lines("", 9), "b".repeat(240));
        for part in parts(&text, limit) {
            assert!(!part.contains("```sh\n```"), "{limit}: {part}");
        }
    }
}

#[test]
fn a_long_information_string_is_said_again_as_far_as_there_is_room() {
    let text = format!("```rust title=\"{}\"\n{}```\n", "x".repeat(200), lines("", 30));
    let cut = split(&text, 300);
    assert!(cut[2].starts_with("```rust\necho"), "{}", cut[2]);
    let word = format!("```{}\n{}```\n", "y".repeat(200), lines("", 30));
    assert!(split(&word, 300)[2].starts_with("```\necho"));
    // Nothing is repeated that would leave no room for what is said.
    let fence = "`".repeat(200);
    let absurd = format!("{fence}\n{}{fence}\n", lines("", 30));
    assert_eq!(parts(&absurd, 300).concat(), absurd);
}

#[test]
fn the_last_block_is_closed_in_its_own_form() {
    for (text, is) in [
        ("- ```\n  code", "- ```\n  code\n  ```"),
        ("> ~~~~\n> code\n", "> ~~~~\n> code\n> ~~~~"),
        ("1. a\n\n   ```sh\n   code\n", "1. a\n\n   ```sh\n   code\n   ```"),
        ("```\n", "```\n```"),
        ("```\n```\n", "```\n```\n"),
        ("~~~\n```", "~~~\n```\n~~~"),
        ("- ```\n  code\n\nbehind", "- ```\n  code\n\nbehind"),
    ] {
        assert_eq!(closed(text), is);
    }
}
