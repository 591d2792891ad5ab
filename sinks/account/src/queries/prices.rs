//! What calls to each target would cost by the configuration that asks, for queries that compare with it: the placeholder `{prices}`.

use serde::Serialize;

/// Name of the placeholder.
pub(super) const NAME: &str = "prices";
/// What stands in its place: the prices as a table. They are bound as text.
pub(super) const SQL: &str = "(
    SELECT price.1 AS target, price.2 AS currency, price.3 AS input, price.4 AS cached, price.5 AS output, price.6 AS written_5m,
        price.7 AS written_1h
    FROM
    (
        SELECT arrayJoin(JSONExtract({price_rows:String}, 'Array(Tuple(target String, currency String, input Int64, cached Int64,
            output Int64, written_5m Int64, written_1h Int64))')) AS price
    )
)";
/// What is bound.
pub(super) const BOUND: &str = "price_rows";

/// Prices of a target for short prompts at any hour, in 10⁻¹² of the currency's unit per token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListPrice {
    /// Name of the target.
    pub target: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Input tokens.
    pub input: i64,
    /// Input tokens out of a cache.
    pub cached: i64,
    /// Output tokens.
    pub output: i64,
    /// Input tokens put into a cache for minutes.
    pub written_5m: i64,
    /// Input tokens put into a cache for an hour.
    pub written_1h: i64,
}
