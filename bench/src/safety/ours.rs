//! Engines of the product for the benchmark.

use anyhow::{Context, Result, anyhow};
use safety::personal::PersonalData;
use safety::{Action, Dictionary, Direction, Engine, Rule, RuleSet, tab_separated};

/// Through which views the words are looked for.
#[derive(Clone, Copy)]
pub(super) enum Seen {
    /// As they are: what `-` in a dictionary asks for.
    AsTheyAre,
    /// What every word can ask for, since it makes no false hits worth the name: separators and repeats.
    ByDefault,
    /// Through all eight views.
    Anyhow,
}

impl Seen {
    pub(super) const ALL: [Self; 3] = [Self::AsTheyAre, Self::ByDefault, Self::Anyhow];

    /// As the table names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AsTheyAre => "no views",
            Self::ByDefault => "default views",
            Self::Anyhow => "all eight views",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::AsTheyAre => "-",
            Self::ByDefault => "separators,repeats",
            Self::Anyhow => "separators,repeats,pinyin,initials,homophone,split,lookalike,leet",
        }
    }
}

/// The dictionary of these words as a file.
pub(super) fn dictionary(words: &[String], seen: Seen) -> String {
    words.iter().map(|word| format!("{word}\tcategory\t{}\t-\n", seen.column())).collect()
}

/// The engine of a dictionary.
///
/// # Errors
/// When the dictionary is wrong.
pub(super) fn engine(dictionary: &str) -> Result<RuleSet> {
    built(dictionary, |builder| builder)
}

/// The engine of a dictionary with regular expressions and personal data.
///
/// # Errors
/// When the dictionary or an expression is wrong.
pub(super) fn whole_engine(dictionary: &str) -> Result<RuleSet> {
    let expressions =
        [r"加.{0,4}(群|微|q)\s*[a-z0-9]{5,}", r"https?://[a-z0-9.-]+\.(top|xyz|icu)\b", r"日赚\d{3,}"];
    let rules: Vec<Rule> = expressions
        .iter()
        .map(|regex| Rule { regex: Some((*regex).to_owned()), ..Rule::words(regex, &[], Action::Block) })
        .collect();
    built(dictionary, |builder| {
        builder.rules(&rules).detector(Box::new(PersonalData { input: Action::Mask, output: Action::Mask }))
    })
}

/// How many hits a text has.
pub(super) fn hits(engine: &RuleSet, text: &str) -> usize {
    engine.judge(Direction::Input, text).hits.len()
}

fn built(dictionary: &str, with: impl FnOnce(safety::Builder) -> safety::Builder) -> Result<RuleSet> {
    let entries = tab_separated(dictionary).map_err(|problems| anyhow!("{problems:?}"))?;
    let builder = RuleSet::builder("bench").dictionary(&Dictionary::new("bench", entries));
    with(builder).build().context("building the engine")
}
