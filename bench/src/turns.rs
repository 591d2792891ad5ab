//! The records that one answered message leaves in the topics, many times over: the examples of `schemas` with ids and
//! times of their own.

use anyhow::{Context, Result, anyhow, ensure};
use pipeline::Outgoing;
use pipeline::kafka::{Config, PublishError, Publisher, PublisherLimits, RawConfig};
use schemas::answered::Answered;
use schemas::conversation::{Conversation, Lane};
use schemas::decision::{Decision, Ruling};
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::event::{Event, Message};
use schemas::ids::{AnswerId, AppKey, EventId, MessageId, RequestId, TurnId, UserId};
use schemas::topic::TopicNames;
use schemas::wire::{self, Record};
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who writes the records, by their own account.
const SOURCE: &str = "/huiyin/bench";
/// Longest wait for acknowledgements at the end.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

macro_rules! example {
    ($path:literal) => {
        serde_json::from_str(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../schemas/examples/",
            $path
        )))
        .context(concat!("reading the example ", $path))?
    };
}

/// Makes turns by their number.
pub(super) struct Turns {
    message: Message,
    asked: Decision,
    answered: Answered,
    delivery: Delivery,
    /// Persons, each with a conversation of their own.
    people: u64,
    /// When the first message was sent.
    begin: i64,
}

/// Ids of one turn.
struct Ids {
    message: MessageId,
    turn: TurnId,
    conversation: Conversation,
    sender: UserId,
    at: i64,
}

impl Turns {
    /// Turns of so many people, a millisecond apart, from some minutes ago on.
    ///
    /// # Errors
    /// When an example is not what it was.
    pub(super) fn new(people: u64) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let Event::Message(message) = example!("events/valid-message.json") else {
            anyhow::bail!("the example of a message is none");
        };
        let Event::Answered(answered) = example!("events/valid-answered-done.json") else {
            anyhow::bail!("the example of an outcome is none");
        };
        let asked = example!("decisions/valid-asked.json");
        let delivery = example!("deliveries/valid-sent.json");
        let begin = i64::try_from(now).unwrap_or(i64::MAX) - 600_000;
        Ok(Self { message, asked, answered, delivery, people, begin })
    }

    fn ids(&self, number: u64) -> Result<Ids> {
        let app: AppKey = self.message.conversation.app().clone();
        let bot = self.message.bot.clone().context("the example is for no bot")?;
        let sender = UserId::new(format!("user-{:06}", number % self.people))?;
        let message = MessageId::of(&app, "chat", &format!("{}", 1_601_234_567_890_000_000 + number))?;
        Ok(Ids {
            turn: TurnId::derive(&message.to_string(), 0),
            conversation: Conversation::with_bot(app, bot, sender.clone()),
            at: self.begin + i64::try_from(number).unwrap_or(0),
            message,
            sender,
        })
    }

    /// The message that a person sent.
    ///
    /// # Errors
    /// When an id is refused.
    pub(super) fn message(&self, number: u64) -> Result<Event> {
        Ok(self.message_of(&self.ids(number)?))
    }

    fn message_of(&self, ids: &Ids) -> Event {
        let mut message = self.message.clone();
        (message.id, message.sender) = (ids.message.clone(), ids.sender.clone());
        message.conversation = ids.conversation.clone();
        (message.sent_at, message.received_at) = (ids.at, ids.at + 12);
        Event::Message(message)
    }

    /// What the whole turn leaves for the account step: the message, both decisions, the outcome and the delivery.
    /// Every tenth outcome needed two attempts.
    ///
    /// # Errors
    /// When an id is refused or the log does not take the records.
    pub(super) fn write(&self, number: u64, log: &Log) -> Result<()> {
        let ids = self.ids(number)?;
        log.write(&self.message_of(&ids), &ids.conversation)?;
        let asked = self.decision(&ids);
        log.write(&asked, &ids.conversation)?;
        let answered = self.answered(&ids, number.is_multiple_of(10));
        log.write(&Event::Answered(answered), &ids.conversation)?;
        let ended = Decision { input: "answered".to_owned(), ruling: Ruling::Answered, parts: 1, ..asked };
        log.write(&ended, &ids.conversation)?;
        log.write(&self.delivery(&ids), &ids.conversation)
    }

    fn lane(ids: &Ids) -> Lane {
        Lane { conversation: ids.conversation.clone(), sender: None }
    }

    fn decision(&self, ids: &Ids) -> Decision {
        Decision {
            conversation: ids.conversation.clone(),
            lane: Some(Self::lane(ids)),
            message: Some(ids.message.clone()),
            sender: Some(ids.sender.clone()),
            turn: Some(ids.turn),
            request: Some(RequestId::derive(&ids.message.to_string(), 0)),
            sent_at: Some(ids.at),
            received_at: Some(ids.at + 12),
            at: ids.at + 15,
            ..self.asked.clone()
        }
    }

    fn answered(&self, ids: &Ids, twice: bool) -> Answered {
        let mut answered = self.answered.clone();
        if !twice {
            answered.attempts.remove(0);
        }
        for (attempt, number) in answered.attempts.iter_mut().zip(1..) {
            attempt.number = number;
            attempt.started_at = ids.at + 50;
        }
        Answered {
            id: EventId::derive(&ids.message.to_string(), 0),
            request: RequestId::derive(&ids.message.to_string(), 0),
            turn: ids.turn,
            lane: Self::lane(ids),
            message: ids.message.clone(),
            started_at: ids.at + 40,
            ended_at: ids.at + 1_340,
            ..answered
        }
    }

    fn delivery(&self, ids: &Ids) -> Delivery {
        Delivery {
            id: EventId::derive(&ids.message.to_string(), 1),
            answer: AnswerId::derive(&ids.message.to_string(), 0),
            turn: ids.turn,
            lane: Self::lane(ids),
            message: ids.message.clone(),
            result: DeliveryResult::Sent { easemob_id: ids.message.easemob_id().to_owned() },
            decided_at: ids.at + 1_400,
            started_at: ids.at + 1_410,
            ended_at: ids.at + 1_460,
            ..self.delivery.clone()
        }
    }
}

/// Writes records to the topics of a deployment.
pub(super) struct Log {
    publisher: Publisher,
    names: TopicNames,
    partitions: i32,
}

impl Log {
    /// Does not connect yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(super) fn new(bootstrap: &str, prefix: &str, partitions: i32) -> Result<Self> {
        let raw = RawConfig {
            bootstrap: bootstrap.to_owned(),
            heartbeat_interval: Duration::from_millis(500),
            properties: BTreeMap::new(),
        };
        let limits = PublisherLimits { records: 100_000, kibibytes: 128 << 10 };
        let access =
            Config::new(raw).map_err(|problems| anyhow!("reading the address of Kafka: {problems:?}"))?;
        let publisher = Publisher::new(&access, limits)?;
        Ok(Self { publisher, names: TopicNames::new(prefix), partitions })
    }

    /// Queues a record in the partition of its conversation; waits while too many are queued.
    ///
    /// # Errors
    /// When it cannot be encoded or is refused.
    pub(super) fn write<R: Record>(&self, record: &R, conversation: &Conversation) -> Result<()> {
        let encoded = wire::encode(record, SOURCE)?;
        let outgoing = Outgoing {
            topic: self.names.of(R::TOPIC).into(),
            partition: conversation.partition(self.partitions),
            key: encoded.key,
            headers: encoded.headers,
            value: Some(encoded.value),
        };
        loop {
            match self.publisher.publish(&outgoing) {
                // Whether all were acknowledged is asked at the end.
                Ok(_) => return Ok(()),
                Err(PublishError::Busy) => sleep(Duration::from_millis(1)),
                Err(error) => return Err(error).context("writing a record"),
            }
        }
    }

    /// Waits for the last acknowledgement.
    ///
    /// # Errors
    /// When it does not come.
    pub(super) fn finish(self) -> Result<()> {
        ensure!(self.publisher.flush_within(WRITTEN_WITHIN), "records were not acknowledged in time");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_of_a_turn_keeps_its_schemas_rules() {
        let turns = Turns::new(3).unwrap();
        for number in 0..20 {
            let ids = turns.ids(number).unwrap();
            wire::encode(&turns.message(number).unwrap(), SOURCE).unwrap();
            wire::encode(&turns.decision(&ids), SOURCE).unwrap();
            wire::encode(&Event::Answered(turns.answered(&ids, number.is_multiple_of(10))), SOURCE).unwrap();
            wire::encode(&turns.delivery(&ids), SOURCE).unwrap();
        }
    }

    #[test]
    fn turns_differ_and_people_come_back() {
        let turns = Turns::new(3).unwrap();
        let (one, again) = (turns.ids(1).unwrap(), turns.ids(4).unwrap());
        assert_ne!(one.message, again.message);
        assert_eq!(one.conversation, again.conversation);
    }
}
