//! Innocent texts pass.

use safety::{Direction, Engine};

use crate::seed::{ENGINE, file};

#[test]
fn no_innocent_text_is_hit() {
    let text = file("innocent.txt");
    let lines: Vec<String> =
        text.lines().filter(|line| !line.is_empty()).map(|line| line.replace("\\n", "\n")).collect();
    let hit: Vec<String> = lines
        .iter()
        .map(|line| (line, ENGINE.judge(Direction::Input, line)))
        .filter(|(_, found)| !found.hits.is_empty())
        .map(|(line, found)| {
            let words = found.hits.iter().map(|hit| format!("{} {:?}", hit.word, hit.views));
            format!("{line:?}: {}", words.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert!(hit.is_empty(), "{} of {}:\n{}", hit.len(), lines.len(), hit.join("\n"));
    assert!(lines.len() >= 500, "{} texts", lines.len());
}
