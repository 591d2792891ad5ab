//! Dictionaries and allow-lists with one word a line.

use super::{Defaults, Entry, Form, LineProblem, border, check_size, check_word, strict, too_many};
use crate::view::{View, Views};

/// Reads `word<TAB>category<TAB>views<TAB>border`: views joined by commas or `-`, border `-`, `seg` or `word`; the last two columns
/// may be missing. Empty lines and lines that begin with `#` are skipped.
///
/// # Errors
/// Every [`LineProblem`], in the order of the lines.
pub fn tab_separated(text: &str) -> Result<Vec<Entry>, Vec<LineProblem>> {
    strict(Form::Tsv, text)
}

/// Reads the lines; a column that is missing or empty says what the defaults say.
pub(super) fn read(text: &str, defaults: &Defaults) -> (Vec<Entry>, Vec<LineProblem>) {
    collect(lines(text).map(|(line, content)| entry(line, content, defaults)))
}

/// Reads an allow-list: one span a line, with comments as in a dictionary.
///
/// # Errors
/// Every [`LineProblem`], in the order of the lines.
pub fn allowed_spans(text: &str) -> Result<Vec<String>, Vec<LineProblem>> {
    check_size(text).map_err(|problem| vec![problem])?;
    let (spans, problems) = collect(lines(text).map(|(line, content)| {
        let span = content.trim();
        check_word(span, line).map(|()| span.to_owned())
    }));
    if problems.is_empty() { Ok(spans) } else { Err(problems) }
}

fn collect<T>(read: impl Iterator<Item = Result<T, LineProblem>>) -> (Vec<T>, Vec<LineProblem>) {
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(one) => good.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(too_many(good.len()));
    (good, problems)
}

/// Lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let says = |(_, content): &(usize, &str)| !content.trim().is_empty() && !content.starts_with('#');
    (1..).zip(text.lines()).filter(says)
}

fn entry(line: usize, content: &str, defaults: &Defaults) -> Result<Entry, LineProblem> {
    let bad = |what: String| LineProblem::new(line, what);
    let mut columns = content.split('\t').map(str::trim);
    let word = columns.next().unwrap_or_default();
    let mut column = || columns.next().filter(|column| !column.is_empty());
    let category = column().or(defaults.category.as_deref());
    let category = category.ok_or_else(|| bad("it needs a word, a tab and a category".to_owned()))?;
    let views = column().map_or(Ok(defaults.views), views).map_err(bad)?;
    let border = match column() {
        Some(name) => border(name).ok_or_else(|| bad(format!("border {name:?} is none of -, seg, word")))?,
        None => defaults.border,
    };
    if columns.next().is_some() {
        return Err(bad("it has more than four columns".to_owned()));
    }
    check_word(word, line)?;
    let (word, category) = (word.to_owned(), category.to_owned());
    Ok(Entry { word, category, views, border, action: None, severity: None, line })
}

fn views(names: &str) -> Result<Views, String> {
    if names == "-" {
        return Ok(Views::NONE);
    }
    let view = |name: &str| View::named(name.trim()).ok_or_else(|| format!("there is no view {name:?}"));
    names.split(',').map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Border;

    #[test]
    fn a_dictionary_is_read_with_its_line_numbers() {
        let text =
            "\u{feff}# words\r\n\r\n赌博\tgambling\tpinyin,separators\t-\r\nsm\tporn\t-\tword\n大麻\tdrugs\n";
        let entries = tab_separated(text).unwrap();
        let read: Vec<_> =
            entries.iter().map(|e| (e.word.as_str(), e.border, e.views.count(), e.line)).collect();
        let expected = [("赌博", Border::Any, 2, 3), ("sm", Border::Word, 0, 4), ("大麻", Border::Any, 0, 5)];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_a_line_does_not_say_is_said_by_the_defaults_and_good_lines_stand_beside_bad_ones() {
        let defaults =
            Defaults { category: Some("x".to_owned()), views: Views::of(View::Pinyin), border: Border::Seg };
        let (entries, problems) = read("赌博\n大麻\tdrugs\n...\nsm\t\t-\tword\nab\t\t\t-\n", &defaults);
        let read: Vec<_> = entries
            .iter()
            .map(|e| (e.word.as_str(), e.category.as_str(), e.views.count(), e.border, e.line))
            .collect();
        let expected = [
            ("赌博", "x", 1, Border::Seg, 1),
            ("大麻", "drugs", 1, Border::Seg, 2),
            ("sm", "x", 0, Border::Word, 4),
            ("ab", "x", 1, Border::Any, 5),
        ];
        assert_eq!(read, expected);
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "a\tx\n赌博\n博\tx\tsound\t-\nb\tx\t-\tline\n\u{200b}.\tx\t-\t-\nc\tx\t-\t-\t-\n";
        let problems = tab_separated(text).unwrap_err();
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6], "{problems:?}");
    }

    #[test]
    fn an_allow_list_has_one_span_a_line() {
        assert_eq!(allowed_spans("# fine\n大麻烦\r\n\n病毒 \n").unwrap(), ["大麻烦", "病毒"]);
        assert_eq!(allowed_spans("a\n...\n").unwrap_err().first().map(|p| p.line), Some(2));
    }
}
