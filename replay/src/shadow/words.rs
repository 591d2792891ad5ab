//! What the judge said of turns, in the topic of a replay's results.

use std::time::Duration;

use pipeline::Outgoing;
use pipeline::kafka::{self, Config, Publisher, PublisherLimits};
use schemas::wire;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{Kind, Names};
use crate::judge::{Keep, Unkept};
use crate::results::Judged;

/// The kind of such a record.
pub(super) const WORD: &str = "word";
/// How long an acknowledgement is waited for.
const BOUND: Duration = Duration::from_secs(30);
/// Words that are on their way.
const LIMITS: PublisherLimits = PublisherLimits { records: 10_000, kibibytes: 16_384 };

/// What was said of one turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word {
    /// The turn.
    pub(super) turn: String,
    /// What the judge says.
    pub(super) judged: Judged,
}

/// Writes words behind the results of a replay. They take effect when the results are read.
pub struct Words {
    publisher: Publisher,
    names: Names,
}

impl Words {
    /// For a replay that is there.
    ///
    /// # Errors
    /// When no client can be had.
    pub fn new(config: &Config, names: Names) -> Result<Self, kafka::Error> {
        Ok(Self { publisher: Publisher::new(config, LIMITS)?, names })
    }
}

impl Keep for Words {
    /// It is kept when the brokers have acknowledged it.
    async fn keep(&mut self, turn: &str, judged: &Judged) -> Result<(), Unkept> {
        let unkept = |error: Box<dyn std::error::Error + Send + Sync>| Unkept(error);
        let word = Word { turn: turn.to_owned(), judged: judged.clone() };
        let value = serde_json::to_vec(&word).map_err(|error| unkept(error.into()))?;
        let header = |name: &'static str, value: &str| (name.into(), value.as_bytes().to_vec());
        let record = Outgoing {
            topic: self.names.of(Kind::Results).into(),
            partition: 0,
            key: None,
            headers: vec![
                header(wire::ID, &format!("{WORD}:{turn}")),
                header("content-type", "application/json"),
                header(wire::KIND, WORD),
                header(wire::REPLAY, self.names.name().as_str()),
            ],
            value: Some(value),
        };
        let receipt = self.publisher.publish(&record).map_err(|error| unkept(error.into()))?;
        match timeout(BOUND, receipt).await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(error))) => Err(unkept(error.into())),
            Ok(Err(_)) | Err(_) => Err(unkept("no acknowledgement in time".into())),
        }
    }
}
