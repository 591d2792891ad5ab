//! What ClickHouse holds, as the named queries of huiyin tell it.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The result of a query.
#[derive(Debug, Clone, Deserialize)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// Reads what `huiyin query … --json` printed.
    ///
    /// # Errors
    /// When it is not a table.
    pub fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).with_context(|| format!("reading the result of a query: {json:.300}"))
    }

    fn column(&self, name: &str) -> Result<usize> {
        let at = self.columns.iter().position(|column| column == name);
        at.with_context(|| format!("the query gives no column {name}"))
    }

    /// Sum of a column of amounts, in 10⁻¹²; nothing counts as zero.
    ///
    /// # Errors
    /// When there is no such column or a value is no decimal number of at most twelve places.
    pub fn pico(&self, name: &str) -> Result<i128> {
        let at = self.column(name)?;
        self.rows.iter().filter_map(|row| row.get(at)).filter(|value| !value.is_null()).try_fold(
            0,
            |sum, value| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Ok(sum + decimal(&text, 12).with_context(|| format!("column {name} holds {text}"))?)
            },
        )
    }

    /// Sum of a column of counts for each value of another column.
    ///
    /// # Errors
    /// When one of them is missing or is no count.
    pub fn counts_by(&self, key: &str, count: &str) -> Result<BTreeMap<String, u64>> {
        let (key, count) = (self.column(key)?, self.column(count)?);
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            let name = row.get(key).and_then(Value::as_str).context("a row has no name")?;
            let value = row.get(count).and_then(Value::as_u64).context("a row has no count")?;
            *counts.entry(name.to_owned()).or_default() += value;
        }
        Ok(counts)
    }
}

/// What rollups hold beside their facts, as the query `drift` tells.
#[derive(Debug, Clone, Default)]
pub struct Drift(Vec<[String; 4]>);

impl Drift {
    /// Reads what `huiyin query drift --json` printed.
    ///
    /// # Errors
    /// When it is not that table.
    pub fn read(json: &str) -> Result<Self> {
        let table = Table::read(json)?;
        let columns = ["table", "measure", "facts", "rolled_up"].map(|name| table.column(name));
        let [rollup, measure, facts, rolled_up] = columns;
        let columns = [rollup?, measure?, facts?, rolled_up?];
        let text = |row: &[Value], at: usize| {
            row.get(at).and_then(Value::as_str).map(str::to_owned).context("a measure is no text")
        };
        let line = |row: &Vec<Value>| -> Result<[String; 4]> {
            let [a, b, c, d] = columns.map(|at| text(row, at));
            Ok([a?, b?, c?, d?])
        };
        Ok(Self(table.rows.iter().map(line).collect::<Result<_>>()?))
    }

    /// How many sums were compared.
    pub fn measures(&self) -> usize {
        self.0.len()
    }

    /// Those that differ, a line each.
    pub fn problems(&self) -> Vec<String> {
        let differ = self.0.iter().filter(|[_, _, facts, rolled_up]| facts != rolled_up);
        differ
            .map(|[rollup, measure, facts, rolled_up]| {
                format!("rollup {rollup}: {measure} is {rolled_up}, and {facts} in the facts")
            })
            .collect()
    }
}

/// Reads decimal text exactly, in units of the given number of places after the point.
pub fn decimal(text: &str, places: usize) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let kept = fraction.trim_end_matches('0');
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let digits = !unsigned.is_empty() && unsigned.bytes().chain(kept.bytes()).all(|b| b.is_ascii_digit());
    (digits && kept.len() <= places).then(|| format!("{whole}{kept:0<places$}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_added_exactly_and_counts_by_name() {
        let json = r#"{"columns":["table","rows","cost"],
            "rows":[["replies",2,"0.000000000001"],["replies",1,null],["messages",4,"12.5"]]}"#;
        let table = Table::read(json).unwrap();
        assert_eq!(table.pico("cost").unwrap(), 12_500_000_000_001);
        assert_eq!(table.counts_by("table", "rows").unwrap()["replies"], 3);
        assert!(table.pico("price").is_err());
    }

    #[test]
    fn a_rollup_that_differs_from_its_facts_is_named_with_both() {
        let json = r#"{"columns":["table","measure","facts","rolled_up"],
            "rows":[["usage_hour","model_calls.calls","2","2"],["user_day","messages.messages","3","2"]]}"#;
        let drift = Drift::read(json).unwrap();
        assert_eq!(drift.measures(), 2);
        assert_eq!(drift.problems(), ["rollup user_day: messages.messages is 2, and 3 in the facts"]);
        assert!(Drift::read(r#"{"columns":["table"],"rows":[]}"#).is_err());
    }

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        assert_eq!(decimal("0.4", 6), Some(400_000));
        assert_eq!(decimal("16", 6), Some(16_000_000));
        assert_eq!(decimal("-0.0000010", 6), Some(-1));
        for bad in ["", "1e3", "0.0000001", "a", "1.-5"] {
            assert_eq!(decimal(bad, 6), None, "{bad:?} was taken");
        }
    }
}
