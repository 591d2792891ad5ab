//! Creating, describing and deleting topics.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::log::Logged;
use super::{Config, Error, reach};

const REQUEST: Duration = Duration::from_secs(15);

/// A topic as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has, for its whole life.
    pub partitions: i32,
    /// How many brokers hold each record.
    pub replication: i32,
    /// Kafka's own topic properties, such as `cleanup.policy`.
    pub config: BTreeMap<String, String>,
}

/// What creating a topic did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is there now.
    New,
    /// It was there before; nothing was changed.
    Existed,
}

/// Administration of topics. Calls block; drop it off the async workers.
pub struct Admin {
    client: AdminClient<Logged>,
    config: Config,
}

impl Admin {
    /// Builds the client.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        let client = config.admin().create_with_context(Logged).map_err(Error::client("admin client"))?;
        Ok(Self { client, config: config.clone() })
    }

    /// Creates the topics that are missing and waits until the brokers know them, in the order of `topics`.
    ///
    /// # Errors
    /// [`Error::Request`] names the first topic that could not be created; others may have been.
    pub fn create(&self, topics: &[Topic]) -> Result<Vec<Created>, Error> {
        let wanted: Vec<NewTopic<'_>> = topics.iter().map(new_topic).collect();
        let results = wait(self.client.create_topics(&wanted, &options()))
            .map_err(Error::request("create topics", topics.len()))?;
        let mut created: BTreeMap<String, Created> = BTreeMap::new();
        for result in results {
            let (name, what) = match result {
                Ok(name) => (name, Created::New),
                Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => (name, Created::Existed),
                Err((name, code)) => {
                    return Err(Error::request("create topic", name)(KafkaError::AdminOp(code)));
                }
            };
            created.insert(name, what);
        }
        self.await_leaders(topics)?;
        Ok(topics.iter().map(|topic| created.get(&topic.name).copied().unwrap_or(Created::Existed)).collect())
    }

    /// Creation is acknowledged before every broker knows of it.
    fn await_leaders(&self, topics: &[Topic]) -> Result<(), Error> {
        let until = Instant::now() + REQUEST;
        loop {
            let metadata = self.metadata()?;
            let is_led = |topic: &Topic| {
                let known = metadata.topics().iter().find(|known| known.name() == topic.name);
                known.is_some_and(|known| {
                    !known.partitions().is_empty()
                        && known.partitions().iter().all(|partition| partition.leader() >= 0)
                })
            };
            let Some(missing) = topics.iter().find(|topic| !is_led(topic)) else { return Ok(()) };
            if Instant::now() > until {
                return Err(Error::Timeout {
                    request: "await leaders of topic",
                    subject: missing.name.clone(),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn metadata(&self) -> Result<Metadata, Error> {
        self.client
            .inner()
            .fetch_metadata(None, REQUEST)
            .map_err(Error::request("read metadata", "all topics"))
    }

    /// Number of partitions of every topic there is.
    ///
    /// # Errors
    /// [`Error::Unreachable`] within 5 s when no broker can be reached, [`Error::Request`] when they do not answer this.
    pub fn partitions(&self) -> Result<BTreeMap<String, usize>, Error> {
        reach(&self.config)?;
        let metadata = self.metadata()?;
        Ok(metadata.topics().iter().map(|t| (t.name().to_owned(), t.partitions().len())).collect())
    }

    /// Deletes topics; those that are not there count as deleted.
    ///
    /// # Errors
    /// [`Error::Request`] names the first topic that could not be deleted.
    pub fn delete(&self, topics: &[&str]) -> Result<(), Error> {
        let results: Vec<TopicResult> = wait(self.client.delete_topics(topics, &options()))
            .map_err(Error::request("delete topics", topics.join(",")))?;
        for result in results {
            match result {
                Ok(_)
                | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)) => {}
                Err((name, code)) => {
                    return Err(Error::request("delete topic", name)(KafkaError::AdminOp(code)));
                }
            }
        }
        Ok(())
    }

    /// Forgets a consumer group that has no members.
    ///
    /// # Errors
    /// [`Error::Request`] when the brokers refuse.
    pub fn delete_group(&self, group: &str) -> Result<(), Error> {
        let results = wait(self.client.delete_groups(&[group], &options()))
            .map_err(Error::request("delete group", group))?;
        match results.into_iter().next() {
            Some(Err((_, code))) => Err(Error::request("delete group", group)(KafkaError::AdminOp(code))),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

fn new_topic(topic: &Topic) -> NewTopic<'_> {
    let new = NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(topic.replication));
    topic.config.iter().fold(new, |new, (name, value)| new.set(name, value))
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST)).operation_timeout(Some(REQUEST))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for one of the client's answers, which its own thread brings.
fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
