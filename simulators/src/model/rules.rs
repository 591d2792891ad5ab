//! What each model takes and refuses, from a table that ships with the stand-in.

use super::config::{CodeForm, ModelConfig};
use super::family::Family;
use serde::Deserialize;

/// The table.
const TABLE: &str = include_str!("rules.toml");

/// The field that limits the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CapField {
    MaxTokens,
    MaxCompletionTokens,
    #[default]
    Either,
}

/// What becomes of temperature, `top_p` and their like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sampling {
    #[default]
    Free,
    /// Only the default value is taken.
    Default,
    /// The fields do not exist.
    Refused,
}

/// Whether a model thinks before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Thinking {
    #[default]
    Never,
    /// Only when a request switches it on.
    Off,
    /// Unless a request switches it off.
    On,
    Always,
}

/// The rules of some models of one family.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    pub(crate) family: Family,
    pub(crate) names: Vec<String>,
    /// Most tokens of prompt and answer together.
    pub(crate) window: u64,
    /// Most tokens of the prompt, where that is less.
    pub(crate) input: Option<u64>,
    /// Most tokens of the answer.
    pub(crate) output: u64,
    pub(crate) cap: CapField,
    pub(crate) sampling: Sampling,
    pub(crate) thinking: Thinking,
    /// Whether only streams are answered.
    pub(crate) stream_only: bool,
    /// Whether only streams are answered with thoughts.
    pub(crate) stream_to_think: bool,
    /// Whether the last message may be the beginning of the answer.
    pub(crate) prefill: bool,
    /// Whether `stop` is taken.
    pub(crate) stop: bool,
    /// Whether a system message is taken.
    pub(crate) system: bool,
    /// The day from which on it is gone, such as `2026-10-23`.
    pub(crate) retired: Option<String>,
    /// The paths that it is found under; all if none are named.
    pub(crate) paths: Vec<String>,
    /// JSON type of the code in errors.
    #[serde(skip)]
    pub(crate) error_code: CodeForm,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            family: Family::Local,
            names: Vec::new(),
            window: 128_000,
            input: None,
            output: 1_000_000,
            cap: CapField::default(),
            sampling: Sampling::default(),
            thinking: Thinking::default(),
            stream_only: false,
            stream_to_think: false,
            prefill: false,
            stop: true,
            system: true,
            retired: None,
            paths: Vec::new(),
            error_code: CodeForm::default(),
        }
    }
}

impl Rules {
    /// Whether a request to it is answered with thoughts.
    pub(crate) fn thinks(&self, switched: Option<bool>) -> bool {
        match self.thinking {
            Thinking::Never => false,
            Thinking::Off => switched == Some(true),
            Thinking::On => switched != Some(false),
            Thinking::Always => true,
        }
    }

    /// Whether it is gone on a day such as `2026-11-30`.
    pub(crate) fn is_retired(&self, today: &str) -> bool {
        self.retired.as_deref().is_some_and(|day| day <= today)
    }

    fn is_of(&self, family: Family, name: &str) -> bool {
        self.family == family && self.names.iter().any(|known| is_snapshot(name, known))
    }

    /// The same as configured.
    fn configured(mut self, config: &ModelConfig) -> Self {
        self.window = config.context_tokens;
        self.error_code = config.error_code;
        if config.new {
            self.cap = CapField::MaxCompletionTokens;
        }
        if config.reasoning {
            self.thinking = Thinking::On;
        }
        self
    }
}

/// Whether a name is that of a model, or of one of its dated or latest versions.
fn is_snapshot(name: &str, known: &str) -> bool {
    let Some(rest) = name.strip_prefix(known) else { return false };
    let version = rest.strip_prefix(['-', '@']).unwrap_or_default();
    let is_date = version.len() >= 8 && version.chars().all(|digit| digit.is_ascii_digit() || digit == '-');
    rest.is_empty() || version == "latest" || is_date
}

/// The rules of all models.
#[derive(Clone, Debug)]
pub(crate) struct RuleBook {
    rows: Vec<Rules>,
}

impl RuleBook {
    /// Reads the table.
    pub(crate) fn new() -> Result<Self, toml::de::Error> {
        #[derive(Deserialize)]
        struct Table {
            models: Vec<Rules>,
        }
        toml::from_str(TABLE).map(|Table { models }| Self { rows: models })
    }

    /// The row of a model.
    pub(crate) fn row(&self, family: Family, name: &str) -> Option<&Rules> {
        self.rows.iter().find(|row| row.is_of(family, name))
    }

    /// The rules of a model: those of its row if it has one, changed by its configuration if it has one.
    pub(crate) fn of(&self, family: Family, name: &str, config: Option<&ModelConfig>) -> Rules {
        let row = self.row(family, name).cloned();
        let row = row.unwrap_or_else(|| Rules { family, ..Rules::default() });
        match config {
            Some(config) => row.configured(config),
            None => row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CapField, RuleBook, Sampling};
    use crate::model::{Family, ModelConfig};

    #[test]
    fn a_model_has_the_rules_of_its_row_and_so_have_its_versions() {
        let book = RuleBook::new().unwrap();
        let rules = |family, name| book.of(family, name, None);
        assert_eq!(rules(Family::Openai, "gpt-5.2").cap, CapField::MaxCompletionTokens);
        assert_eq!(rules(Family::Openai, "gpt-4o-2024-08-06").window, 128_000);
        assert_eq!(rules(Family::Openai, "gpt-5-mini-2025-08-07").window, 400_000);
        assert_eq!(rules(Family::Claude, "claude-opus-4-7").sampling, Sampling::Refused);
        assert_eq!(rules(Family::Claude, "claude-haiku-4-5-20251001").sampling, Sampling::Free);
        assert!(book.row(Family::Claude, "gpt-5.2").is_none());
        assert!(book.row(Family::Openai, "gpt-5.2-ultra").is_none());
    }

    #[test]
    fn a_model_is_gone_from_its_day_on() {
        let book = RuleBook::new().unwrap();
        let rules = book.of(Family::Openai, "o3", None);
        assert_eq!(["2026-12-10", "2026-12-11"].map(|day| rules.is_retired(day)), [false, true]);
    }

    #[test]
    fn what_is_configured_of_a_model_wins() {
        let book = RuleBook::new().unwrap();
        let config = ModelConfig { new: true, reasoning: true, context_tokens: 20, ..ModelConfig::default() };
        let rules = book.of(Family::Openai, "m", Some(&config));
        assert_eq!((rules.cap, rules.window), (CapField::MaxCompletionTokens, 20));
        assert_eq!((rules.thinks(None), rules.thinks(Some(false))), (true, false));
    }
}
