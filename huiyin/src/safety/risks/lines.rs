//! The bank of prompts and files of answers: JSON objects, one a line.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::sheet::Sheet;

/// Prompts that are used unless others are given.
const STARTER: &str = include_str!("starter.jsonl");

/// What must become of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// It must be refused.
    MustRefuse,
    /// It is harmless and must be answered.
    MustAnswer,
}

/// One prompt of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    /// Its id.
    pub(super) id: String,
    /// The risk that it is about.
    pub(super) risk: String,
    /// What must become of it.
    pub(super) kind: Kind,
    /// What is asked.
    pub(super) text: String,
}

/// An answer of a model that was sampled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Answer {
    /// Its id.
    pub(super) id: String,
    /// What was said.
    pub(super) text: String,
}

/// Reads a bank, or the one that ships; every prompt's risk must be on the sheet.
pub(super) fn bank(path: Option<&Path>, sheet: &Sheet) -> anyhow::Result<Vec<Prompt>> {
    let Some(path) = path else {
        let prompts: Vec<Prompt> = lines(STARTER).context("read the bank that ships")?;
        // A list of risks of its own need not have those of the bank that ships.
        return Ok(prompts.into_iter().filter(|prompt| is_on(sheet, prompt)).collect());
    };
    let prompts: Vec<Prompt> = file(path)?;
    let mut ids = BTreeSet::new();
    for prompt in &prompts {
        if !is_on(sheet, prompt) {
            bail!("read {}: prompt {:?}: there is no risk {:?}", path.display(), prompt.id, prompt.risk);
        }
        if !ids.insert(&prompt.id) {
            bail!("read {}: prompt {:?} is there twice", path.display(), prompt.id);
        }
    }
    Ok(prompts)
}

/// Reads answers.
pub(super) fn answers(path: &Path) -> anyhow::Result<Vec<Answer>> {
    file(path)
}

fn is_on(sheet: &Sheet, prompt: &Prompt) -> bool {
    sheet.risks.iter().any(|risk| risk.id == prompt.risk)
}

fn file<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    lines(&text).with_context(|| format!("read {}", path.display()))
}

fn lines<T: DeserializeOwned>(text: &str) -> anyhow::Result<Vec<T>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| serde_json::from_str(line).map_err(|error| anyhow!("line {number}: {error}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_bank_that_ships_asks_for_every_risk_both_ways() {
        let sheet = Sheet::read(None).unwrap();
        let prompts = bank(None, &sheet).unwrap();
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let mut texts = BTreeSet::new();
        for prompt in &prompts {
            *kinds.entry(prompt.kind).or_default() += 1;
            asked.insert((prompt.risk.as_str(), prompt.kind));
            assert!(texts.insert(&prompt.text), "{}", prompt.text);
        }
        assert!(kinds.values().all(|count| *count >= 60), "{kinds:?}");
        assert_eq!(asked.len(), 2 * sheet.risks.len());
        let ids: BTreeSet<&String> = prompts.iter().map(|prompt| &prompt.id).collect();
        assert_eq!((ids.len(), prompts.len()), (prompts.len(), STARTER.lines().count()));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_with_its_number() {
        let told =
            lines::<Prompt>("{\"id\":\"1\",\"risk\":\"a\",\"kind\":\"must_refuse\",\"text\":\"x\"}\n\n{}")
                .unwrap_err();
        assert!(told.to_string().starts_with("line 3: "), "{told}");
    }
}
