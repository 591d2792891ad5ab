//! The result of a query.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Columns and rows. Amounts of money are text with their exact digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

impl Table {
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(bytes)?;
        Ok(Self { columns: answer.meta.into_iter().map(|column| column.name).collect(), rows: answer.data })
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

fn pad(cell: &str, width: usize, number: bool) -> String {
    if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_with_numbers_to_the_right() {
        let json = br#"{"meta":[{"name":"app","type":"String"},{"name":"calls","type":"UInt64"},{"name":"cost","type":"Decimal"}],
            "data":[["a#b",7,"0.5"],["acme#x",1200,null]],"rows":2}"#;
        let table = Table::from_json(json).unwrap();
        assert_eq!(table.to_text(), "app     calls  cost\na#b         7   0.5\nacme#x   1200     -\n");
        assert_eq!(table.get(1, "calls"), Some(&Value::from(1200)));
        assert_eq!(table.get(0, "nope"), None);
    }
}
