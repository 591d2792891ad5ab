//! What a statement is made of, as far as it must be known: code, and what only looks like code (comments, literals, quoted names).

use super::header::Flaw;

/// A placeholder `{name}` or `{name:type}` in the code of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub(super) name: String,
    /// Empty where it has none.
    pub(super) of_type: String,
    /// From 1.
    pub(super) line: usize,
    /// Its place in the text, braces included.
    pub(super) place: std::ops::Range<usize>,
}

/// The statement with everything but its code blanked out, of the same length and with the same lines.
pub(super) fn code(sql: &str) -> String {
    let bytes = sql.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'-', Some(b'-')) | (b'#', _) => find(bytes, at, b"\n"),
            (b'/', Some(b'*')) => find(bytes, at + 2, b"*/") + 2,
            (quote @ (b'\'' | b'"' | b'`'), _) => closing(bytes, at, quote),
            _ => {
                at += 1;
                continue;
            }
        };
        let end = end.min(bytes.len());
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    // Whole literals were blanked, so what is left is whole characters.
    String::from_utf8_lossy(&code).into_owned()
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memmem::find(rest, what).map_or(bytes.len(), |found| from + found)
}

/// Behind the quote that closes the one at `at`.
fn closing(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut next = at + 1;
    while let Some(byte) = bytes.get(next) {
        match *byte {
            b'\\' => next += 2,
            byte if byte == quote => return next + 1,
            _ => next += 1,
        }
    }
    bytes.len()
}

/// Every placeholder in the code of a statement.
pub(super) fn placeholders(sql: &str) -> Vec<Placeholder> {
    let code = &code(sql);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = code.get(from..).and_then(|rest| rest.find('{')).map(|at| from + at) {
        let end = code[open..].find('}').map_or(code.len(), |at| open + at + 1);
        // A type may have a literal in it, which is blank in the code.
        let inside = sql.get(open + 1..end.saturating_sub(1)).unwrap_or_default();
        let (name, of_type) = inside.split_once(':').unwrap_or((inside, ""));
        found.push(Placeholder {
            name: name.trim().to_owned(),
            of_type: of_type.split_whitespace().collect::<Vec<_>>().join(" "),
            line: line(code, open),
            place: open..end,
        });
        from = end;
    }
    found
}

/// What a statement must be that only reads: one SELECT, whose form and place are the command's.
pub(super) fn flaws(code: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let words: Vec<(usize, String)> = words(code);
    match words.first() {
        Some((_, first)) if first == "SELECT" || first == "WITH" => {}
        Some((at, first)) => {
            flaws.push(Flaw {
                line: line(code, *at),
                what: format!("it begins with {first}: only SELECT is run"),
            });
        }
        None => flaws.push(Flaw { line: 1, what: "there is no statement".to_owned() }),
    }
    let refused =
        ["FORMAT", "OUTFILE", "SETTINGS", "INSERT", "ALTER", "DROP", "CREATE", "TRUNCATE", "ATTACH"];
    for (at, word) in &words {
        if refused.contains(&word.as_str()) {
            flaws.push(Flaw { line: line(code, *at), what: format!("{word} has no place in a query") });
        }
    }
    if let Some(at) = code.trim_end().trim_end_matches(';').find(';') {
        flaws.push(Flaw { line: line(code, at), what: "there is more than one statement".to_owned() });
    }
    flaws
}

/// Words of code in capitals, each with its place. A name with a dot before it, or a call, is none.
fn words(code: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut begun = None;
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for (at, c) in code.char_indices().chain([(code.len(), ' ')]) {
        match (begun, is_part(c)) {
            (None, true) => begun = Some(at),
            (Some(from), false) => {
                let is_plain = !code[..from].ends_with('.') && c != '(';
                if is_plain {
                    words.push((from, code[from..at].to_uppercase()));
                }
                begun = None;
            }
            _ => {}
        }
    }
    words
}

fn line(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_looked_at() {
        let sql = "-- {a:String}\nSELECT '{b:String} \\' ; DROP', \"{c}\", `{d}` /* ; { */ FROM t WHERE x = {e:String} # {f}\n";
        let code = code(sql);
        assert_eq!(code.len(), sql.len());
        let found = placeholders(sql);
        assert_eq!(found.len(), 1, "{code}");
        assert_eq!((found[0].name.as_str(), found[0].of_type.as_str(), found[0].line), ("e", "String", 2));
        assert_eq!(&sql[found[0].place.clone()], "{e:String}");
        assert!(flaws(&code).is_empty(), "{:?}", flaws(&code));
    }

    #[test]
    fn what_does_not_only_read_is_told_with_its_line() {
        for (sql, at) in [
            ("DROP TABLE messages", 1),
            ("SELECT 1;\nSELECT 2", 1),
            ("SELECT 1\nINTO OUTFILE 'x'", 2),
            ("SELECT 1\nFORMAT CSV", 2),
            ("SELECT 1 SETTINGS readonly = 0", 1),
            ("WITH 1 AS x INSERT INTO t SELECT x", 1),
            ("", 1),
            ("-- nothing\n", 1),
        ] {
            let found = flaws(&code(sql));
            assert!(found.iter().any(|flaw| flaw.line == at), "{sql}: {found:?}");
        }
        for sql in [
            "SELECT format('{}', 1);",
            "WITH 1 AS x SELECT x",
            "select t.format from t",
            "SELECT 'é', `名` FROM t",
        ] {
            assert!(flaws(&code(sql)).is_empty(), "{sql}");
        }
    }

    #[test]
    fn a_type_with_a_literal_and_an_open_brace_are_read() {
        let found = placeholders("SELECT {from:DateTime64(3, 'UTC')}, {open");
        assert_eq!(found[0].of_type, "DateTime64(3, 'UTC')");
        assert_eq!(found[1].name, "ope");
    }
}
