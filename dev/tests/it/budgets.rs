//! Sizes, and what may not stand in the tree.

use std::process::Command;

use crate::tree::{crates, root};

const MOST_LINES: usize = 400;
/// Half of all production files have at most so many lines.
const MEDIAN_LINES: usize = 120;

#[test]
fn no_production_file_is_over_its_budget() {
    for part in crates() {
        for (path, text) in part.sources() {
            let lines = text.lines().count();
            assert!(
                lines <= MOST_LINES,
                "{} has {lines} production lines, {MOST_LINES} are allowed",
                path.display()
            );
        }
    }
}

#[test]
fn half_of_the_production_files_are_short() {
    let sources = crates().into_iter().flat_map(|part| part.sources());
    let mut lines: Vec<usize> = sources.map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN_LINES, "the median has {median} production lines, {MEDIAN_LINES} are allowed");
}

#[test]
fn production_code_never_panics_without_a_written_reason() {
    let calls = [".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    for part in crates() {
        for (path, text) in part.sources() {
            let mut reason = false;
            for (number, line) in text.lines().enumerate() {
                let code = line.trim_start();
                let comment = code.starts_with("//");
                let found = !comment && calls.iter().any(|call| code.contains(call));
                assert!(!found || reason, "{}:{} can panic", path.display(), number + 1);
                reason = (comment && code.contains("panic")) || code.contains("reason = ");
            }
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git is on the PATH");
    assert!(listed.status.success(), "not a checkout of the repository");
    let homes = [
        ["/wo", "rk/"].concat(),
        ["/ho", "me/"].concat(),
        ["/ro", "ot/"].concat(),
        ["../sha", "red"].concat(),
    ];
    for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        for home in &homes {
            assert!(!text.contains(home.as_str()), "{name} holds {home}");
        }
    }
}
