//! A query: its text, what it can be asked with, and whether it is whole.

use super::header::{self, Flaw, Parameter};
use super::kind::TIME;
use super::prices;
use super::scan;
use super::source::{self, Source};

/// What a query may name without declaring it: the deployment's zone; the first moment that is needed; and where the period before the
/// asked one begins, which is as long.
pub(super) const GIVEN: [(&str, &str); 3] = [("zone", "String"), ("since", TIME), ("before", TIME)];

/// A query as described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuery {
    /// Its name.
    pub name: String,
    /// What it gives, one or more lines.
    pub meaning: String,
    /// What it can be asked with.
    pub parameters: Vec<Parameter>,
    pub(super) sql: String,
}

impl NamedQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// Everything that is wrong with its text.
    pub(super) fn read(name: &str, sql: String) -> Result<Self, Vec<Flaw>> {
        let header = header::read(&sql);
        let mut flaws = header.flaws;
        flaws.extend(scan::flaws(&scan::code(&sql)));
        flaws.extend(placeholder_flaws(&sql, &header.parameters));
        if !flaws.is_empty() {
            flaws.sort_by_key(|flaw| flaw.line);
            return Err(flaws);
        }
        Ok(Self { name: name.to_owned(), meaning: header.meaning, parameters: header.parameters, sql })
    }

    /// Whether it compares with the period before.
    pub(super) fn looks_back(&self) -> bool {
        scan::placeholders(&self.sql).iter().any(|placeholder| placeholder.name == "before")
    }

    /// The source that it reads, if it reads one.
    pub(super) fn source(&self) -> Option<&'static Source> {
        scan::placeholders(&self.sql).iter().find_map(|found| source::named(&found.name))
    }
}

fn placeholder_flaws(sql: &str, parameters: &[Parameter]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut used: Vec<String> = Vec::new();
    let has = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    for found in scan::placeholders(sql) {
        let flaw = |what: String| Flaw { line: found.line, what };
        let declared = parameters.iter().find(|parameter| parameter.name == found.name);
        let given = GIVEN.iter().find(|(name, _)| *name == found.name).map(|(_, of_type)| *of_type);
        let expected = declared.map(|parameter| parameter.kind.placeholder()).or(given);
        if found.name == prices::NAME {
            continue;
        }
        if let (None, Some(source)) = (expected, source::named(&found.name)) {
            used.extend(source.filters().map(str::to_owned));
            used.extend(["from", "to", "source"].map(str::to_owned));
            continue;
        }
        match expected {
            None => flaws.push(flaw(format!("{{{}}} is not declared as a parameter", found.name))),
            Some(expected) if expected != found.of_type => {
                flaws.push(flaw(format!(
                    "{{{0}:{1}}}: its type must be {{{0}:{expected}}}",
                    found.name, found.of_type
                )));
            }
            Some(_) if given.is_some() && found.name != "zone" && !(has("from") && has("to")) => {
                flaws.push(flaw(format!("{{{}}} needs the parameters from and to", found.name)));
            }
            Some(_) => used.push(found.name.clone()),
        }
        if given.is_some() && found.name != "zone" {
            used.extend(["from", "to"].map(str::to_owned));
        }
    }
    let unused = parameters.iter().filter(|parameter| !used.contains(&parameter.name));
    flaws.extend(unused.map(|parameter| Flaw {
        line: 1 + sql.lines().take_while(|line| !line.contains(&format!("@{} ", parameter.name))).count(),
        what: format!("parameter {} is declared and not used", parameter.name),
    }));
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(sql: &str) -> Vec<(usize, String)> {
        let found = NamedQuery::read("q", sql.to_owned()).err().unwrap_or_default();
        found.into_iter().map(|flaw| (flaw.line, flaw.what)).collect()
    }

    #[test]
    fn a_whole_query_has_no_flaw() {
        let sql = "-- Counts.\n-- @app text [] only this app\n-- @from time [30d] x\n-- @to time [now] x\n-- @by columns(app,day) [app] x\n\
                   SELECT {by:columns}, toDate(at, {zone:String}) FROM messages WHERE app = {app:String} AND at >= {before:DateTime64(3, 'UTC')}";
        assert_eq!(flaws(sql), []);
    }

    #[test]
    fn a_placeholder_must_be_declared_with_its_type_and_a_parameter_used() {
        let head = "-- Counts.\n-- @app text [] x\n";
        assert_eq!(
            flaws(&format!("{head}SELECT {{apps:String}}, {{app:String}}"))[0],
            (3, "{apps} is not declared as a parameter".into())
        );
        let wrong = flaws(&format!("{head}SELECT\n{{app:UInt64}}"));
        assert_eq!(wrong[1], (4, "{app:UInt64}: its type must be {app:String}".into()));
        assert_eq!(wrong[0], (2, "parameter app is declared and not used".into()));
        let early = flaws(&format!("{head}SELECT {{before:DateTime64(3, 'UTC')}}, {{app:String}}"));
        assert!(early[0].1.contains("needs the parameters from and to"), "{early:?}");
    }
}
