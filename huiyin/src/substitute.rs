//! `${NAME}` and `${file:PATH}` in the configuration file.

use std::path::Path;

/// A placeholder that cannot be filled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfilled {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// What is wrong, without any value.
    pub(crate) what: String,
}

/// Replaces every placeholder outside comments by its value, escaped for a TOML text between double quotes. Lines stay
/// lines: a value never brings a line break of its own.
pub(crate) fn substitute(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, Vec<Unfilled>> {
    let (mut filled, mut unfilled) = (String::with_capacity(text.len()), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some((before, after)) =
            rest.split_once("${").filter(|_| !line.trim_start().starts_with('#'))
        {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                unfilled.push(Unfilled { line: number + 1, what: "a placeholder is not closed".to_owned() });
                rest = "";
                break;
            };
            match value(name, &variable) {
                Ok(value) => filled.push_str(&escape(&value)),
                Err(what) => unfilled.push(Unfilled { line: number + 1, what }),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled.push('\n');
    }
    if unfilled.is_empty() { Ok(filled) } else { Err(unfilled) }
}

fn value(name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
    match name.strip_prefix("file:") {
        Some(path) => match std::fs::read_to_string(Path::new(path)) {
            Ok(content) if !content.trim_end().is_empty() => Ok(content.trim_end().to_owned()),
            Ok(_) => Err(format!("secret file {path} is empty")),
            Err(error) => Err(format!("secret file {path} cannot be read: {error}")),
        },
        None => variable(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("environment variable {name} is not set")),
    }
}

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        (name == "KEY").then(|| "a\"b\\c\nd".to_owned())
    }

    #[test]
    fn a_value_stays_one_text_on_one_line() {
        let filled = substitute("# ${UNSET} in a comment\nkey = \"x${KEY}y\"", variable).unwrap();
        let read: toml::Table = toml::from_str(&filled).unwrap();
        assert_eq!(read["key"].as_str(), Some("xa\"b\\c\ndy"));
        assert_eq!(filled.lines().count(), 2);
    }

    #[test]
    fn what_cannot_be_filled_is_named_with_its_line() {
        let unfilled =
            substitute("a = 1\nb = \"${GONE}\"\nc = \"${file:/nowhere}\"\nd = \"${", variable).unwrap_err();
        assert_eq!(unfilled.iter().map(|u| u.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(unfilled[0].what.contains("GONE is not set"));
    }

    #[test]
    fn a_secret_file_gives_its_content_without_the_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "s3cr3t\n").unwrap();
        let filled = substitute(&format!("key = \"${{file:{}}}\"", path.display()), variable).unwrap();
        assert_eq!(filled, "key = \"s3cr3t\"\n");
    }
}
