//! Every technique that a word's views see through is seen through, wherever the word stands.

use safety::{Border, Direction, Engine};

use crate::seed::{ENGINE, ENTRIES, views};
use crate::techniques;

/// What stands around the word. None of it is a letter, so that letter borders hold.
const CARRIERS: [(&str, &str); 6] = [
    ("", ""),
    ("你好，", "。"),
    ("快来（", "）一起"),
    ("1. ", " ?"),
    ("\n", "\n"),
    ("我说：“", "”，可以吗？"),
];

#[test]
fn no_disguised_word_is_missed() {
    let (mut missed, mut tried, mut used) = (Vec::new(), 0, std::collections::BTreeSet::new());
    for entry in ENTRIES.iter() {
        let folded = safety::Folded::of(&entry.word);
        for technique in techniques::all() {
            if !views(technique.views).within(entry.views) {
                continue;
            }
            let Some(disguised) = (technique.disguise)(folded.chars()) else { continue };
            used.insert(technique.name);
            for (before, behind) in CARRIERS {
                // A segmentation may see another word in what is around: those words stand alone here.
                if entry.border == Border::Seg && !before.is_empty() {
                    continue;
                }
                let text = format!("{before}{disguised}{behind}");
                tried += 1;
                let found = ENGINE.judge(Direction::Input, &text);
                if !found.hits.iter().any(|hit| hit.word == entry.word) {
                    missed.push(format!("{} ({}): {text:?}", entry.word, technique.name));
                }
            }
        }
    }
    let listed = missed.iter().take(80).cloned().collect::<Vec<_>>().join("\n");
    assert!(missed.is_empty(), "{} of {tried} missed:\n{listed}", missed.len());
    assert!(used.len() >= 40 && tried >= 2_500, "{} techniques, {tried} texts", used.len());
}

#[test]
fn a_view_that_no_rule_asks_for_sees_nothing() {
    let entries: Vec<_> =
        ENTRIES.iter().cloned().map(|entry| safety::Entry { views: safety::Views::NONE, ..entry }).collect();
    let plain =
        safety::RuleSet::builder("d").dictionary(&safety::Dictionary::new("d", entries)).build().unwrap();
    for text in ["赌-博", "网上上赌场", "dubo", "贝者博", "p0rn", "c@sino"] {
        assert!(!ENGINE.judge(Direction::Input, text).hits.is_empty(), "{text}");
        let found = plain.judge(Direction::Input, text);
        assert!(found.hits.is_empty(), "{text}: {found:?}");
    }
}
