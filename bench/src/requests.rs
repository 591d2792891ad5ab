//! Requests as decide writes them, straight to the topic.

use crate::clients;
use crate::deployment::{APP, BOT, Deployment, PARTITIONS};
use crate::load::Schedule;
use crate::stand_ins::ASK;
use anyhow::{Context, Result};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use schemas::conversation::{Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, MessageId, RequestId, TargetName, TurnId, UserId};
use schemas::request::{PromptLine, Request, RequestKind, Role};
use schemas::topic::Topic;
use schemas::wire;
use std::time::{SystemTime, UNIX_EPOCH};

const ANSWER_WITHIN_MS: i64 = 60_000;
/// Who writes them.
pub(super) const SOURCE: &str = "/huiyin/bench/decide";
/// Tokens that an answer may have.
pub(super) const MOST_TOKENS: u32 = 1_000;
/// What the model is told to be.
pub(super) const SYSTEM: &str = "You are the help desk of Acme. Be brief.";

/// Writes requests.
pub(super) struct Requests {
    producer: ThreadedProducer<DefaultProducerContext>,
    topic: String,
    run: u64,
}

impl Requests {
    /// Builds the client.
    ///
    /// # Errors
    /// When it cannot be built.
    pub(super) fn open(deployment: &Deployment) -> Result<Self> {
        let mut client = clients::idempotent(&deployment.kafka());
        let producer = client.set("linger.ms", "0").create().context("building a producer")?;
        Ok(Self { producer, topic: deployment.topic(Topic::Requests), run: deployment.seed })
    }

    /// Writes the requests of a schedule, numbered from `first`.
    ///
    /// # Errors
    /// When a request cannot be built or is not taken.
    pub(super) fn keep(&self, schedule: &Schedule, first: u64) -> Result<()> {
        let mut done = Ok(());
        schedule.keep(|number, _| {
            if done.is_ok() {
                done = self.write(first + number);
            }
        });
        done
    }

    fn write(&self, number: u64) -> Result<()> {
        let encoded = wire::encode(&request(self.run, number)?, SOURCE)?;
        let headers = OwnedHeaders::new_with_capacity(encoded.headers.len());
        let headers = encoded
            .headers
            .iter()
            .fold(headers, |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let key = encoded.key.unwrap_or_default();
        let partition =
            i32::try_from(number % u64::from(PARTITIONS.unsigned_abs())).context("numbering partitions")?;
        let record = BaseRecord::to(&self.topic).partition(partition).key(&key).payload(&encoded.value);
        self.producer.send(record.headers(headers)).map_err(|(error, _)| error).context("writing a request")
    }
}

/// The request of that number in a run. Its question has the number, and its answer is due a minute from now.
///
/// # Errors
/// When the clock cannot be read.
pub(super) fn request(run: u64, number: u64) -> Result<Request> {
    let (app, user) = (AppKey::new(APP)?, UserId::new(format!("user{number}"))?);
    let bot = UserId::new(BOT)?;
    let message = MessageId::of(&app, "chat", &format!("{}{number:012}", run))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).context("reading the clock")?;
    let line = |role, text: String| PromptLine { role, text: text.into() };
    Ok(Request {
        id: RequestId::derive(&message.to_string(), 0),
        kind: RequestKind::Answer,
        turn: TurnId::derive(&message.to_string(), 0),
        lane: Lane { conversation: Conversation::with_bot(app, bot.clone(), user.clone()), sender: None },
        bot,
        user,
        message,
        chain: vec![TargetName::new("model")?],
        allowed_regions: vec!["cn".to_owned()],
        prompt: vec![line(Role::System, SYSTEM.to_owned()), line(Role::User, question(number))],
        max_output_tokens: MOST_TOKENS,
        temperature_milli: None,
        thinking: None,
        stop: Vec::new(),
        fallback_after_block: None,
        hedge_after_ms: None,
        answer_by: now + ANSWER_WITHIN_MS,
        bundle: BundleHash::new("0".repeat(64))?,
        route: None,
        decided_at: now,
    })
}

/// What a person asks, with the number by which the stand-ins know the message again.
pub(super) fn question(number: u64) -> String {
    format!("{ASK}{number}# 请问左边的耳机为什么连不上手机？")
}
