//! Dictionaries: files of words.

mod lines;
mod tables;

use common::{Action, OnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::Border;
use crate::view::Views;

pub use lines::{allowed_spans, tab_separated};
pub use tables::toml;

/// Most words of one dictionary.
pub const MOST_WORDS: usize = 1_000_000;
/// Most bytes of one dictionary.
pub const MOST_BYTES: usize = 32 << 20;

/// One word of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The word.
    pub word: String,
    /// What kind of thing it is.
    pub category: String,
    /// Through which views it is looked for, besides as it is.
    pub views: Views,
    /// What must stand around it.
    pub border: Border,
    /// What to do; the dictionary's action when absent.
    pub action: Option<Action>,
    /// How bad it is; the dictionary's severity when absent.
    pub severity: Option<u8>,
    /// Line of the file, from 1.
    pub line: usize,
}

/// How a file of words is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A word a line, with tabs between the columns.
    Tsv,
    /// Tables `[[word]]`.
    Toml,
}

impl Form {
    /// The form of a file of that name: TOML when it ends in `.toml`.
    pub fn of(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".toml") { Self::Toml } else { Self::Tsv }
    }
}

/// What holds for words that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Their category; without one each word must have its own.
    pub category: Option<String>,
    /// Through which views they are looked for.
    pub views: Views,
    /// What must stand around them.
    pub border: Border,
}

/// Reads a file of words: those that can be used, and everything that is wrong, in the order of the lines.
pub fn read(form: Form, text: &str, defaults: &Defaults) -> (Vec<Entry>, Vec<LineProblem>) {
    if let Err(problem) = check_size(text) {
        return (Vec::new(), vec![problem]);
    }
    match form {
        Form::Tsv => lines::read(text, defaults),
        Form::Toml => tables::read(text, defaults),
    }
}

/// The words, if nothing is wrong.
fn strict(form: Form, text: &str) -> Result<Vec<Entry>, Vec<LineProblem>> {
    let (entries, problems) = read(form, text, &Defaults::default());
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

/// What is wrong with that many words.
fn too_many(words: usize) -> Option<LineProblem> {
    let what = || LineProblem::new(0, format!("it has {words} words, more than {MOST_WORDS}"));
    (words > MOST_WORDS).then(what)
}

/// A problem of a file, with the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct LineProblem {
    /// The line, from 1; 0 when it is the file's as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl LineProblem {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// Words of one source, and what is done about those that do not say themselves. Each category is a rule, named
/// `<name>/<category>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    /// Its name.
    pub name: String,
    /// What to do.
    pub action: Action,
    /// What to do with what the model says; the same when absent.
    pub output: Option<Action>,
    /// How bad it is.
    pub severity: u8,
    /// What happens when that cannot be done; as the app's policy says when absent.
    pub on_error: Option<OnError>,
    /// Counted only.
    pub shadow: bool,
    /// The words.
    pub entries: Vec<Entry>,
}

impl Dictionary {
    /// A dictionary whose words are stopped in both directions.
    pub fn new(name: impl Into<String>, entries: Vec<Entry>) -> Self {
        let action = Action::Block;
        Self { name: name.into(), action, output: None, severity: 0, on_error: None, shadow: false, entries }
    }
}

/// What is wrong with a word as such, if anything: an engine could not be built from it.
fn check_word(word: &str, line: usize) -> Result<(), LineProblem> {
    crate::ruleset::foldable(word).map(drop).map_err(|reason| LineProblem::new(line, reason.to_string()))
}

fn check_size(text: &str) -> Result<(), LineProblem> {
    if text.len() <= MOST_BYTES {
        return Ok(());
    }
    Err(LineProblem::new(0, format!("it has {} bytes, more than {MOST_BYTES}", text.len())))
}

fn border(name: &str) -> Option<Border> {
    match name {
        "-" | "" | "any" => Some(Border::Any),
        "word" => Some(Border::Word),
        "seg" => Some(Border::Seg),
        _ => None,
    }
}
