//! The document of results: one section per benchmark, each renewed by the command that measured it.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Puts a section into the document, in the place of the one of that name or at the end.
///
/// # Errors
/// When the document cannot be read or written.
pub(super) fn put(path: &Path, name: &str, section: &str) -> Result<()> {
    let text = fs::read_to_string(path).context("reading the document")?;
    fs::write(path, with(&text, name, section)).context("writing the document")
}

fn with(text: &str, name: &str, section: &str) -> String {
    let (begin, end) = (format!("<!-- bench {name} -->\n"), format!("<!-- end {name} -->\n"));
    let whole = format!("{begin}{section}{end}");
    let found = text.find(&begin).zip(text.find(&end));
    match found {
        Some((from, to)) if from < to => format!("{}{whole}{}", &text[..from], &text[to + end.len()..]),
        _ => format!("{text}\n{whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with;

    #[test]
    fn a_section_takes_the_place_of_its_older_one_and_no_other() {
        let first = with("# Results\n", "a", "## a\nold\n");
        let both = with(&first, "b", "## b\nkept\n");
        let renewed = with(&both, "a", "## a\nnew\n");
        assert!(renewed.starts_with("# Results\n"));
        assert!(renewed.contains("new") && renewed.contains("kept") && !renewed.contains("old"));
        assert_eq!(with(&renewed, "a", "## a\nnew\n"), renewed);
    }
}
