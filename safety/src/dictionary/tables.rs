//! Dictionaries in TOML, whose words can have an action and a severity of their own.

use common::Action;
use serde::Deserialize;
use toml::Spanned;

use super::{Defaults, Entry, Form, LineProblem, check_word, strict, too_many};
use crate::rule::Border;
use crate::view::Views;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    word: Vec<Group>,
}

/// Words that have the rest in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    words: Vec<Spanned<String>>,
    category: Option<String>,
    views: Option<Views>,
    border: Option<Border>,
    action: Option<Action>,
    severity: Option<u8>,
}

/// Reads tables `[[word]]` with `words`, `category`, and if wanted `views`, `border` (`any`, `seg`, `word`), `action`, `severity`.
///
/// # Errors
/// Every [`LineProblem`], in the order of the lines; what is no such TOML is one problem.
pub fn toml(text: &str) -> Result<Vec<Entry>, Vec<LineProblem>> {
    strict(Form::Toml, text)
}

/// Reads the tables; what one does not say is what the defaults say.
pub(super) fn read(text: &str, defaults: &Defaults) -> (Vec<Entry>, Vec<LineProblem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            return (Vec::new(), vec![LineProblem::new(line, error.message())]);
        }
    };
    let (mut entries, mut problems, mut lines) = (Vec::new(), Vec::new(), Lines { text, at: 0, line: 1 });
    for group in &file.word {
        for word in &group.words {
            let line = lines.of(word.span().start);
            let entry = check_word(word.get_ref(), line).and_then(|()| group.entry(word, line, defaults));
            entry.map_or_else(|problem| problems.push(problem), |entry| entries.push(entry));
        }
    }
    problems.extend(too_many(entries.len()));
    (entries, problems)
}

impl Group {
    fn entry(&self, word: &Spanned<String>, line: usize, defaults: &Defaults) -> Result<Entry, LineProblem> {
        let category = self.category.as_ref().or(defaults.category.as_ref());
        Ok(Entry {
            word: word.get_ref().clone(),
            category: category
                .cloned()
                .ok_or_else(|| LineProblem::new(line, "its table needs a category"))?,
            views: self.views.unwrap_or(defaults.views),
            border: self.border.unwrap_or(defaults.border),
            action: self.action,
            severity: self.severity,
            line,
        })
    }
}

/// Numbers of lines, counted on from the last one that was asked for.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, place: usize) -> usize {
        if place < self.at {
            return line_of(self.text, place);
        }
        self.line += line_of(self.text.get(self.at..).unwrap_or_default(), place - self.at) - 1;
        self.at = place;
        self.line
    }
}

fn line_of(text: &str, place: usize) -> usize {
    1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_what_their_table_says() {
        let text = "[[word]]\nwords = [\"赌博\",\n  \"博彩\"]\ncategory = \"gambling\"\nviews = [\"pinyin\"]\nborder = \"seg\"\naction = \"hold\"\nseverity = 4\n";
        let entries = toml(text).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 3]);
        let entry = entries.first().unwrap();
        assert_eq!((entry.border, entry.action, entry.severity), (Border::Seg, Some(Action::Hold), Some(4)));
    }

    #[test]
    fn problems_name_their_line() {
        let line = |text: &str| toml(text).unwrap_err().first().map(|problem| problem.line);
        assert_eq!(line("\n[[word]]\nwords = [\"a\"]\ncategory = \"x\"\nviews = [\"sound\"]\n"), Some(5));
        assert_eq!(line("[[word]]\nwords = [\"a\",\n\"--\"]\ncategory = \"x\"\n"), Some(3));
        assert_eq!(line("x = 1\n"), Some(1));
    }
}
