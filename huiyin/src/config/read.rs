//! From the text of the file to its sections, placeholders filled.

use std::ops::Range;

use common::Problem;
use serde::Deserialize;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::Finding;
use super::lines::Lines;
use super::raw::Raw;
use crate::substitute::{self, Filled, Unfilled};

/// A file that was read.
pub(super) struct Read {
    pub(super) raw: Raw,
    pub(super) lines: Lines,
    /// Texts that look like placeholders and are none.
    pub(super) literal: Vec<Problem>,
}

/// Reads the sections. Every placeholder that cannot be filled is told; of the rest, the first thing that is no TOML or has no
/// place in a section.
pub(super) fn sections(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Read, Vec<Finding>> {
    let told = |lines: &Lines, unfilled: Vec<Unfilled>| -> Vec<Finding> {
        unfilled.into_iter().map(|u| Finding { line: Some(lines.at(u.at)), what: u.what }).collect()
    };
    let text = substitute::numbers(text, variable).map_err(|unfilled| told(&Lines::of(text), unfilled))?;
    let of_error = |lines: &Lines, error: &Error, what: String| Finding {
        line: error.span().map(|span| lines.at(span.start)),
        what,
    };
    // Only the message: the library's own form would quote the line, which may hold a secret.
    let mut tree = DeTable::parse(&text)
        .map_err(|error| vec![of_error(&Lines::of(&text), &error, error.message().to_owned())])?;
    let Filled { unfilled, filled, literal } = substitute::texts(tree.get_mut(), &text, variable);
    let lines = Lines::new(&text, tree.get_ref());
    if !unfilled.is_empty() {
        return Err(told(&lines, unfilled));
    }
    let secret = secrets(tree.get_ref(), &filled);
    let raw = Raw::deserialize(Deserializer::from(tree))
        .map_err(|error| vec![of_error(&lines, &error, without(&error, &secret))])?;
    let literal = literal.into_iter().map(|span| Problem {
        place: "placeholder".to_owned(),
        span: Some(span),
        what: "it stands between single quotes, where nothing is filled: double quotes fill it".to_owned(),
    });
    Ok(Read { raw, lines, literal: literal.collect() })
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
