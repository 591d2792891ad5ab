//! The parts of the schema that depend on the deployment: names, engine, retention, deduplication window.

use crate::config::AccountConfig;
use crate::retention::Retention;
use crate::rollups::Rollup;
use crate::tables::Definition;

/// A week. The store's default of an hour would end the window before its number of blocks is reached.
const WINDOW_SECONDS: u32 = 7 * 24 * 60 * 60;

/// The deployment's part of the schema.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) database: String,
    cluster: Option<String>,
    window: u32,
    retention: Retention,
}

impl Layout {
    pub(crate) fn new(AccountConfig { raw, retention, .. }: &AccountConfig) -> Self {
        Self {
            database: raw.database.clone(),
            cluster: raw.cluster.clone(),
            window: raw.deduplication_window,
            retention: retention.clone(),
        }
    }

    /// Fills a template: `{database}`, `{cluster}` (an ON CLUSTER clause or nothing), `{engine}`, `{aggregating}` (the engine that merges
    /// states), `{window}` (a setting) and `{retention.<table>}` (days).
    pub(crate) fn render(&self, template: &str) -> String {
        let replicated = if self.cluster.is_some() { "Replicated" } else { "" };
        let filled = template
            .replace("{database}", &format!("`{}`", self.database))
            .replace("{cluster}", &self.on_cluster())
            .replace("{engine}", &format!("{replicated}MergeTree"))
            .replace("{aggregating}", &format!("{replicated}AggregatingMergeTree"))
            .replace("{window}", &self.window_settings());
        self.retention.of_tables().fold(filled, |sql, (table, days)| {
            sql.replace(&format!("{{retention.{table}}}"), &days.to_string())
        })
    }

    /// Statements that bring a table to what is configured, given its engine clause as the store tells it.
    pub(crate) fn corrections(
        &self,
        Definition { name, moment, .. }: &Definition,
        engine: &str,
    ) -> Vec<String> {
        let alter = |change: String| {
            let table = format!("ALTER TABLE {}.{name}", self.render("{database}"));
            [table, self.on_cluster(), change]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let window = number_after(engine, &format!("{} = ", self.window_name()));
        let is_short = window.is_none_or(|blocks| blocks < self.window);
        let days = number_after(engine, "toIntervalDay(");
        let wanted = self.retention.of(name).filter(|wanted| days != Some((*wanted).into()));
        let settings = is_short.then(|| alter(format!("MODIFY SETTING {}", self.window_settings())));
        let expiry = wanted.map(|days| alter(format!("MODIFY TTL {moment} + INTERVAL {days} DAY")));
        settings.into_iter().chain(expiry).collect()
    }

    /// SQL of the moment from which on every table that a rollup is made of has all of its rows: a day after the oldest ones expire.
    pub(crate) fn facts_since(&self, rollup: &Rollup) -> String {
        let days =
            rollup.views.iter().filter_map(|view| self.retention.of(view.of)).min().unwrap_or_default();
        format!("toUnixTimestamp(toStartOfDay(now('UTC') - INTERVAL {} DAY))", days.saturating_sub(1))
    }

    fn on_cluster(&self) -> String {
        self.cluster.as_ref().map(|name| format!("ON CLUSTER `{name}`")).unwrap_or_default()
    }

    fn window_name(&self) -> &'static str {
        if self.cluster.is_some() {
            "replicated_deduplication_window"
        } else {
            "non_replicated_deduplication_window"
        }
    }

    fn window_settings(&self) -> String {
        let blocks = format!("{} = {}", self.window_name(), self.window);
        match self.cluster {
            Some(_) => format!("{blocks}, replicated_deduplication_window_seconds = {WINDOW_SECONDS}"),
            None => blocks,
        }
    }
}

fn number_after(text: &str, mark: &str) -> Option<u32> {
    // `replicated_…` is the end of `non_replicated_…`, too.
    let text = text.replace("non_replicated", "local");
    let mark = mark.replace("non_replicated", "local");
    let (_, rest) = text.split_once(&mark)?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;
    use crate::tables::definitions;

    fn layout(more: &str) -> Layout {
        Layout::new(&config(&format!("database = 'd'\n{more}")))
    }

    /// The corrections of `replies`.
    fn corrections(layout: &Layout, engine: &str) -> Vec<String> {
        layout.corrections(definitions().find(|table| table.name == "replies").unwrap(), engine)
    }

    #[test]
    fn one_node_gets_plain_tables_and_a_cluster_replicated_ones() {
        let template =
            "CREATE TABLE {database}.t {cluster} ENGINE = {engine} TTL {retention.replies} SETTINGS {window}";
        assert_eq!(
            layout("deduplication_window = 10007").render(template),
            "CREATE TABLE `d`.t  ENGINE = MergeTree TTL 400 SETTINGS non_replicated_deduplication_window = 10007"
        );
        assert_eq!(
            layout("cluster = 'c'\ndeduplication_window = 10007\nretention_days = { replies = 30 }")
                .render(template),
            "CREATE TABLE `d`.t ON CLUSTER `c` ENGINE = ReplicatedMergeTree TTL 30 SETTINGS \
             replicated_deduplication_window = 10007, replicated_deduplication_window_seconds = 604800"
        );
    }

    #[test]
    fn a_table_is_corrected_only_where_it_differs() {
        let engine = "MergeTree ORDER BY at TTL toDateTime(at) + toIntervalDay(400) SETTINGS \
                      non_replicated_deduplication_window = 50000, index_granularity = 8192";
        assert!(corrections(&layout(""), engine).is_empty());
        assert!(corrections(&layout("deduplication_window = 20000"), engine).is_empty());
        assert_eq!(
            corrections(&layout("deduplication_window = 60000"), engine),
            ["ALTER TABLE `d`.replies MODIFY SETTING non_replicated_deduplication_window = 60000"]
        );
        assert_eq!(
            corrections(&layout("retention_days = { replies = 30 }"), engine),
            ["ALTER TABLE `d`.replies MODIFY TTL toDateTime(at) + INTERVAL 30 DAY"]
        );
    }

    #[test]
    fn the_window_of_plain_tables_does_not_count_on_a_cluster() {
        let engine = "ReplicatedMergeTree TTL toDateTime(at) + toIntervalDay(400) SETTINGS \
                      non_replicated_deduplication_window = 50000";
        let statements = corrections(&layout("cluster = 'c'"), engine);
        assert_eq!(statements.len(), 1);
        assert!(
            statements[0].contains("ON CLUSTER `c` MODIFY SETTING replicated_deduplication_window = 50000")
        );
    }
}
