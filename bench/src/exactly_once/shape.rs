//! The work that all contestants do: 1 KB in, 1 KB out, and a state of 1 KB per key that every record changes.

use anyhow::{Result, anyhow, ensure};
use fastrand::Rng;
use pipeline::Outgoing;
use pipeline::kafka::{Admin, Config, Publisher, PublisherLimits, RawConfig, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// What the topics of all contestants are stamped with.
pub(super) const INCARNATION: &str = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";
pub(super) const PARTITIONS: i32 = 8;
pub(super) const KEYS: u64 = 100_000;
pub(super) const VALUE: usize = 1_024;
/// A record changes one piece of its key's state.
pub(super) const PIECE: usize = 64;
const PIECES: usize = VALUE / PIECE;

/// State of one key.
#[derive(Clone)]
pub(super) struct State {
    pub(super) count: u64,
    pub(super) bytes: Box<[u8]>,
}

impl Default for State {
    fn default() -> Self {
        Self { count: 0, bytes: vec![0; VALUE].into() }
    }
}

impl State {
    /// Takes a record's value into one piece and returns which.
    pub(super) fn take(&mut self, value: &[u8]) -> usize {
        self.count += 1;
        let piece = usize::try_from(self.count % PIECES as u64).unwrap_or(0);
        let slot = &mut self.bytes[piece * PIECE..][..PIECE];
        slot[..8].copy_from_slice(&self.count.to_be_bytes());
        let length = value.len().min(PIECE - 8);
        slot[8..][..length].copy_from_slice(&value[..length]);
        piece
    }

    /// Key and value of a piece's entry in the changelog.
    pub(super) fn entry(&self, key: &[u8], piece: usize) -> (Vec<u8>, Vec<u8>) {
        let name = [key, b"|", &[b'a' + u8::try_from(piece).unwrap_or(0)]].concat();
        (name, self.bytes[piece * PIECE..][..PIECE].to_vec())
    }

    /// Pieces that differ.
    pub(super) fn changed<'a>(&'a self, before: Option<&'a Self>) -> impl Iterator<Item = usize> + 'a {
        let piece = |state: &'a Self, at: usize| &state.bytes[at * PIECE..][..PIECE];
        (0..PIECES).filter(move |&at| before.is_none_or(|before| piece(before, at) != piece(self, at)))
    }
}

/// Access to the brokers as every instance of the line has it.
pub(crate) fn access(bootstrap: &str) -> Result<Config> {
    let bootstrap = bootstrap.to_owned();
    let raw =
        RawConfig { bootstrap, heartbeat_interval: Duration::from_millis(500), properties: BTreeMap::new() };
    Config::new(raw).map_err(|problems| anyhow!("reading the address of Kafka: {problems:?}"))
}

/// What a topic keeps.
#[derive(Clone, Copy)]
pub(super) enum Cleanup {
    /// All records, for a time.
    Delete,
    /// The newest record of each key, as topics of states do.
    Compact,
}

/// Makes a topic.
pub(super) fn create(config: &Config, name: &str, cleanup: Cleanup) -> Result<()> {
    let policy = match cleanup {
        Cleanup::Delete => "delete",
        Cleanup::Compact => "compact",
    };
    let settings = [("message.timestamp.type", "LogAppendTime"), ("cleanup.policy", policy)];
    let topic = Topic {
        name: name.to_owned(),
        partitions: PARTITIONS,
        replication: 1,
        config: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    Admin::new(config)?.create(&[topic])?;
    Ok(())
}

/// Text of words, as a chat compresses.
pub(crate) fn text(seed: u64, length: usize) -> String {
    const WORDS: [&str; 32] = [
        "refund", "the", "order", "arrives", "my", "parcel", "not", "why", "please", "account", "number",
        "when", "shop", "invoice", "changed", "address", "is", "delivery", "again", "late", "and", "thanks",
        "you", "help", "with", "a", "card", "payment", "asked", "support", "two", "days",
    ];
    let mut random = Rng::with_seed(seed);
    let mut text = String::with_capacity(length + 24);
    while text.len() < length {
        text.push_str(WORDS[random.usize(..WORDS.len())]);
        // Ids and times do not repeat.
        if random.u8(..3) == 0 {
            text.push_str(&format!(" {:x}", random.u32(..)));
        }
        text.push(' ');
    }
    text.truncate(length);
    text
}

/// The record with this number: its key decides its partition.
pub(super) fn record(topic: &Arc<str>, number: u64, value: Vec<u8>) -> Outgoing {
    let key = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % KEYS;
    Outgoing {
        topic: Arc::clone(topic),
        partition: i32::try_from(key % 8).unwrap_or(0),
        key: Some(format!("key-{key:08}").into_bytes()),
        headers: Vec::new(),
        value: Some(value),
    }
}

/// Writes `records` records of input.
pub(super) fn fill(config: &Config, topic: &str, records: u64) -> Result<()> {
    let publisher = Publisher::new(config, PublisherLimits { records: 200_000, kibibytes: 200_000 })?;
    let name: Arc<str> = topic.into();
    // Values repeat far apart, so that no batch holds one twice.
    let values: Vec<String> = (0..5_003).map(|seed| text(seed, VALUE)).collect();
    for number in 0..records {
        let value = &values[usize::try_from(number % 5_003).unwrap_or(0)];
        let record = record(&name, number, value.clone().into_bytes());
        while let Err(error) = publisher.publish(&record) {
            ensure!(error == pipeline::kafka::PublishError::Busy, "writing the input: {error}");
            sleep(Duration::from_millis(5));
        }
    }
    ensure!(publisher.flush_within(Duration::from_secs(60)), "the input was not written within a minute");
    Ok(())
}
