//! The driver's view of the store.

use pipeline::batch::{Block, InsertError, Sink};
use pipeline::{Record, Refused};
use schemas::topic::{Topic, TopicNames};

use crate::config::{AccountConfig, ConfigError};
use crate::insert::insert;
use crate::pseudonym::Pseudonyms;
use crate::read::Source;
use crate::tables::{
    self, BUILDER, MESSAGES, MODEL_CALLS, MessageRow, ModelCallRow, OLDEST_BUILDER, REPLIES, ReplyRow,
};
use crate::{Row, Store, TABLES, metrics};

/// Topics that give rows.
pub const TOPICS: [Topic; 3] = [Topic::Events, Topic::Decisions, Topic::Deliveries];

/// Rows of events, decisions and deliveries into ClickHouse.
pub struct AccountSink {
    store: Store,
    topics: [(String, Topic); 3],
    pseudonyms: Pseudonyms,
}

impl AccountSink {
    /// Prepares the sink; nothing is sent yet. Call [`Store::check`] before the driver starts.
    ///
    /// # Errors
    /// [`ConfigError`] when the pseudonyms' key cannot be used.
    pub fn new(config: &AccountConfig, names: &TopicNames) -> Result<Self, ConfigError> {
        let pseudonyms = Pseudonyms::new(&config.raw.pseudonym_key)
            .map_err(|_| ConfigError::Key { key: "pseudonym_key", reason: "it is no key for HMAC-SHA256" })?;
        let topics = TOPICS.map(|topic| (names.of(topic), topic));
        Ok(Self { store: Store::new(config), topics, pseudonyms })
    }

    /// Full names of the topics that the driver must read.
    pub fn topics(&self) -> Vec<String> {
        self.topics.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The version of the row builder, if this code can still build as it did.
fn builder(version: u32) -> Option<u8> {
    u8::try_from(version).ok().filter(|version| (OLDEST_BUILDER..=BUILDER).contains(version))
}

impl Sink for AccountSink {
    type Row = Row;

    fn tables(&self) -> &[&'static str] {
        &TABLES
    }

    fn version(&self) -> u32 {
        BUILDER.into()
    }

    fn knows(&self, version: u32) -> bool {
        builder(version).is_some()
    }

    fn rows(&self, version: u32, record: &Record) -> Result<Vec<(usize, Row)>, Refused> {
        let builder = builder(version).ok_or(Refused::Pause { reason: "unknown_builder" })?;
        let topic = self.topics.iter().find(|(name, _)| **name == *record.topic).map(|(_, topic)| *topic);
        let topic = topic.ok_or(Refused::Pause { reason: "unexpected_topic" })?;
        tables::rows(topic, record, Source::of(record, builder), &self.pseudonyms)
            .inspect_err(|refused| metrics::refused(topic, refused))
    }

    async fn insert(&self, block: &Block<Row>) -> Result<(), InsertError> {
        let Store { writer, timeouts, .. } = &self.store;
        let (token, rows) = (block.token.as_str(), block.rows.as_slice());
        match block.table {
            MESSAGES => insert::<MessageRow>(writer, timeouts, token, rows).await,
            MODEL_CALLS => insert::<ModelCallRow>(writer, timeouts, token, rows).await,
            REPLIES => insert::<ReplyRow>(writer, timeouts, token, rows).await,
            other => Err(InsertError::Fatal(format!("no table has index {other}"))),
        }
    }
}
