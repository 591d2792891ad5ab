//! Named queries. Every sum that is shown anywhere comes from one of them.
//!
//! A query is a file in `queries/` and a line in `SHIPPED`, or a file in a folder of the user's (`own`). Its head declares what it can
//! be asked with; values are checked ([`Kind`]) and bound. Where its text names a source (`source`), the cheapest table that carries what
//! is asked stands there: a rollup, or facts.

mod header;
mod kind;
mod moment;
mod own;
mod prices;
mod query;
mod run;
mod scan;
mod source;
mod statement;
mod table;

use std::sync::LazyLock;

pub use header::Parameter;
pub use kind::Kind;
pub use moment::whole_days;
pub(crate) use moment::zone_of;
pub use own::read as read_own;
pub use prices::ListPrice;
pub use query::NamedQuery;
pub use run::{Answer, Progress, QueryError, Question, Reading, run, run_one};
pub(crate) use table::only as read_table;
pub use table::{Form, Table};

use crate::rollups::{ROLLUPS, Rollup};
use crate::tables::{Counts, Definition, definitions};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../queries/", $name, ".sql")))),*]
    };
}

/// Name and text of every query but those that follow from the lists of tables and rollups.
const SHIPPED: &[(&str, &str)] = &shipped![
    "billed",
    "bundles",
    "cache",
    "cost",
    "errors",
    "false_hits",
    "finance",
    "funnel",
    "latency",
    "replay",
    "routes",
    "safety_hits",
    "satisfaction",
    "sla",
    "tokens",
    "top",
    "whereabouts",
];

static QUERIES: LazyLock<Vec<NamedQuery>> = LazyLock::new(|| {
    let shipped = SHIPPED.iter().map(|(name, sql)| (*name, (*sql).to_owned()));
    // A test holds that each of them is whole.
    let read = |(name, sql)| NamedQuery::read(name, sql).ok();
    let mut queries: Vec<_> = shipped.chain(derived()).filter_map(read).collect();
    queries.sort_by(|one, other| one.name.cmp(&other.name));
    queries
});

/// Queries that follow from the lists of tables and rollups.
fn derived() -> [(&'static str, String); 2] {
    [("counts", counts()), ("drift", drift())]
}

/// The query `counts`, over every table.
fn counts() -> String {
    let tables: Vec<String> = definitions()
        .filter_map(|Definition { name, counts, .. }| Some((name, counts.as_ref()?)))
        .map(|(name, Counts { label, ordinal })| {
            let source = format!("(source_topic, source_partition, source_offset, {ordinal})");
            format!(
                "    SELECT '{name}' AS name, app, at, {label} AS label, {source} AS source\n    FROM {name}"
            )
        })
        .collect();
    include_str!("../../queries/counts.sql").replace("{tables}", &tables.join("\n    UNION ALL\n"))
}

/// The query `drift`, over every measure of every view.
fn drift() -> String {
    let bounds = |time: &str| {
        format!(
            "({{app:String}} = '' OR app = {{app:String}}) AND {time} >= {{from:DateTime64(3, 'UTC')}} \
             AND {time} < {{to:DateTime64(3, 'UTC')}}"
        )
    };
    let mut measures = Vec::new();
    for Rollup { definition: Definition { name, moment, .. }, views, .. } in ROLLUPS.iter().copied() {
        for (view, measure) in
            views.iter().flat_map(|view| view.measures.iter().map(move |measure| (view, measure)))
        {
            let (of, label) =
                (view.of, format!("'{name}' AS name, '{}.{}' AS measure", view.of, measure.name));
            measures.push(format!(
                "    SELECT {label}, toString({}) AS facts, '' AS rolled_up\n    FROM {of}\n    WHERE {}",
                measure.facts,
                bounds("at")
            ));
            measures.push(format!(
                "    SELECT {label}, '' AS facts, toString({}) AS rolled_up\n    FROM {name}\n    WHERE {}",
                measure.rollup,
                bounds(moment)
            ));
        }
    }
    include_str!("../../queries/drift.sql").replace("{measures}", &measures.join("\n    UNION ALL\n"))
}

/// Every query that is shipped.
pub fn list() -> &'static [NamedQuery] {
    &QUERIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_query_is_whole_and_says_what_it_gives() {
        let all = SHIPPED.iter().map(|(name, sql)| (*name, (*sql).to_owned())).chain(derived());
        for (name, sql) in all {
            let query = NamedQuery::read(name, sql).unwrap_or_else(|flaws| panic!("{name}: {flaws:?}"));
            assert!(query.meaning.ends_with('.'), "{name}: {:?}", query.meaning);
        }
        assert_eq!(list().len(), SHIPPED.len() + derived().len());
    }

    #[test]
    fn every_query_has_its_line_in_both_languages() {
        let documents =
            [include_str!("../../../../docs/analytics.md"), include_str!("../../../../docs/analytics.zh.md")];
        for (query, document) in list().iter().flat_map(|query| documents.map(|document| (query, document))) {
            assert!(document.contains(&format!("| `{0}` | `huiyin query {0}", query.name)), "{}", query.name);
        }
    }
}
