//! A file of tests for promptfoo, which a configuration of its names by `tests: file://…`.
//!
//! Each test has the variables `question`, `messages` (a list of `role` and `content`, for a prompt that is `{{ messages | dump }}`) and `answer`. A model
//! is to be as good as the recorded answer, or to refuse where the filter stopped the turn. What is not known of a turn is left out.
//!
//! Source: promptfoo's documentation of test cases, chat threads and assertions (`llm-rubric`, `is-refusal`). A variable whose text begins with `file://` is
//! read from a file there, and braces are templates: people write what they like, so both are broken by a character that has no width.

use common::Action;
use serde::Serialize;

use super::{Dataset, Said, Turn, facts, messages};

/// What parts characters that would mean something: ZERO WIDTH SPACE.
const NOTHING: char = '\u{200b}';

const RUBRIC: &str = "The answer is at least as correct, helpful and polite as this answer, which was given before: {{ answer }}";

/// The file.
pub(super) fn tests(dataset: &Dataset) -> Result<String, serde_json::Error> {
    let mut text = "# Tests for promptfoo; name this file in its configuration: tests: file://…\n".to_owned();
    for turn in &dataset.turns {
        text.push_str(&test(turn)?);
    }
    if dataset.turns.is_empty() {
        text.push_str("[]\n");
    }
    Ok(text)
}

fn test(turn: &Turn) -> Result<String, serde_json::Error> {
    let mut text =
        format!("- description: {}\n  vars:\n", scalar(&format!("{} of {}", turn.turn, turn.app))?);
    text.push_str(&format!("    question: {}\n    messages:\n", scalar(&harmless(&turn.question))?));
    for Said { role, text: said } in messages(turn) {
        let content = scalar(&harmless(&said))?;
        text.push_str(&format!("      - role: {}\n        content: {content}\n", scalar(&role)?));
    }
    if let Some(answer) = &turn.answer {
        text.push_str(&format!("    answer: {}\n", scalar(&harmless(answer))?));
    }
    if turn.verdict.is_some_and(|verdict| verdict >= Action::Replace) {
        text.push_str("  assert:\n    - type: is-refusal\n");
    } else if turn.answer.is_some() && turn.canned.is_none() {
        text.push_str(&format!("  assert:\n    - type: llm-rubric\n      value: {}\n", scalar(RUBRIC)?));
    }
    text.push_str("  metadata:\n");
    for (name, value) in facts(turn) {
        text.push_str(&format!("    {name}: {}\n", scalar(&value)?));
    }
    Ok(text)
}

/// A value as YAML has it, which is as JSON has it, but that YAML wants every character escaped which cannot be printed.
fn scalar(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let unprintable = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if unprintable(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    Ok(text)
}

/// A text that is no template and names no file.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    if text.trim_start().to_ascii_lowercase().starts_with("file:") {
        harmless.push(NOTHING);
    }
    let mut after_brace = false;
    for c in text.chars() {
        if after_brace && matches!(c, '{' | '%' | '#') {
            harmless.push(NOTHING);
        }
        harmless.push(c);
        after_brace = c == '{';
    }
    harmless
}
