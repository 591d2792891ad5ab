//! The comment at the head of a query: its meaning, then `@name [default] meaning` for each parameter.

/// What a query can be asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The value it has when none is given.
    pub default: &'static str,
    /// What it means, with the form of its value.
    pub meaning: &'static str,
}

impl Parameter {
    /// Whether that query reads its value as a timestamp.
    pub(super) fn is_timestamp(&self, sql: &str) -> bool {
        sql.contains(&format!("parseDateTime64BestEffort({{{}:String}}", self.name))
    }
}

/// Meaning and parameters.
pub(super) fn read(sql: &'static str) -> (String, Vec<Parameter>) {
    let mut meaning = Vec::new();
    let mut parameters = Vec::new();
    for line in sql.lines().map_while(|line| line.strip_prefix("-- ")) {
        match parameter(line) {
            Some(parameter) => parameters.push(parameter),
            None => meaning.push(line),
        }
    }
    (meaning.join("\n"), parameters)
}

fn parameter(line: &'static str) -> Option<Parameter> {
    let (name, rest) = line.strip_prefix('@')?.split_once(" [")?;
    let (default, meaning) = rest.split_once("] ")?;
    Some(Parameter { name, default, meaning })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_and_parameters_are_told_apart() {
        let sql = "-- Counts things.\n-- Twice.\n-- @app [] only this app\n-- @from [1970-01-01] first moment\nSELECT 1 -- @x [] y";
        let (meaning, parameters) = read(sql);
        assert_eq!(meaning, "Counts things.\nTwice.");
        assert_eq!(
            parameters,
            [
                Parameter { name: "app", default: "", meaning: "only this app" },
                Parameter { name: "from", default: "1970-01-01", meaning: "first moment" },
            ]
        );
    }
}
