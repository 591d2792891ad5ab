//! From the text of the file to its sections, placeholders filled.

use std::collections::BTreeSet;
use std::ops::Range;

use common::Problem;
use toml::de::{DeTable, DeValue, Error};

use super::Finding;
use super::lines::Lines;
use super::raw::Raw;
use super::salvage::{Salvage, Unread};
use crate::substitute::{self, Filled, Numbers, Unfilled};

/// A file, as far as it can be read.
pub(super) struct Read {
    /// Its sections; none if it cannot be told what is wrong in which.
    pub(super) raw: Option<Raw>,
    /// What `raw` does not have as it is written.
    pub(super) unread: Unread,
    /// Everything that could not be read.
    pub(super) findings: Vec<Finding>,
    pub(super) lines: Lines,
    /// Texts that look like placeholders and are none.
    pub(super) literal: Vec<Problem>,
}

/// Reads the sections. Everything is told that is no TOML; if it is TOML, every placeholder that cannot be filled and everything that
/// has no place in a section.
pub(super) fn sections(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Read {
    let Numbers { text, mut unfilled } = substitute::numbers(text, variable);
    let (mut tree, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        return no_toml(Lines::of(&text), &errors, unfilled);
    }
    let Filled { unfilled: of_texts, filled, literal } = substitute::texts(tree.get_mut(), &text, variable);
    unfilled.extend(of_texts);
    let lines = Lines::new(&text, tree.get_ref());
    let secret = secrets(tree.get_ref(), &filled);
    let mut salvage = Salvage::new(tree);
    unfilled.iter().for_each(|unfilled| salvage.take_out(unfilled.at));
    let (raw, unread, errors) = salvage.read();
    let mut findings = told(&lines, unfilled);
    findings.extend(errors.iter().map(|error| of_error(&lines, error, without(error, &secret))));
    let literal = literal.into_iter().map(|span| Problem {
        place: "placeholder".to_owned(),
        span: Some(span),
        what: "it stands between single quotes, where nothing is filled: double quotes fill it".to_owned(),
    });
    Read { raw, unread, findings, lines, literal: literal.collect() }
}

/// What is told of a text that is no TOML. An error on the line of a placeholder that is not closed follows from that.
fn no_toml(lines: Lines, errors: &[Error], unfilled: Vec<Unfilled>) -> Read {
    let mut findings = told(&lines, unfilled);
    let known: BTreeSet<Option<usize>> = findings.iter().map(|finding| finding.line).collect();
    let errors = errors.iter().map(|error| of_error(&lines, error, error.message().to_owned()));
    findings.extend(errors.filter(|finding| !known.contains(&finding.line)));
    Read { raw: None, unread: Unread::default(), findings, lines, literal: Vec::new() }
}

fn told(lines: &Lines, unfilled: Vec<Unfilled>) -> Vec<Finding> {
    unfilled.into_iter().map(|u| Finding { line: Some(lines.at(u.at)), what: u.what }).collect()
}

/// Only the message: the library's own form would quote the line, which may hold a secret. An error of the whole text, such as tables
/// in tables without end, has no line.
fn of_error(lines: &Lines, error: &Error, what: String) -> Finding {
    match error.span() {
        Some(span) => Finding { line: Some(lines.at(span.start)), what },
        None => Finding { line: None, what: format!("read file: {what}") },
    }
}

/// What came into the file from outside, with its place.
fn secrets(tree: &DeTable<'_>, filled: &[Range<usize>]) -> Vec<(Range<usize>, String)> {
    let mut waiting: Vec<_> = tree.values().collect();
    let mut secrets = Vec::new();
    while let Some(entry) = waiting.pop() {
        match entry.get_ref() {
            DeValue::Table(inner) => waiting.extend(inner.values()),
            DeValue::Array(inner) => waiting.extend(inner.iter()),
            DeValue::String(value) if filled.contains(&entry.span()) => {
                secrets.push((entry.span(), value.to_string()))
            }
            _ => {}
        }
    }
    secrets
}

/// What an error says, without the value that came from outside.
fn without(error: &Error, secrets: &[(Range<usize>, String)]) -> String {
    let message = error.message();
    let Some((_, value)) = secrets.iter().find(|(span, _)| Some(span) == error.span().as_ref()) else {
        return message.to_owned();
    };
    let masked = message.replace(&format!("{value:?}"), "\"***\"").replace(&format!("`{value}`"), "`***`");
    let is_number = value.parse::<f64>().is_ok() || matches!(value.as_str(), "true" | "false");
    let hint = if is_number && message.contains("expected") {
        "; a number stands without quotes: ${NAME}"
    } else {
        ""
    };
    masked + hint
}
