//! What a person reads of a text and of a dictionary.

use std::collections::BTreeMap;

use ::safety::personal::Recogniser;
use ::safety::{Border, Entry, Finding, Folded, LineProblem, injection};

use super::file::Words;
use crate::{Ended, Said};

/// Everything that is wrong in dictionaries, and words that stand there twice.
pub(super) fn lint(all: &[Words]) -> anyhow::Result<Said> {
    let mut said = Said { text: String::new(), ended: Ended::Well };
    for words in all {
        let (entries, mut problems) = words.read();
        if problems.is_empty() {
            problems = repeated(&entries);
        }
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() {
            said.text += &format!("{}: {} words, nothing wrong\n", words.name, entries.len());
            continue;
        }
        said.ended = Ended::Badly;
        for problem in problems {
            said.text += &format!("{}:{}: {}\n", words.name, problem.line, problem.what);
        }
    }
    Ok(said)
}

/// Words that fold to the same as an earlier one of their category.
fn repeated(entries: &[Entry]) -> Vec<LineProblem> {
    let mut first: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for entry in entries {
        let folded = Folded::of(&entry.word).chars().iter().collect();
        match first.get(&(folded, entry.category.as_str())) {
            Some(line) => problems.push(LineProblem {
                line: entry.line,
                what: format!("{:?} is the same word as that of line {line}", entry.word),
            }),
            None => {
                let folded = Folded::of(&entry.word).chars().iter().collect();
                first.insert((folded, entry.category.as_str()), entry.line);
            }
        }
    }
    problems
}

/// How many words dictionaries have, of which kinds.
pub(super) fn stats(all: &[Words]) -> anyhow::Result<String> {
    let mut entries = Vec::new();
    for words in all {
        entries.extend(words.entries()?);
    }
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for entry in &entries {
        *counts.entry(("category", entry.category.as_str())).or_default() += 1;
        if entry.views.is_empty() {
            *counts.entry(("view", "-")).or_default() += 1;
        }
        for view in entry.views.iter() {
            *counts.entry(("view", view.label())).or_default() += 1;
        }
        let border = match entry.border {
            Border::Any => "-",
            Border::Word => "word",
            Border::Seg => "seg",
        };
        *counts.entry(("border", border)).or_default() += 1;
    }
    let lines = counts.iter().map(|((of, name), count)| format!("{of}\t{name}\t{count}\n"));
    Ok(format!("words\t\t{}\n", entries.len()) + &lines.collect::<String>())
}

/// What was found in a text. Places are code points.
pub(super) fn text(text: &str, finding: &Finding, personal_data: bool) -> String {
    let place = |byte: usize| text.get(..byte).unwrap_or_default().chars().count();
    let mut told = format!("action\t{}\n", finding.action.label());
    for hit in &finding.hits {
        let views: Vec<&str> = hit.views.iter().map(|view| view.label()).collect();
        let views = if views.is_empty() { "-".to_owned() } else { views.join(",") };
        let (start, end) = (place(hit.span.start), place(hit.span.end));
        told += &format!("word\t{}\t{}\t{views}\t{start}-{end}\n", hit.word, hit.rule);
    }
    if personal_data {
        for found in Recogniser::default().recognise(text) {
            let (start, end) = (place(found.span.start), place(found.span.end));
            told += &format!("personal\t{}\t{start}-{end}\n", found.kind);
        }
    }
    let assessed = injection::Detector::new().assess(text);
    let signals: Vec<&str> = assessed.signals.iter().map(|signal| signal.label()).collect();
    told + &format!("injection\t{}\t{}\n", assessed.score(), signals.join(","))
}
