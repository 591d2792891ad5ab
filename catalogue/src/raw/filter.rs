//! Section `[filter]` as it stands in the file, and what an app uses of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use safety::{Border, OnError, View};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// What is filtered.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawFilter {
    /// Rules of the word list.
    pub word: Vec<RawWord>,
    /// Rules with views, borders, words near others, or a regular expression.
    pub rule: Vec<RawRule>,
    /// Dictionaries, files of words.
    pub dictionary: Vec<RawDictionary>,
    /// Allow-lists, files of spans in which no word hits.
    pub allow: Vec<RawAllow>,
    /// What stands in the files that the section names.
    #[serde(skip)]
    pub files: Files,
}

impl RawFilter {
    /// Every file that the section names, as it names it.
    pub fn paths(&self) -> BTreeSet<&str> {
        let dictionaries = self.dictionary.iter().filter_map(|dictionary| dictionary.file.as_ref());
        dictionaries
            .chain(self.allow.iter().map(|allow| &allow.file))
            .map(|file| file.get_ref().as_str())
            .collect()
    }
}

/// Texts of files by the name that the configuration has for them, or why there is none.
#[derive(Debug, Clone, Default)]
pub struct Files(BTreeMap<String, Result<Arc<str>, String>>);

impl Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it was not read.
    pub fn text(&self, name: &str) -> Result<Arc<str>, String> {
        self.0.get(name).cloned().unwrap_or_else(|| Err("the file was not read".to_owned()))
    }

    /// Puts a text in, as if the configuration named a file that has it.
    pub fn put(&mut self, name: String, text: Arc<str>) {
        self.0.insert(name, Ok(text));
    }
}

impl FromIterator<(String, Result<Arc<str>, String>)> for Files {
    fn from_iter<T: IntoIterator<Item = (String, Result<Arc<str>, String>)>>(files: T) -> Self {
        Self(files.into_iter().collect())
    }
}

/// A rule of the word list, which every text is looked through for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWord {
    /// Id of the rule, which verdicts name.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Words, any of which hits; at least one. They are folded as texts are: width, case, traditional characters and what cannot be seen make no difference. A word of spaces and punctuation alone is refused.
    pub words: Vec<String>,
    /// What is done with a text that has one of the words.
    #[schemars(with = "String", extend("enum" = ["mask", "replace", "hold", "block"]))]
    pub action: Spanned<String>,
}

/// A rule: words, words near others, or a regular expression.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    /// Id of the rule, which verdicts name.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Words, any of which hits, folded as texts are. A rule has words or a `regex`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub words: Vec<Spanned<String>>,
    /// The rule hits only where one of these stands near one of the words.
    pub near: Option<RawNear>,
    /// A regular expression of at most 1 MiB when compiled, looked for in the folded text without regard to case; a search takes time linear in the text.
    #[schemars(with = "Option<String>")]
    pub regex: Option<Spanned<String>>,
    /// What kind of thing it looks for, for statistics.
    #[serde(default)]
    pub category: String,
    /// How bad it is, 0 to 255, for statistics.
    #[serde(default)]
    pub severity: u8,
    /// What is done with a text that people write.
    #[schemars(with = "String", extend("enum" = ["pass", "mask", "replace", "hold", "block"]))]
    pub action: Spanned<String>,
    /// What is done with what the model says. Without it `action`.
    #[schemars(with = "Option<String>", extend("enum" = ["pass", "mask", "replace", "hold", "block"]))]
    pub output: Option<Spanned<String>>,
    /// Through which views the words are looked for, besides as they are.
    #[serde(default)]
    pub views: Vec<View>,
    /// What is done where a word was seen through a view, in place of `action` and `output`: of several views the mildest counts.
    #[serde(default)]
    #[schemars(with = "BTreeMap<View, String>")]
    pub view_actions: BTreeMap<View, Spanned<String>>,
    /// What must stand around a word.
    #[serde(default)]
    pub border: Border,
    /// Language of the canned text that is said instead, such as `en`; without it the app's.
    pub language: Option<String>,
    /// Whether hits are counted only.
    #[serde(default)]
    pub shadow: bool,
    /// What happens when the action cannot be carried out: the text goes on (`open`) or is stopped (`closed`). Without it the app's policy holds:
    /// `people.unchangeable`, `people.too_long` and `people.hold` among people, `review.when_away` for what is held; what has no policy is
    /// stopped. Of several rules one that is `closed` stops the text, and it goes on against the policy only if all of them are `open`.
    pub on_error: Option<OnError>,
    /// Whether apps use it that do not say which rules they use.
    #[serde(default = "yes")]
    pub shared: bool,
}

/// Words that must stand near.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNear {
    /// Words, any of which counts; at least one.
    #[schemars(with = "Vec<String>")]
    pub words: Vec<Spanned<String>>,
    /// At most so many characters stand between the two words, whichever comes first.
    pub within: u16,
}

/// A dictionary. Its words are rules `<name>/<category>`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDictionary {
    /// Name of the dictionary, 1 to 64 of `a-z`, `0-9`, `-` and `_`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Path of its file, from the folder of this file: TOML when it ends in `.toml`, otherwise lines with tabs. At most 1,000,000 words and 32 MiB. A dictionary has a `file` or is `shipped`.
    #[schemars(with = "Option<String>")]
    pub file: Option<Spanned<String>>,
    /// Name of a dictionary that ships with the program.
    #[schemars(with = "Option<String>", extend("enum" = ["starter"]))]
    pub shipped: Option<Spanned<String>>,
    /// Category of words that have none. Without it each word must have one.
    pub category: Option<String>,
    /// How bad words are that do not say it themselves, 0 to 255, for statistics.
    #[serde(default)]
    pub severity: u8,
    /// What is done with a text that people write, where the word does not say it itself.
    #[schemars(with = "String", extend("enum" = ["pass", "mask", "replace", "hold", "block"]))]
    pub action: Spanned<String>,
    /// What is done with what the model says. Without it `action`.
    #[schemars(with = "Option<String>", extend("enum" = ["pass", "mask", "replace", "hold", "block"]))]
    pub output: Option<Spanned<String>>,
    /// Through which views words are looked for that do not say it themselves.
    #[serde(default)]
    pub views: Vec<View>,
    /// What must stand around words that do not say it themselves.
    #[serde(default)]
    pub border: Border,
    /// Language of the canned text that is said instead, such as `en`; without it the app's.
    pub language: Option<String>,
    /// Whether hits are counted only.
    #[serde(default)]
    pub shadow: bool,
    /// What happens when the action cannot be carried out, as of a rule.
    pub on_error: Option<OnError>,
    /// Whether apps use it that do not say which dictionaries they use.
    #[serde(default = "yes")]
    pub shared: bool,
}

/// An allow-list: a hit that lies wholly within one of its spans is cancelled.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAllow {
    /// Name of the list, 1 to 64 of `a-z`, `0-9`, `-` and `_`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Path of its file, from the folder of this file: one span a line.
    #[schemars(with = "String")]
    pub file: Spanned<String>,
    /// Whether apps use it that do not say which allow-lists they use.
    #[serde(default = "yes")]
    pub shared: bool,
}

/// What an app uses of the filter. Without a list the app uses everything of that kind that is `shared`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawUsed {
    /// Ids of the rules that are used, those of `[[filter.word]]` too.
    #[schemars(with = "Option<Vec<String>>")]
    pub rules: Option<Vec<Spanned<String>>>,
    /// Names of the dictionaries that are used.
    #[schemars(with = "Option<Vec<String>>")]
    pub dictionaries: Option<Vec<Spanned<String>>>,
    /// Names of the allow-lists that are used.
    #[schemars(with = "Option<Vec<String>>")]
    pub allow: Option<Vec<Spanned<String>>>,
}

fn yes() -> bool {
    true
}
