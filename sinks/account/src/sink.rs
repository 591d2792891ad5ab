//! The driver's view of the store.

use pipeline::batch::{Block, InsertError, Sink};
use pipeline::{Record, Refused};
use schemas::topic::{Topic, TopicNames};

use crate::config::{AccountConfig, ConfigError};
use crate::fact::{TOPICS, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Version;
use crate::tables::{self, BUILDER, OLDEST_BUILDER, TABLES};
use crate::{Row, Store, metrics};

/// Rows of events, decisions, deliveries and money into ClickHouse.
pub struct AccountSink {
    store: Store,
    tables: Vec<&'static str>,
    topics: [(String, Topic); TOPICS.len()],
    version: Version,
    pseudonyms: Pseudonyms,
}

impl AccountSink {
    /// Prepares the sink; nothing is sent yet. Call [`Store::check`] before the driver starts.
    ///
    /// # Errors
    /// [`ConfigError`] when the pseudonyms' key cannot be used.
    pub fn new(config: &AccountConfig, names: &TopicNames) -> Result<Self, ConfigError> {
        let pseudonyms = config.pseudonyms()?;
        let topics = TOPICS.map(|topic| (names.of(topic), topic));
        let tables = tables::definitions().map(|table| table.name).collect();
        let version = Version { builder: BUILDER, bodies: config.raw.bodies };
        Ok(Self { store: Store::new(config), tables, topics, version, pseudonyms })
    }

    /// Full names of the topics that the driver must read.
    pub fn topics(&self) -> Vec<String> {
        self.topics.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The version of the row builder, if this code can still build as it did.
fn known(number: u32) -> Option<Version> {
    Version::of_number(number).filter(|version| (OLDEST_BUILDER..=BUILDER).contains(&version.builder))
}

impl Sink for AccountSink {
    type Row = Row;

    fn tables(&self) -> &[&'static str] {
        &self.tables
    }

    fn version(&self) -> u32 {
        self.version.number()
    }

    fn knows(&self, version: u32) -> bool {
        known(version).is_some()
    }

    fn rows(&self, version: u32, record: &Record) -> Result<Vec<(usize, Row)>, Refused> {
        let version = known(version).ok_or(Refused::Pause { reason: "unknown_builder" })?;
        let topic = self.topics.iter().find(|(name, _)| **name == *record.topic).map(|(_, topic)| *topic);
        let topic = topic.ok_or(Refused::Pause { reason: "unexpected_topic" })?;
        tables::rows(Unread::new(topic, record), version, &self.pseudonyms)
            .inspect_err(|refused| metrics::refused(topic, refused))
    }

    async fn insert(&self, block: &Block<Row>) -> Result<(), InsertError> {
        match TABLES.get(block.table) {
            Some(table) => {
                let name = table.definition().name;
                table.insert(&self.store.writer, name, &block.token, &block.rows).await
            }
            None => Err(InsertError::Fatal(format!("no table has index {}", block.table))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_every_version_that_can_be_built_is_taken_over_and_no_other() {
        let raw =
            toml::from_str("url = 'http://x'\npseudonym_key = '0123456789abcdef0123456789abcdef'").unwrap();
        let sink = AccountSink::new(&crate::validate(&raw).unwrap(), &TopicNames::new("")).unwrap();
        assert!((1..=6).all(|version| sink.knows(version)) && sink.version() == 6);
        // With texts: a range that was opened so is built so, whatever the setting is now.
        assert!(sink.knows(256 + 6));
        assert!([0, 7, 256, 512 + 6, u32::MAX].iter().all(|version| !sink.knows(*version)));
    }
}
