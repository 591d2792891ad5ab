//! The result of a query, and the forms in which it is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::run::Reading;

/// How a table is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Aligned text, for people.
    Text,
    /// Comma-separated values as RFC 4180 has them, with a line of names.
    Csv,
    /// A JSON object on a line for each row.
    Lines,
    /// One JSON object with `columns` and `rows`.
    Json,
}

/// Columns and rows. Amounts of money are text with their exact digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
}

/// The store's `JSONCompact`.
#[derive(Deserialize)]
struct Answer {
    meta: Vec<Column>,
    data: Vec<Vec<Value>>,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Statistics {
    elapsed: f64,
    rows_read: u64,
    bytes_read: u64,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// Reads what the store answered.
pub(super) fn read(bytes: &[u8]) -> Result<(Table, Reading), serde_json::Error> {
    let Answer { meta, data, statistics: Statistics { elapsed, rows_read, bytes_read } } =
        serde_json::from_slice(bytes)?;
    let columns = meta.into_iter().map(|column| column.name).collect();
    Ok((Table { columns, rows: data }, Reading { rows: rows_read, bytes: bytes_read, seconds: elapsed }))
}

/// As [`read`], without what it took.
pub(crate) fn only(bytes: &[u8]) -> Result<Table, serde_json::Error> {
    read(bytes).map(|(table, _)| table)
}

impl Table {
    /// The table in one of its forms.
    pub fn told(&self, form: Form) -> String {
        match form {
            Form::Text => self.to_text(),
            Form::Csv => self.to_csv(),
            Form::Lines => self.rows.iter().map(|row| self.to_object(row) + "\n").collect(),
            // A table has no key that is no text and no number that is none.
            Form::Json => serde_json::to_string(self).unwrap_or_default() + "\n",
        }
    }

    /// Source: RFC 4180. Lists are JSON, what is not known is empty.
    fn to_csv(&self) -> String {
        let line = |cells: Vec<String>| cells.join(",") + "\r\n";
        let names = line(self.columns.iter().map(|name| quoted(name)).collect());
        let of_row = |row: &Vec<Value>| {
            let cell = |value: &Value| if value.is_null() { String::new() } else { quoted(&cell(value)) };
            line(row.iter().map(cell).collect())
        };
        names + &self.rows.iter().map(of_row).collect::<String>()
    }

    /// With its keys in the order of the columns.
    fn to_object(&self, row: &[Value]) -> String {
        let key = |name: &String| Value::from(name.as_str()).to_string();
        let pairs = self.columns.iter().zip(row).map(|(name, value)| format!("{}:{value}", key(name)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }

    /// A row as a JSON object.
    pub fn object(&self, row: usize) -> Option<Value> {
        let cells = self.rows.get(row)?;
        Some(Value::Object(self.columns.iter().cloned().zip(cells.iter().cloned()).collect()))
    }

    /// The value of a column in a row, for those who compare.
    pub fn get(&self, row: usize, column: &str) -> Option<&Value> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(index)
    }

    /// Aligned text: a line of names, a line per row; numbers to the right, `-` for nothing.
    pub fn to_text(&self) -> String {
        let cells: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let columns: Vec<(usize, bool)> = (self.columns.iter().enumerate())
            .map(|(i, name)| {
                let column = || cells.iter().filter_map(|row| row.get(i));
                let width = column().chain([name]).map(|cell| cell.chars().count()).max().unwrap_or(0);
                (width, column().all(|cell| cell == "-" || cell.parse::<f64>().is_ok()))
            })
            .collect();
        let line = |cells: &Vec<String>| {
            let padded: Vec<String> = cells
                .iter()
                .zip(&columns)
                .map(|(cell, (width, number))| pad(cell, *width, *number))
                .collect();
            format!("{}\n", padded.join("  ").trim_end())
        };
        std::iter::once(&self.columns).chain(&cells).map(line).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A field of RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn pad(cell: &str, width: usize, number: bool) -> String {
    if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_with_numbers_to_the_right() {
        let json = br#"{"meta":[{"name":"app","type":"String"},{"name":"calls","type":"UInt64"},{"name":"cost","type":"Decimal"}],
            "data":[["a#b",7,"0.5"],["acme#x",1200,null]],"rows":2,"statistics":{"elapsed":0.5,"rows_read":3,"bytes_read":4}}"#;
        let (table, reading) = read(json).unwrap();
        assert_eq!(reading, Reading { rows: 3, bytes: 4, seconds: 0.5 });
        assert_eq!(table.to_text(), "app     calls  cost\na#b         7   0.5\nacme#x   1200     -\n");
        assert_eq!(table.get(1, "calls"), Some(&Value::from(1200)));
        assert_eq!(table.get(0, "nope"), None);
    }

    #[test]
    fn csv_quotes_what_must_be_and_lines_keep_the_order_of_columns() {
        let rows = vec![
            vec![Value::from("a,\"b\""), Value::from(1), Value::Null],
            vec![Value::from("二\n行"), Value::from(2), serde_json::json!(["x", "y"])],
        ];
        let table = Table { columns: vec!["name".into(), "a".into(), "list".into()], rows };
        assert_eq!(
            table.told(Form::Csv),
            "name,a,list\r\n\"a,\"\"b\"\"\",1,\r\n\"二\n行\",2,\"[\"\"x\"\",\"\"y\"\"]\"\r\n"
        );
        assert_eq!(
            table.told(Form::Lines),
            "{\"name\":\"a,\\\"b\\\"\",\"a\":1,\"list\":null}\n{\"name\":\"二\\n行\",\"a\":2,\"list\":[\"x\",\"y\"]}\n"
        );
        assert!(table.told(Form::Json).starts_with("{\"columns\":[\"name\""));
    }
}
