//! The comment at the head of a query: its meaning, then `@name kind [default] meaning` for each parameter. See [`Kind`] for the kinds.

use super::kind::{Kind, is_name};

/// What a query can be asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// The value it has when none is given.
    pub default: String,
    /// What it means, with the form of its value.
    pub meaning: String,
}

/// Something that is wrong with a query's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// From 1.
    pub(super) line: usize,
    pub(super) what: String,
}

/// The head of a query.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) meaning: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) flaws: Vec<Flaw>,
}

/// Reads meaning and parameters.
pub(super) fn read(sql: &str) -> Header {
    let mut meaning = Vec::new();
    let mut header = Header::default();
    for (index, line) in sql.lines().enumerate() {
        let Some(line) = line.strip_prefix("--").map(str::trim) else { break };
        let Some(written) = line.strip_prefix('@') else {
            meaning.push(line);
            continue;
        };
        match parameter(written) {
            Ok(found) if header.parameters.iter().any(|other| other.name == found.name) => {
                let what = format!("parameter {} is declared twice", found.name);
                header.flaws.push(Flaw { line: index + 1, what });
            }
            Ok(found) => header.parameters.push(found),
            Err(what) => header.flaws.push(Flaw { line: index + 1, what }),
        }
    }
    header.meaning = meaning.join("\n");
    if header.meaning.is_empty() {
        header.flaws.push(Flaw { line: 1, what: "a query begins with -- and what it gives".to_owned() });
    }
    header
}

fn parameter(text: &str) -> Result<Parameter, String> {
    let form = || format!("@{text}: a parameter is declared as -- @name kind [default] meaning");
    let (name, rest) = text.split_once(' ').ok_or_else(form)?;
    let (kind, rest) = rest.split_once(" [").ok_or_else(form)?;
    let (default, meaning) = rest.split_once("] ").ok_or_else(form)?;
    if !is_name(name) || meaning.trim().is_empty() {
        return Err(form());
    }
    let kind = Kind::read(kind.trim()).ok_or_else(|| {
        format!("@{name}: {kind:?} is no kind: text, user, time, count, word(a,b) or columns(a,b)")
    })?;
    Ok(Parameter { name: name.to_owned(), kind, default: default.to_owned(), meaning: meaning.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_and_parameters_are_told_apart() {
        let sql = "-- Counts things.\n-- Twice.\n-- @app text [] only this app\n-- @from time [30d] first moment\nSELECT 1 -- @x text [] y";
        let header = read(sql);
        assert_eq!(header.meaning, "Counts things.\nTwice.");
        let told: Vec<_> = (header.parameters.iter())
            .map(|p| (p.name.as_str(), &p.kind, p.default.as_str(), p.meaning.as_str()))
            .collect();
        assert_eq!(
            told,
            [("app", &Kind::Text, "", "only this app"), ("from", &Kind::Time, "30d", "first moment")]
        );
        assert!(header.flaws.is_empty());
    }

    #[test]
    fn whatever_is_declared_wrongly_is_told_with_its_line() {
        let sql = "-- Counts.\n-- @app [] x\n-- @App text [] x\n-- @n number [1] x\n-- @a text [] x\n-- @a text [] x\nSELECT 1";
        let flaws: Vec<_> = read(sql).flaws.into_iter().map(|flaw| flaw.line).collect();
        assert_eq!(flaws, [2, 3, 4, 6]);
        assert_eq!(read("SELECT 1").flaws.len(), 1);
    }
}
