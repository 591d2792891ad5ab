//! Where in the file a problem stands.

use std::collections::BTreeMap;

use common::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Finding;

/// Keys by which an entry of a list is called in messages: `call.target "main"`.
const NAMES: [&str; 5] = ["name", "key", "id", "path", "model"];

/// The text by which an entry of a list is called.
pub(super) fn name_of<'a, 't>(entry: &'a DeTable<'t>) -> Option<&'a Spanned<DeValue<'t>>> {
    NAMES.iter().find_map(|name| entry.get(*name).filter(|value| value.get_ref().is_str()))
}

/// The lines of a file, and of everything in it that has a name.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Offset at which each line begins.
    starts: Vec<usize>,
    /// Line of each table and value: `account.url`, `call.target "main".api_key`.
    places: BTreeMap<String, usize>,
}

impl Lines {
    /// Of a text, and the tree that was read from it.
    pub(crate) fn new(text: &str, tree: &DeTable<'_>) -> Self {
        let mut lines = Self::of(text);
        lines.table("", tree);
        lines
    }

    /// Of a text that could not be read.
    pub(crate) fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), places: BTreeMap::new() }
    }

    /// The line of a byte, from 1.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The line that a problem is about: that of its bytes, of the key that its text begins with, of its place, or of the
    /// nearest table around that.
    fn of_problem(&self, problem: &Problem) -> Option<usize> {
        match &problem.span {
            Some(span) => Some(self.at(span.start)),
            None => self.find(&problem.place, &problem.what),
        }
    }

    /// Problems as they are told.
    pub(crate) fn findings(&self, problems: Vec<Problem>) -> Vec<Finding> {
        let finding = |problem: Problem| Finding {
            line: self.of_problem(&problem),
            what: format!("{}: {}", problem.place, problem.what),
        };
        problems.into_iter().map(finding).collect()
    }

    fn find(&self, place: &str, what: &str) -> Option<usize> {
        // «token_ttl …», «its timeout of …», «secret: …».
        let mut keys = what.split(' ').take(2).map(|word| word.trim_end_matches([':', ',']));
        let of_key = keys.find_map(|key| self.places.get(&format!("{place}.{key}")));
        let mut around = Some(place);
        std::iter::from_fn(|| {
            let here = around?;
            around = here.rfind(['.', ' ']).and_then(|end| here.get(..end));
            Some(here)
        })
        .fold(of_key, |found, place| found.or_else(|| self.places.get(place)))
        .copied()
    }

    fn name(&mut self, place: &str, offset: usize) {
        let line = self.at(offset);
        self.places.entry(place.to_owned()).or_insert(line);
    }

    fn table(&mut self, place: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref();
            let here = if place.is_empty() { name.to_string() } else { format!("{place}.{name}") };
            // A value that begins on a later line than its key is looked for at its key.
            self.name(&here, key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => self.table(&here, inner),
                DeValue::Array(entries) => {
                    for entry in entries {
                        let DeValue::Table(inner) = entry.get_ref() else { continue };
                        let Some(name) = name_of(inner).and_then(|name| name.get_ref().as_str()) else {
                            continue;
                        };
                        let entry_place = format!("{here} {name:?}");
                        self.name(&entry_place, entry.span().start);
                        self.table(&entry_place, inner);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# one
[account]
url = "x"

[account.batch]
block_rows = 0

[[call.target]]
name = "a.b"
api_key = """
k"""

[[call.target]]
base_url = "u"
name = "spare"
limits = { calls = 1 }
"#;

    #[test]
    fn places_and_keys_of_messages_have_their_lines() {
        let tree = DeTable::parse(FILE).unwrap();
        let lines = Lines::new(FILE, tree.get_ref());
        for (place, what, line) in [
            ("account", "url: it does not start", Some(3)),
            ("account", "user: it is empty", Some(2)),
            ("account.batch", "block_rows: not within", Some(6)),
            ("account.batch", "inserts: must be positive", Some(5)),
            ("account.url", "wrong", Some(3)),
            ("call.target \"a.b\"", "api_key: it is empty", Some(10)),
            ("call.target \"a.b\"", "its api_key is not set", Some(10)),
            ("call.target \"spare\"", "api_key: it is empty", Some(13)),
            ("call.target \"spare\"", "base_url wrong", Some(14)),
            ("call.target \"spare\".limits", "calls may not be zero", Some(16)),
            ("call.client", "idle_timeout must be", Some(8)),
            ("call.target \"gone\"", "is not there", Some(8)),
            ("ingest", "it has no rule", None),
        ] {
            assert_eq!(lines.find(place, what), line, "{place}: {what}");
        }
        let problem = |span| Problem { place: "call".into(), span, what: String::new() };
        assert_eq!(lines.of_problem(&problem(Some(7..8))), Some(2));
        assert_eq!(lines.of_problem(&problem(Some(9_999..10_000))), Some(FILE.lines().count() + 1));
        assert_eq!(Lines::of("").at(0), 1);
    }
}
