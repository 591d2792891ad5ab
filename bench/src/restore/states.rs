//! States of conversations as decide writes them, and an hour of their life.

use crate::exactly_once::shape::text;
use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use pipeline::Outgoing;
use pipeline::kafka::{Config, PublishError, Publisher, PublisherLimits};
use schemas::conversation::Conversation;
use schemas::event::MessageKind;
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::state::{CoreState, HistoryTurn, STATE_VERSION, SeenBucket, WaitingMessage};
use schemas::text::Text;
use serde::Serialize;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

pub(super) const PARTITIONS: i32 = 8;
/// Turns in the hour: 200 a second.
pub(super) const CHURN: u64 = 720_000;
/// Bytes of an answer.
const ANSWER: usize = 220;
/// Seed of who writes.
const SEED: u64 = 1;
/// Long from now, so that no timer is due.
const NOON: i64 = 1_893_456_000_000;

/// How many conversations, and how long their history is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) conversations: u64,
    pub(super) turns: u64,
    /// Turns in the hour.
    pub(super) churn: u64,
}

impl Shape {
    pub(super) fn part(self, part: u64) -> Self {
        let part = part.max(1);
        Self { conversations: self.conversations / part, churn: self.churn / part, ..self }
    }
}

/// A conversation, the partition of its states, and who writes in it.
struct Talk {
    name: String,
    partition: i32,
    user: UserId,
}

/// Writes the states of a deployment that was served for long, then one hour more.
pub(super) struct Writer {
    publisher: Publisher,
    topic: Arc<str>,
    bot: UserId,
    app: AppKey,
    texts: Vec<String>,
    shape: Shape,
}

impl Writer {
    pub(super) fn new(config: &Config, topic: &str, shape: Shape) -> Result<Self> {
        Ok(Self {
            publisher: Publisher::new(config, PublisherLimits { records: 200_000, kibibytes: 200_000 })?,
            topic: topic.into(),
            bot: UserId::new("bot_helpdesk")?,
            app: AppKey::new("acme#support")?,
            texts: (0..5_003).map(|seed| text(seed + 11, 240)).collect(),
            shape,
        })
    }

    /// Bytes of keys and values written.
    pub(super) fn write(&self) -> Result<u64> {
        let mut bytes = 0;
        for number in 0..self.shape.conversations {
            bytes += self.whole(number)?;
        }
        // Most of the hour's turns are said in a fifth of the conversations.
        let mut random = Rng::with_seed(SEED);
        for turn in 0..self.shape.churn {
            let all = self.shape.conversations;
            let busy = if random.u8(..5) == 0 { all } else { all / 5 };
            bytes += self.turn(random.u64(..busy), self.shape.turns + turn)?;
        }
        ensure!(
            self.publisher.flush_within(Duration::from_secs(60)),
            "the states were not written in a minute"
        );
        Ok(bytes)
    }

    fn whole(&self, number: u64) -> Result<u64> {
        let talk = self.conversation(number)?;
        let mut bytes = self.core(&talk, number, number)?;
        for turn in 0..self.shape.turns {
            bytes += self.history(&talk, turn, Some(ANSWER))?;
        }
        Ok(bytes + self.seen(&talk, number)?)
    }

    /// What one turn writes: its message, its answer, and the oldest turn that is forgotten for it.
    fn turn(&self, number: u64, turn: u64) -> Result<u64> {
        let talk = self.conversation(number)?;
        let mut bytes = self.core(&talk, number, turn)? + self.history(&talk, turn, None)?;
        bytes += self.seen(&talk, turn)? + self.core(&talk, number, turn + 1)?;
        bytes += self.history(&talk, turn, Some(ANSWER))?;
        let oldest = format!("{}|h||{:010}", talk.name, turn % self.shape.turns);
        self.put(talk.partition, oldest, None::<&HistoryTurn>)?;
        Ok(bytes)
    }

    fn conversation(&self, number: u64) -> Result<Talk> {
        let user = UserId::new(format!("user_{number:07}"))?;
        let conversation = Conversation::with_bot(self.app.clone(), self.bot.clone(), user.clone());
        Ok(Talk { name: conversation.to_string(), partition: conversation.partition(PARTITIONS), user })
    }

    fn core(&self, talk: &Talk, number: u64, turn: u64) -> Result<u64> {
        let time = NOON + i64::try_from(turn).unwrap_or(0) * 5;
        let core = CoreState {
            version: STATE_VERSION,
            time,
            forget_at: Some(time + 86_400_000),
            digest: format!("{:016x}", (number ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            ..CoreState::default()
        };
        self.put(talk.partition, talk.name.clone(), Some(&core))
    }

    /// One turn, with an answer of so many bytes if it has one.
    fn history(&self, talk: &Talk, turn: u64, answer: Option<usize>) -> Result<u64> {
        let said = |seed: u64, length: usize| {
            let text = &self.texts[usize::try_from(seed % 5_003).unwrap_or(0)];
            Text::from(text[..length].to_owned())
        };
        let seed = turn.wrapping_mul(7).wrapping_add(u64::try_from(talk.name.len()).unwrap_or(0));
        let asked = WaitingMessage {
            id: MessageId::new(format!("acme#support/chat/{:019}", turn.wrapping_mul(1_000_003)))?,
            sender: talk.user.clone(),
            bot: self.bot.clone(),
            kind: MessageKind::Text,
            text: said(seed, 80),
            sent_at: NOON + i64::try_from(turn).unwrap_or(0),
            round: 0,
            marks: None,
            media: None,
            held: None,
        };
        let answer = answer.map(|length| said(seed + 1, length));
        let entry = HistoryTurn { asked: vec![asked], answer, ..HistoryTurn::blank(STATE_VERSION) };
        self.put(talk.partition, format!("{}|h||{turn:010}", talk.name), Some(&entry))
    }

    fn seen(&self, talk: &Talk, seed: u64) -> Result<u64> {
        let mut ids: Vec<u64> = (1..=4).map(|n| (seed + n).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        ids.sort_unstable();
        let bucket = SeenBucket { version: STATE_VERSION, ids };
        self.put(talk.partition, format!("{}|s|{NOON:015}|00000", talk.name), Some(&bucket))
    }

    fn put(&self, partition: i32, key: String, value: Option<&impl Serialize>) -> Result<u64> {
        let value = value.map(serde_json::to_vec).transpose().context("encoding an entry")?;
        let bytes = key.len() + value.as_ref().map_or(0, Vec::len);
        let key = Some(key.into_bytes());
        let record = Outgoing { topic: Arc::clone(&self.topic), partition, key, headers: Vec::new(), value };
        while let Err(error) = self.publisher.publish(&record) {
            ensure!(error == PublishError::Busy, "writing a state: {error}");
            sleep(Duration::from_millis(2));
        }
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}
