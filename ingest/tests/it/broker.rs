//! What lands in a real log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ingest::{ActiveBundle, Ingest, Publish, Receipt};
use pipeline::kafka::testing::{Topics, committed, config, unique};
use pipeline::kafka::{Acknowledgement, PublishError, Publisher, PublisherLimits, Unacknowledged};
use pipeline::{Outgoing, Record};
use schemas::conversation::Conversation;
use schemas::event::Event;
use schemas::wire;
use serde_json::json;
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;

use crate::line::{PARTITIONS, chat, ingest, now, post, send, signed};

struct Live {
    ingest: Arc<Ingest>,
    publisher: Arc<Publisher>,
    topic: String,
    _topics: Topics,
    _bundle: watch::Sender<Arc<ActiveBundle>>,
}

/// Queues records for the broker and tells nobody that it has them.
struct Unacknowledging {
    publisher: Arc<Publisher>,
    /// A receipt is closed when its other end is dropped, which says something else.
    kept: Mutex<Vec<oneshot::Sender<Result<Acknowledgement, Unacknowledged>>>>,
}

impl Publish for Unacknowledging {
    fn publish(&self, record: &Outgoing) -> Result<Receipt, PublishError> {
        drop(self.publisher.publish(record)?);
        let (kept, receipt) = oneshot::channel();
        self.kept.lock().unwrap().push(kept);
        Ok(receipt)
    }

    fn waiting(&self) -> usize {
        self.publisher.waiting()
    }
}

async fn live(
    policies: &'static str,
    deadline: Duration,
    publish: impl FnOnce(Arc<Publisher>) -> Arc<dyn Publish>,
) -> Live {
    let prefix = format!("{}.", unique("ingest"));
    let topic = format!("{prefix}events");
    let name = topic.clone();
    let topics = spawn_blocking(move || Topics::create(PARTITIONS, &[(&name, false)])).await.unwrap();
    let limits = PublisherLimits { records: 1_000, kibibytes: 10_240 };
    let publisher = Arc::new(Publisher::new(&config(), limits).unwrap());
    let (ingest, bundle) = ingest(policies, publish(Arc::clone(&publisher)), &prefix, |config| {
        config.rules[0].deadline = deadline;
    });
    Live { ingest, publisher, topic, _topics: topics, _bundle: bundle }
}

impl Live {
    async fn records(&self) -> Vec<Record> {
        let (publisher, topic) = (Arc::clone(&self.publisher), self.topic.clone());
        let read = spawn_blocking(move || {
            assert!(publisher.flush_within(Duration::from_secs(20)));
            committed(&topic)
        });
        read.await.unwrap()
    }
}

fn event(record: &Record) -> Event {
    wire::decode(|name| record.header(name), record.value.as_deref()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intercepted_question_is_in_the_partition_of_its_conversation() {
    let live = live("", Duration::from_secs(20), |publisher| publisher).await;
    let users = ["alice", "bob", "carol", "dave"];
    for user in users {
        let body = signed(chat(user, "bot_helpdesk", "hi"), now()).to_string();
        assert_eq!(send(&live.ingest, post("/pre", body)).await.1, json!({"valid": false}));
    }
    let records = live.records().await;
    assert_eq!(records.len(), users.len());
    for record in records {
        let key = String::from_utf8(record.key.clone().unwrap()).unwrap();
        assert_eq!(record.partition, key.parse::<Conversation>().unwrap().partition(PARTITIONS));
        assert_eq!(record.header("ce_type"), Some(b"huiyin.events.message".as_slice()));
        assert_eq!(record.header("ce_source"), Some(b"/huiyin/test/ingest".as_slice()));
        assert_eq!(record.header("traceparent").unwrap().len(), 55);
        assert!(matches!(event(&record), Event::Message(message) if message.conversation.to_string() == key));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_follows_its_message_in_the_log() {
    let unacknowledging =
        |publisher| Arc::new(Unacknowledging { publisher, kept: Mutex::default() }) as Arc<dyn Publish>;
    let live = live("no_acknowledgement = \"reject\"", Duration::from_millis(1), unacknowledging).await;
    let users = ["alice", "bob", "carol", "dave", "erin", "frank"];
    for user in users {
        let body = signed(chat(user, "bot_helpdesk", "hi"), now()).to_string();
        assert_eq!(send(&live.ingest, post("/pre", body)).await.1["valid"], false);
    }
    let records = live.records().await;
    for user in users {
        let key = format!("acme#support/chat/bot_helpdesk/{user}");
        let own: Vec<&Record> = records.iter().filter(|r| r.key.as_deref() == Some(key.as_bytes())).collect();
        let [first, second] = own[..] else { panic!("{} records of {user}", own.len()) };
        assert!(matches!((event(first), event(second)), (Event::Message(_), Event::Withdrawn(_))));
        assert!(first.partition == second.partition && first.offset < second.offset);
    }
}
