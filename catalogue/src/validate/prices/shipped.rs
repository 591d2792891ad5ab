//! The shipped list of prices, `data/prices.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use common::Problems;
use serde::Deserialize;

use super::row::price;
use crate::models::is_snapshot;
use crate::price::Price;
use crate::raw::RawPrice;
use crate::target::{Provider, Target};

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippedPrice {
    /// The price; its region is a word of the list.
    pub price: Price,
    /// Where it is from.
    pub source: String,
}

impl ShippedPrice {
    /// The row as the price of a target that it is for.
    pub(super) fn of(&self, target: &Target) -> Price {
        Price {
            model: target.model.clone(),
            region: Some(target.region.clone()),
            shipped: true,
            ..self.price.clone()
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Regions that a word stands for; with `*` at its end, all that begin so.
    regions: BTreeMap<String, Vec<String>>,
    price: Vec<RawPrice>,
}

#[derive(Default)]
struct Shipped {
    regions: BTreeMap<String, Vec<String>>,
    rows: Vec<ShippedPrice>,
}

fn shipped() -> &'static Shipped {
    static SHIPPED: OnceLock<Shipped> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        // A test reads every row.
        let Ok(table) = toml::from_str::<Table>(include_str!("../../../data/prices.toml")) else {
            return Shipped::default();
        };
        let row = |raw: &RawPrice| {
            let price = price(raw, &mut Problems::default())?;
            Some(ShippedPrice { price, source: raw.source.clone().unwrap_or_default() })
        };
        let rows = table.price.iter().filter_map(row).collect();
        Shipped { regions: table.regions, rows }
    })
}

/// The rows that are for a target: those of its very model or, for Claude, whose models have a date in their names, of the model
/// without it.
pub fn rows(target: &Target) -> impl Iterator<Item = &'static ShippedPrice> {
    of_model(target).filter(|row| stands_for(row.price.region.as_deref(), &target.region))
}

/// The regions for which the list has a model: nothing if it does not have the model at all.
pub(super) fn regions(target: &Target) -> Option<Vec<&'static str>> {
    let mut rows = of_model(target).peekable();
    rows.peek()?;
    Some(rows.filter_map(|row| row.price.region.as_deref()).collect())
}

fn of_model(target: &Target) -> impl Iterator<Item = &'static ShippedPrice> {
    let fits = |row: &Price| {
        let is_dated = row.provider == Provider::Claude && is_snapshot(&target.model, &row.model);
        row.provider == target.provider && (row.model == target.model || is_dated)
    };
    shipped().rows.iter().filter(move |row| fits(&row.price))
}

fn stands_for(word: Option<&str>, region: &str) -> bool {
    let Some(word) = word else { return true };
    let of_word = shipped().regions.get(word).into_iter().flatten();
    let region = region.to_ascii_lowercase();
    of_word.into_iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => region.starts_with(beginning),
        None => *known == region,
    })
}

#[cfg(test)]
mod tests;
