//! Creating, finding and deleting the topics of replays.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::kafka::{self, Admin, Config};
use schemas::topic::{Topic, TopicNames};

use super::{Kind, Names};
use crate::range::Name;

/// How topics of a replay are made: as many partitions and replicas as the deployment's have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Partitions of each.
    pub partitions: i32,
    /// Brokers that hold each record.
    pub replication: i32,
}

/// Topics that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// The brokers refuse.
    #[error("{what}")]
    Kafka {
        /// What was attempted.
        what: &'static str,
        /// What they say.
        #[source]
        source: kafka::Error,
    },
    /// There is no such replay.
    #[error("there is no replay {0:?}; `huiyin replay list` has those that there are")]
    Missing(String),
}

impl OwnError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Kafka { .. } => "kafka",
            Self::Missing(_) => "missing",
        }
    }
}

fn failed(what: &'static str) -> impl FnOnce(kafka::Error) -> OwnError {
    move |source| OwnError::Kafka { what, source }
}

/// Creates what is missing of a replay's topics. Blocks.
///
/// # Errors
/// [`OwnError::Kafka`].
pub fn create(config: &Config, names: &Names, settings: Settings) -> Result<(), OwnError> {
    let topic = |kind: Kind| kafka::Topic {
        name: names.of(kind),
        partitions: settings.partitions,
        replication: settings.replication,
        config: kept(kind),
    };
    let topics: Vec<kafka::Topic> = Kind::ALL.into_iter().map(topic).collect();
    let admin = Admin::new(config).map_err(failed("connect"))?;
    admin.create(&topics).map_err(failed("create the topics of the replay")).map(drop)
}

/// A replay is kept until it is removed, and its records may be as large as the line's.
fn kept(kind: Kind) -> BTreeMap<String, String> {
    let like = match kind {
        Kind::Decisions => Topic::Decisions,
        Kind::Requests => Topic::Requests,
        Kind::Answers => Topic::Answers,
        Kind::Ledger => Topic::Ledger,
        Kind::Outcomes | Kind::Results => Topic::Events,
    };
    let mut settings: BTreeMap<String, String> =
        like.settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    settings.insert("cleanup.policy".to_owned(), "delete".to_owned());
    settings.insert("retention.ms".to_owned(), "-1".to_owned());
    settings
}

/// The replays of a deployment, by their topics. Blocks.
///
/// # Errors
/// [`OwnError::Kafka`].
pub fn list(config: &Config, topics: &TopicNames) -> Result<BTreeSet<Name>, OwnError> {
    let admin = Admin::new(config).map_err(failed("connect"))?;
    let there = admin.partitions().map_err(failed("read topics"))?;
    Ok(there.keys().filter_map(|topic| Names::owner(topics, topic)).collect())
}

/// Deletes the topics of a replay, and no others. Gives the names of those that were there. Blocks.
///
/// # Errors
/// [`OwnError`].
pub fn delete(config: &Config, topics: &TopicNames, name: &Name) -> Result<Vec<String>, OwnError> {
    let admin = Admin::new(config).map_err(failed("connect"))?;
    let there = admin.partitions().map_err(failed("read topics"))?;
    let own = Names::new(topics, name.clone()).all();
    let own: Vec<String> = own.into_iter().filter(|topic| there.contains_key(topic)).collect();
    if own.is_empty() {
        return Err(OwnError::Missing(name.to_string()));
    }
    let named: Vec<&str> = own.iter().map(String::as_str).collect();
    admin.delete(&named).map_err(failed("delete the topics of the replay"))?;
    Ok(own)
}
