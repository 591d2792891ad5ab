//! Texts written by hand for a dictionary of their own: as messages, in pieces, and over two messages.

use std::sync::Arc;

use safety::stream::{EngineJudge, HoldBack};
use safety::{Dictionary, Direction, Engine, RuleSet};

fn engine() -> Arc<RuleSet> {
    let entries = safety::tab_separated(include_str!("../data/by_hand.tsv")).unwrap();
    Arc::new(RuleSet::builder("d").dictionary(&Dictionary::new("d", entries)).build().unwrap())
}

/// Whether a text passes that comes in pieces of one character.
fn passes_in_pieces(engine: &Arc<RuleSet>, text: &str) -> bool {
    let mut stream = HoldBack::new(EngineJudge::new(Arc::clone(engine), Direction::Input));
    let passed = text.chars().all(|c| stream.push(c.encode_utf8(&mut [0; 4])).stop.is_none());
    passed && stream.finish().stop.is_none()
}

#[test]
fn every_evasion_written_by_hand_is_found_whole_in_pieces_and_over_messages() {
    let engine = engine();
    let lines = include_str!("../data/by_hand_evasions.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut missed = Vec::new();
    for (word, text) in lines.map(|line| line.split_once('\t').unwrap()) {
        let text: String = serde_json::from_str(text).unwrap();
        let found = engine.judge(Direction::Input, &text);
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        let parts = [&text[..middle], &text[middle..]];
        let joined = engine.judge_joined(Direction::Input, &parts);
        let of_word = |finding: &safety::Finding| finding.hits.iter().any(|hit| hit.word == word);
        if !of_word(&found) || passes_in_pieces(&engine, &text) || !joined.iter().any(of_word) {
            missed.push(format!("{word}: {text:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn no_innocent_text_written_by_hand_is_hit() {
    let engine = engine();
    for text in include_str!("../data/by_hand_innocent.txt").lines() {
        let found = engine.judge(Direction::Input, text);
        assert!(found.hits.is_empty() && passes_in_pieces(&engine, text), "{text}: {:?}", found.hits);
    }
}
