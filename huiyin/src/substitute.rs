//! `${NAME}` and `${file:PATH}` in the configuration file.
//!
//! Texts between double quotes are filled after the file has been read, so that no value is ever taken for a part of the file; a
//! number or a truth value stands without quotes and is filled before. Comments, keys and texts between single quotes stay as they
//! are, and `$${` is a `${` that is meant.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use crate::config::text::text as read_text;

/// A placeholder that cannot be filled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfilled {
    /// Where it stands in the file.
    pub(crate) at: usize,
    /// What is wrong, without any value.
    pub(crate) what: String,
}

/// What came of the texts of a file.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// Placeholders that could not be filled.
    pub(crate) unfilled: Vec<Unfilled>,
    /// Bytes of the file where texts were filled: what came there may be secret.
    pub(crate) filled: Vec<Range<usize>>,
    /// Texts between single quotes that are a placeholder and nothing else.
    pub(crate) literal: Vec<Range<usize>>,
}

/// A file in which the placeholders are filled that stand without quotes.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Its text. Each placeholder gave a single number or truth value on its line, so lines stay lines; one that could not be filled
    /// is `0`.
    pub(crate) text: String,
    /// Placeholders that could not be filled, with their places in `text`.
    pub(crate) unfilled: Vec<Unfilled>,
}

/// Fills the placeholders that stand without quotes.
pub(crate) fn numbers(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Numbers {
    let tokens: Vec<(TokenKind, Range<usize>)> = Source::new(text)
        .lex()
        .map(|token| (token.kind(), token.span().start()..token.span().end()))
        .collect();
    let (mut filled, mut done, mut unfilled) = (String::with_capacity(text.len()), 0, Vec::new());
    for (index, pair) in tokens.windows(2).enumerate() {
        let [(TokenKind::Atom, sign), (TokenKind::LeftCurlyBracket, bracket)] = pair else { continue };
        if !text.get(sign.clone()).is_some_and(|atom| atom.ends_with('$')) || bracket.start < done {
            continue;
        }
        let on_line = tokens.iter().skip(index).take_while(|(kind, _)| *kind != TokenKind::Newline);
        let close = on_line
            .map(|(kind, span)| (kind, span.start))
            .find(|(kind, _)| **kind == TokenKind::RightCurlyBracket);
        let at = bracket.start - 1;
        filled.push_str(text.get(done..at).unwrap_or_default());
        done = at;
        let Some((_, close)) = close else {
            unfilled.push(Unfilled { at: filled.len(), what: NOT_CLOSED.to_owned() });
            continue;
        };
        let name = text.get(bracket.end..close).unwrap_or_default();
        let value = value(name, variable).and_then(|value| single(name, value)).unwrap_or_else(|what| {
            unfilled.push(Unfilled { at: filled.len(), what });
            "0".to_owned()
        });
        filled.push_str(&value);
        done = close + 1;
    }
    filled.push_str(text.get(done..).unwrap_or_default());
    Numbers { text: filled, unfilled }
}

/// Fills every text of a tree that was read from `text`.
pub(crate) fn texts(
    tree: &mut DeTable<'_>,
    text: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> Filled {
    let mut filled = Filled::default();
    let mut waiting: Vec<_> = tree.iter_mut().map(|(_, value)| value).collect();
    while let Some(entry) = waiting.pop() {
        let span = entry.span();
        match entry.get_mut() {
            DeValue::Table(inner) => waiting.extend(inner.iter_mut().map(|(_, value)| value)),
            DeValue::Array(inner) => waiting.extend(inner.iter_mut()),
            DeValue::String(value) if value.contains("${") => {
                let written = text.get(span.clone()).unwrap_or_default();
                if written.starts_with('\'') {
                    filled.literal.extend(Some(span).filter(|_| is_placeholder(value)));
                    continue;
                }
                let unfilled = fill(value.to_mut(), written, variable);
                filled.unfilled.extend(unfilled.into_iter().map(|u| Unfilled { at: span.start + u.at, ..u }));
                filled.filled.push(span);
            }
            _ => {}
        }
    }
    filled.unfilled.sort_by_key(|unfilled| unfilled.at);
    filled
}

const NOT_CLOSED: &str = "a placeholder is not closed; $${ writes ${ itself";

/// Fills one text, written so in the file; tells what could not be filled with its place in what is written.
fn fill(text: &mut String, written: &str, variable: &impl Fn(&str) -> Option<String>) -> Vec<Unfilled> {
    let (mut filled, mut unfilled) = (String::with_capacity(text.len()), Vec::new());
    // Escapes do not write signs in front of brackets, so the places in both texts correspond.
    let mut places = written.match_indices("${").map(|(at, _)| at);
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let at = places.next().unwrap_or_default();
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = after;
            continue;
        }
        filled.push_str(before);
        let name = after.split(['}', '\n']).next().unwrap_or_default();
        let Some(behind) = after.get(name.len()..).and_then(|behind| behind.strip_prefix('}')) else {
            unfilled.push(Unfilled { at, what: NOT_CLOSED.to_owned() });
            rest = after;
            continue;
        };
        match value(name, variable) {
            Ok(value) => filled.push_str(&value),
            Err(what) => unfilled.push(Unfilled { at, what }),
        }
        rest = behind;
    }
    filled.push_str(rest);
    *text = filled;
    unfilled
}

fn is_placeholder(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}', '\n']))
}

/// The value of a placeholder, without the line break at its end that shells and editors put there.
fn value(name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let (value, what) = match name.strip_prefix("file:") {
        Some(path) => {
            let what = format!("secret file {path}");
            let text = match std::fs::read(path) {
                Ok(bytes) => {
                    read_text(bytes).map_err(|not| format!("{what}, line {}: {}", not.line, not.what))?
                }
                // Whoever needs no secret stands in for a file as for a variable; the environment has none of such a name.
                Err(error) => variable(name).ok_or_else(|| format!("{what} cannot be read: {error}"))?,
            };
            (text, what)
        }
        None if name.is_empty() => return Err("a placeholder has no name; $${ writes ${ itself".to_owned()),
        None => {
            let value = variable(name).filter(|value| !value.is_empty());
            let what = format!("environment variable {name}");
            (value.ok_or_else(|| format!("{what} is not set; $${{{name}}} writes the text itself"))?, what)
        }
    };
    let value = value.trim_end_matches(['\n', '\r']);
    if value.trim().is_empty() { Err(format!("{what} is empty")) } else { Ok(value.to_owned()) }
}

/// A value that can stand without quotes: nothing that ends it or begins something else.
fn single(name: &str, value: String) -> Result<String, String> {
    let is_number = value.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit());
    let is_whole = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'+' | b'-'));
    let is_scalar = (is_number && is_whole) || matches!(value.as_str(), "true" | "false");
    if is_scalar {
        Ok(value)
    } else {
        Err(format!(
            "the value of ${{{name}}} is no number; a text stands between double quotes, \"${{{name}}}\""
        ))
    }
}

#[cfg(test)]
mod tests;
