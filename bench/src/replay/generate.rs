//! A log as a day of questions leaves it, with everything that decide wrote of it: the fold itself says what that was.

use anyhow::{Context, Result, ensure};
use conversation::{Folded, States};
use decide::Output;
use pipeline::kafka::{Admin, Topic as Made};
use pipeline::{Outgoing, Record};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use replay::world::{Line, World};
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, ConfigSwitch, Event, Message, MessageKind};
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::request::Request;
use schemas::topic::Topic;
use schemas::verdict::{Action, Verdict};
use schemas::wire;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// Messages of a second, in all partitions together.
pub(super) const PER_SECOND: u32 = 100;
/// People of one partition who talk at the same time.
const PEOPLE: i64 = 1_000;
/// How long the model takes, in milliseconds.
const TAKES: i64 = 2_000;
const START: i64 = 1_780_000_000_000;

/// How long people talk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// Each asks ten questions, then others come.
    TenQuestions,
    /// The same people go on through the whole log, so that every prompt has as much history as is kept.
    WithoutEnd,
}

impl Talk {
    /// Its name in names of topics.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::TenQuestions => "ten",
            Self::WithoutEnd => "long",
        }
    }

    /// Who says the message of this number, of the people of one partition.
    fn speaker(self, number: i64) -> i64 {
        let before = match self {
            Self::TenQuestions => number / (10 * PEOPLE) * PEOPLE,
            Self::WithoutEnd => 0,
        };
        before + number % PEOPLE
    }
}

/// What was written.
pub(super) struct Generated {
    /// Records of `events`.
    pub(super) events: u64,
    /// Mean bytes of a request.
    pub(super) request: u64,
    /// The range that has all of them, in milliseconds since the epoch.
    pub(super) from: i64,
    pub(super) to: i64,
}

/// Writes a log of so many records, about as many in each partition.
pub(super) fn generate(line: &Line, bootstrap: &str, events: u64, talk: Talk) -> Result<Generated> {
    let deployment = line.deployment();
    let topic = |topic: Topic| Made {
        name: deployment.topics.of(topic),
        partitions: deployment.partitions,
        replication: 1,
        // Times are those of the day that is told of.
        config: BTreeMap::from([
            ("message.timestamp.type".to_owned(), "CreateTime".to_owned()),
            ("retention.ms".to_owned(), "-1".to_owned()),
        ]),
    };
    let topics =
        [Topic::Events, Topic::Decisions, Topic::Requests, Topic::Answers, Topic::DeadLetters].map(topic);
    Admin::new(&deployment.kafka)?.create(&topics)?;
    let writer = Writer::new(bootstrap)?;
    let partitions = u64::try_from(deployment.partitions)?;
    let (mut written, mut asked, mut to) = (0, (0, 0), START);
    for partition in 0..deployment.partitions {
        let mut part = Part::new(line, &writer, partition, talk)?;
        part.play(events / partitions)?;
        written += part.events;
        asked = (asked.0 + part.requests.0, asked.1 + part.requests.1);
        to = to.max(part.now);
    }
    ensure!(writer.0.flush(Duration::from_secs(120)).is_ok(), "the log was not written in two minutes");
    let request = asked.1 / asked.0.max(1);
    Ok(Generated { events: written, request, from: START, to: to + 1 })
}

/// Writes records at times of one's own, as fast as the client takes them.
struct Writer(ThreadedProducer<DefaultProducerContext>);

impl Writer {
    fn new(bootstrap: &str) -> Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("queue.buffering.max.messages", "500000")
            .create()
            .context("connecting")?;
        Ok(Self(producer))
    }

    fn write(&self, outgoing: &Outgoing, time: i64) -> Result<()> {
        loop {
            let headers = OwnedHeaders::new_with_capacity(outgoing.headers.len());
            let headers = outgoing
                .headers
                .iter()
                .fold(headers, |all, (key, value)| all.insert(Header { key, value: Some(value) }));
            let mut record = BaseRecord::<[u8], [u8]>::to(&outgoing.topic)
                .partition(outgoing.partition)
                .timestamp(time)
                .headers(headers);
            record.key = outgoing.key.as_deref();
            record.payload = outgoing.value.as_deref();
            match self.0.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    sleep(Duration::from_millis(2));
                }
                Err((error, _)) => return Err(error).context("writing the log"),
            }
        }
    }
}

/// One partition.
struct Part<'a> {
    line: &'a Line,
    writer: &'a Writer,
    world: World,
    partition: i32,
    talk: Talk,
    people: Vec<Conversation>,
    /// Numbers of people that were looked at for [`Self::people`], who are those of this partition.
    looked_at: u64,
    /// How many requests there were, and their bytes.
    requests: (u64, u64),
    outcome: Answered,
    waiting: VecDeque<(i64, Request)>,
    events: u64,
    now: i64,
}

impl<'a> Part<'a> {
    fn new(line: &'a Line, writer: &'a Writer, partition: i32, talk: Talk) -> Result<Self> {
        let example = include_str!("../../../schemas/examples/events/valid-answered-done.json");
        let Event::Answered(mut outcome) = serde_json::from_str(example).context("reading an outcome")?
        else {
            anyhow::bail!("the example of an outcome is none");
        };
        outcome.attempts.remove(0);
        outcome.attempts.iter_mut().for_each(|attempt| attempt.number = 1);
        let world = World::new(line, partition, "bench", States::default())?;
        Ok(Self {
            line,
            writer,
            world,
            partition,
            talk,
            people: Vec::new(),
            looked_at: 0,
            requests: (0, 0),
            outcome,
            waiting: VecDeque::new(),
            events: 0,
            now: START,
        })
    }

    /// The conversation of a person of this partition.
    fn conversation(&mut self, person: usize) -> Result<Conversation> {
        let (app, bot) = (AppKey::new("acme#support")?, UserId::new("bot")?);
        while self.people.len() <= person {
            let user = UserId::new(format!("user{}", self.looked_at))?;
            self.looked_at += 1;
            let conversation = Conversation::with_bot(app.clone(), bot.clone(), user);
            if conversation.partition(self.line.deployment().partitions) == self.partition {
                self.people.push(conversation);
            }
        }
        Ok(self.people[person].clone())
    }

    fn play(&mut self, events: u64) -> Result<()> {
        let hash = super::bundle()?.hash()?;
        self.event(&Event::Config(ConfigSwitch { bundle: hash, at: START }))?;
        let every = 1_000 * i64::from(self.line.deployment().partitions) / i64::from(PER_SECOND);
        let mut said = 0;
        while self.events < events {
            let next = START + (said + 1) * every;
            while self.waiting.front().is_some_and(|(at, _)| *at <= next) {
                let Some((at, request)) = self.waiting.pop_front() else { break };
                self.now = at;
                let answered = self.answer(&request, at);
                self.event(&Event::Answered(answered))?;
            }
            self.now = next;
            let message = self.message(said)?;
            self.event(&Event::Message(message))?;
            said += 1;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        let encoded = wire::encode(event, "/huiyin/bench")?;
        let outgoing = Outgoing {
            topic: Arc::clone(self.line.events()),
            partition: self.partition,
            key: encoded.key,
            headers: encoded.headers,
            value: Some(encoded.value),
        };
        self.writer.write(&outgoing, self.now)?;
        let record = Record {
            topic: Arc::clone(&outgoing.topic),
            partition: self.partition,
            offset: i64::try_from(self.events)?,
            timestamp: self.now,
            key: outgoing.key,
            headers: outgoing.headers.into_iter().collect(),
            value: outgoing.value,
        };
        self.events += 1;
        let step = self.world.feed(&record)?;
        let of_requests = self.line.deployment().topics.of(Topic::Requests);
        for request in step.outputs.iter().filter(|output| *output.topic == *of_requests) {
            self.requests.0 += 1;
            self.requests.1 += request.value.as_ref().map_or(0, Vec::len) as u64;
        }
        for output in step.outputs.iter().filter(|output| !output.topic.ends_with("ledger")) {
            self.writer.write(output, self.now)?;
        }
        for folded in step.folded {
            if let Folded::Output(Output::Request(request)) = folded {
                self.waiting.push_back((self.now + TAKES, request));
            }
        }
        Ok(())
    }

    fn message(&mut self, number: i64) -> Result<Message> {
        let conversation = self.conversation(usize::try_from(self.talk.speaker(number))?)?;
        let user = conversation.user().context("a conversation with a bot has a person")?.clone();
        let text = format!(
            "你好,第{number}个问题:我上个月买的东西一直没有收到,订单页面显示已经签收,会员客服电话打不通,应该怎么处理才好呢?"
        );
        Ok(Message {
            id: MessageId::new(format!("acme#support/chat/{}-{number}", self.partition))?,
            bot: conversation.bot().cloned(),
            conversation,
            sender: user,
            kind: MessageKind::Text,
            text: Some(text.into()),
            other_texts: Vec::new(),
            tags: BTreeMap::new(),
            attachment: None,
            claim: None,
            raw: None,
            verdict: Verdict::new(Action::Pass, vec![], "d"),
            reply: CallbackReply::Intercept,
            sent_at: self.now - 20,
            received_at: self.now - 10,
        })
    }

    fn answer(&self, request: &Request, at: i64) -> Answered {
        let text = "您好,已为您查询:包裹昨天由门卫代收,请先联系小区物业确认;如果仍未找到,我们会在二十四小时内为您补发。";
        let mut answered = self.outcome.clone();
        answered.id = Answered::id_of(request.id);
        (answered.request, answered.turn) = (request.id, request.turn);
        (answered.lane, answered.message) = (request.lane.clone(), request.message.clone());
        (answered.started_at, answered.ended_at) = (at - TAKES, at);
        if let Outcome::Done { text: said, target, .. } = &mut answered.outcome {
            *said = text.into();
            request.chain.first().into_iter().for_each(|first| *target = first.clone());
        }
        answered
    }
}
