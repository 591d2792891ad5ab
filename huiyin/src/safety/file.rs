//! Files of words, given or named by the configuration.

use std::path::Path;
use std::sync::Arc;

use ::safety::{Defaults, Entry, Form, LineProblem, allowed_spans, read};
use anyhow::{Context, anyhow};

use crate::config::Config;

/// Most problems of one file that are told when a command cannot go on without it.
const MOST_PROBLEMS: usize = 20;

/// A dictionary as it is written.
pub(super) struct Words {
    /// What it is called in messages.
    pub(super) name: String,
    form: Form,
    /// The file.
    pub(super) text: Arc<str>,
    defaults: Defaults,
}

impl Words {
    /// Those of a file.
    pub(super) fn of(path: &Path) -> anyhow::Result<Self> {
        let (name, text) = (path.display().to_string(), text(path)?.into());
        Ok(Self { form: Form::of(&name), name, text, defaults: Defaults::default() })
    }

    /// Its words, and everything that is wrong with others.
    pub(super) fn read(&self) -> (Vec<Entry>, Vec<LineProblem>) {
        read(self.form, &self.text, &self.defaults)
    }

    /// Its words, if nothing is wrong.
    pub(super) fn entries(&self) -> anyhow::Result<Vec<Entry>> {
        let (entries, problems) = self.read();
        if problems.is_empty() { Ok(entries) } else { Err(told(&self.name, &problems)) }
    }
}

/// The dictionaries of the configuration, by their names.
pub(super) fn configured(config: &Config) -> anyhow::Result<Vec<Words>> {
    let contents = config.sections().contents();
    let words = |(name, dictionary): (&String, &catalogue::filter::Dictionary)| {
        let text = contents.get(&dictionary.content).with_context(|| format!("read dictionary {name}"))?;
        Ok(Words { name: name.clone(), form: dictionary.form, text, defaults: dictionary.defaults() })
    };
    config.bundle.filter.dictionaries.iter().map(words).collect()
}

/// The spans of an allow-list.
pub(super) fn allowed(path: &Path) -> anyhow::Result<Vec<String>> {
    allowed_spans(&text(path)?).map_err(|problems| told(&path.display().to_string(), &problems))
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn told(name: &str, problems: &[LineProblem]) -> anyhow::Error {
    let mut text = format!("{name}: {} problems", problems.len());
    for problem in problems.iter().take(MOST_PROBLEMS) {
        text.push_str(&format!("\n  {problem}"));
    }
    anyhow!(text)
}
