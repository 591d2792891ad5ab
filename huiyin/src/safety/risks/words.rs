//! How many words there are of each category, and when their files were changed last.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::safety::{Entry, Folded, Rule};
use anyhow::{Context, bail};
use serde::Serialize;

/// How the comment that dates a file begins.
const CHANGED: &str = "changed:";
/// Words of rules that have no category.
const NO_CATEGORY: &str = "none";

/// A file that words came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    /// Its path, as given; of a dictionary of the configuration, its name.
    pub(super) file: String,
    /// The day of its last change, as its comments say; absent when they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changed: Option<String>,
}

impl Source {
    /// Looks the file's date up: a comment `# changed: YYYY-MM-DD` before its first line that is none. It goes with the file wherever
    /// that is copied, as the file system's own time does not.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::of(path.display().to_string(), &text)
    }

    /// The same of a text that is at hand.
    pub(super) fn of(file: String, text: &str) -> anyhow::Result<Self> {
        let changed = changed(text).with_context(|| format!("read {file}"))?;
        Ok(Self { file, changed })
    }
}

fn changed(text: &str) -> anyhow::Result<Option<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
    let dated = head.filter_map(|line| line.trim_start_matches('#').trim().strip_prefix(CHANGED)).next();
    let Some(day) = dated.map(str::trim) else { return Ok(None) };
    if is_day(day) {
        Ok(Some(day.to_owned()))
    } else {
        bail!("# changed: {day:?} is no day such as 2025-01-31")
    }
}

fn is_day(text: &str) -> bool {
    let form = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    form && humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok()
}

/// Different words by category. Words that fold to the same are one.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<String, BTreeSet<String>>);

impl Words {
    /// Adds the words of a dictionary.
    pub(super) fn add_entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.add(&entry.category, &entry.word);
        }
    }

    /// Adds the words of rules; what a rule looks for by an expression is no word.
    pub(super) fn add_rules(&mut self, rules: &[Rule]) {
        for rule in rules {
            let category = if rule.category.is_empty() { NO_CATEGORY } else { &rule.category };
            rule.words.iter().for_each(|word| self.add(category, word));
        }
    }

    fn add(&mut self, category: &str, word: &str) {
        let folded = Folded::of(word).chars().iter().collect();
        self.0.entry(category.to_owned()).or_default().insert(folded);
    }

    /// How many different words these categories have together.
    pub(super) fn of(&self, categories: &[String]) -> u32 {
        let words: BTreeSet<&String> =
            categories.iter().filter_map(|name| self.0.get(name)).flatten().collect();
        count(words.len())
    }

    /// How many different words there are.
    pub(super) fn all(&self) -> u32 {
        count(self.0.values().flatten().collect::<BTreeSet<_>>().len())
    }

    /// The categories, with the number of their words.
    pub(super) fn categories(&self) -> impl Iterator<Item = (&String, u32)> {
        self.0.iter().map(|(category, words)| (category, count(words.len())))
    }
}

/// The size of a collection.
pub(super) fn count(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use ::safety::{Action, tab_separated};

    use super::*;

    #[test]
    fn words_that_fold_to_the_same_are_one_and_categories_share_words() {
        let mut words = Words::default();
        words.add_entries(
            &tab_separated("赌博\tgambling\n賭博\tgambling\n赌博\tfraud\n大麻\tdrugs\n").unwrap(),
        );
        words.add_rules(&[Rule::words("r", &["Dice"], Action::Block)]);
        let of = |names: &[&str]| words.of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            (of(&["gambling"]), of(&["gambling", "fraud"]), of(&["drugs", "fraud"]), of(&["x"])),
            (1, 1, 2, 0)
        );
        assert_eq!(words.all(), 3);
        let told: Vec<_> = words.categories().map(|(name, count)| (name.as_str(), count)).collect();
        assert_eq!(told, [("drugs", 1), ("fraud", 1), ("gambling", 1), ("none", 1)]);
    }

    #[test]
    fn a_file_says_by_a_comment_at_its_head_when_it_was_changed() {
        assert_eq!(
            changed("# words\n\n# changed: 2025-01-31\na\tb\n").unwrap().as_deref(),
            Some("2025-01-31")
        );
        assert_eq!(changed("#changed:2025-01-31").unwrap().as_deref(), Some("2025-01-31"));
        assert_eq!(changed("a\tb\n# changed: 2025-01-31\n").unwrap(), None);
        for bad in
            ["# changed: 2025-13-01", "# changed: yesterday", "# changed: 2025-02-30", "# changed: 2025-1-3"]
        {
            assert!(changed(bad).is_err(), "{bad}");
        }
    }
}
