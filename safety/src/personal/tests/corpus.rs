//! Texts with personal data and near misses. The numbers in `corpus.txt` are generated and belong to nobody.

use std::ops::Range;

use crate::personal::{Recognised, Recogniser};

/// What is expected in a text: labels of kinds, and bytes.
type Expected = Vec<(String, Range<usize>)>;

/// A line of the list: the text, and what is in it. `⟦kind|text⟧` marks a datum, `\n` a new line, `# ` a comment.
fn examples() -> Vec<(String, Expected)> {
    let lines = include_str!("corpus.txt").lines().filter(|line| !line.starts_with("# "));
    lines.map(|line| read(&line.replace("\\n", "\n"))).collect()
}

fn read(line: &str) -> (String, Expected) {
    let (mut text, mut data) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some((before, marked)) = rest.split_once('⟦') {
        let (datum, after) = marked.split_once('⟧').expect("a mark is closed");
        let (kind, datum) = datum.split_once('|').expect("a mark has a kind");
        text.push_str(before);
        let start = text.len();
        text.push_str(datum);
        data.push((kind.to_owned(), start..text.len()));
        rest = after;
    }
    text.push_str(rest);
    (text, data)
}

#[test]
fn every_datum_of_the_list_is_found_with_its_kind_and_span_and_nothing_else_is() {
    let mut recogniser = Recogniser::default();
    let mut wrong = Vec::new();
    let examples = examples();
    assert!(examples.len() >= 800, "{}", examples.len());
    for (text, expected) in &examples {
        let found: Vec<_> = recogniser
            .recognise(text)
            .into_iter()
            .map(|Recognised { kind, span }| (kind.label().to_owned(), span))
            .collect();
        if &found != expected {
            wrong.push(format!("{text:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), examples.len(), wrong.join("\n"));
}
