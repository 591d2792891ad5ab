//! What the value of a parameter may be, and how it reaches the store: as a bound value of a type, never as text of the statement. The one
//! exception are names of columns, which must stand in the query's own list.

use serde::Serialize;

use super::moment::{self, Clock};

/// Type of a moment in the store.
pub(super) const TIME: &str = "DateTime64(3, 'UTC')";

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text: `text`.
    Text,
    /// A moment, in the deployment's zone where it names none: `time`.
    Time,
    /// A user of the app that the parameter `app` names, or a pseudonym as the tables have it: `user`.
    User,
    /// A number from 0: `count`.
    Count,
    /// One of these words: `word(a,b)`.
    Word(Vec<String>),
    /// Columns out of these, separated by commas, each once: `columns(a,b)`.
    Columns(Vec<String>),
}

/// A value that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// Milliseconds since the epoch.
    Time(i64),
    Count(u64),
    Columns(Vec<String>),
}

impl Kind {
    /// Reads the word of a header.
    pub(super) fn read(text: &str) -> Option<Self> {
        let of = |name: &str| {
            let list = text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
            let words: Vec<String> = list.split(',').map(|word| word.trim().to_owned()).collect();
            words.iter().all(|word| is_name(word)).then_some(words)
        };
        match text {
            "text" => Some(Self::Text),
            "time" => Some(Self::Time),
            "count" => Some(Self::Count),
            "user" => Some(Self::User),
            _ => of("word").map(Self::Word).or_else(|| of("columns").map(Self::Columns)),
        }
    }

    /// The type that a placeholder of such a parameter names.
    pub(super) fn placeholder(&self) -> &'static str {
        match self {
            Self::Text | Self::User | Self::Word(_) => "String",
            Self::Time => TIME,
            Self::Count => "UInt64",
            Self::Columns(_) => "columns",
        }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// What it should have been.
    pub(super) fn value(&self, text: &str, clock: &Clock) -> Result<Value, String> {
        match self {
            // Who a user is in the tables needs the app beside it.
            Self::Text | Self::User => Ok(Value::Text(text.to_owned())),
            Self::Time => moment::read(text, clock).map(Value::Time).ok_or_else(|| moment::FORMS.to_owned()),
            Self::Count => text.parse().map(Value::Count).map_err(|_| "a number from 0".to_owned()),
            Self::Word(words) if words.iter().any(|word| word == text) => Ok(Value::Text(text.to_owned())),
            Self::Word(words) => Err(format!("one of {}", words.join(", "))),
            Self::Columns(columns) => chosen(text, columns).ok_or_else(|| {
                format!("columns out of {}, each once, separated by commas", columns.join(", "))
            }),
        }
    }

    /// As the list of queries tells it.
    pub fn told(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::User => "user".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Count => "count".to_owned(),
            Self::Word(words) => words.join("|"),
            Self::Columns(columns) => format!("columns {}", columns.join(",")),
        }
    }
}

fn chosen(text: &str, columns: &[String]) -> Option<Value> {
    let mut chosen: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let is_new = chosen.iter().all(|before| before != name);
        let known = columns.iter().find(|column| *column == name)?;
        is_new.then(|| chosen.push(known.clone()))?;
    }
    Some(Value::Columns(chosen))
}

/// Whether it may name a query, a parameter, a column or a word.
pub(super) fn is_name(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    first && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
}

impl Serialize for Value {
    /// As the store reads the value of a parameter.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Time(millis) => to.serialize_str(&moment::bound(*millis)),
            Self::Count(count) => to.serialize_u64(*count),
            // Never bound: its names stand in the statement.
            Self::Columns(names) => to.collect_seq(names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_and_everything_else_is_none() {
        assert_eq!(Kind::read("text"), Some(Kind::Text));
        assert_eq!(Kind::read("word(a, b)"), Some(Kind::Word(vec!["a".into(), "b".into()])));
        assert_eq!(Kind::read("columns(app)"), Some(Kind::Columns(vec!["app".into()])));
        for wrong in ["", "String", "word()", "word(a", "columns(a;b)", "columns(A)", "word(a)(b)"] {
            assert_eq!(Kind::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_value_is_of_its_kind_or_told_what_it_should_be() {
        let clock = Clock::at("UTC", 0).unwrap();
        let columns = Kind::read("columns(app,model,day)").unwrap();
        let good = |kind: &Kind, text: &str| kind.value(text, &clock);
        assert_eq!(good(&columns, "day, app"), Ok(Value::Columns(vec!["day".into(), "app".into()])));
        for wrong in ["", "apps", "app,app", "app,", "app) FROM x --"] {
            assert!(good(&columns, wrong).is_err(), "{wrong}");
        }
        assert_eq!(good(&Kind::Count, "20"), Ok(Value::Count(20)));
        assert!(good(&Kind::Count, "-1").is_err() && good(&Kind::Count, "1; DROP").is_err());
        assert!(good(&Kind::Time, "1; DROP").unwrap_err().contains("2025-01-31"));
        assert!(good(&Kind::read("word(a,b)").unwrap(), "c").unwrap_err().contains("a, b"));
    }
}
