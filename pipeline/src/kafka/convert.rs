//! Records between our types and the client's buffers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Headers as _, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::util::IntoOpaque;

use crate::{Headers, Outgoing, Record};

/// Names of topics, shared by all records that are read from them.
#[derive(Debug, Default)]
pub(crate) struct TopicNames(Vec<Arc<str>>);

impl TopicNames {
    pub(crate) fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.0.push(Arc::clone(&new));
        new
    }
}

/// Copies a message out of the client's buffers: holding it would hold the whole fetch response.
pub(crate) fn record(message: &BorrowedMessage<'_>, names: &mut TopicNames) -> Record {
    // The client panics on a name that is not text. Such a record is none of ours and will be refused.
    let all = |headers: &BorrowedHeaders| {
        let mut all = Headers::with_capacity(headers.count());
        headers.iter().for_each(|header| all.push(header.key, header.value.unwrap_or_default()));
        all
    };
    let headers = message.headers().map(|headers| catch_unwind(AssertUnwindSafe(|| all(headers))));
    Record {
        topic: names.shared(message.topic()),
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().map(<[u8]>::to_vec),
        headers: headers.transpose().ok().flatten().unwrap_or_default(),
        value: message.payload().map(<[u8]>::to_vec),
    }
}

/// What the client takes for one record to write; it copies key and value.
pub(crate) fn outgoing<D: IntoOpaque>(record: &Outgoing, opaque: D) -> BaseRecord<'_, [u8], [u8], D> {
    let mut base = BaseRecord::with_opaque_to(&record.topic, opaque).partition(record.partition);
    if let Some(key) = &record.key {
        base = base.key(key.as_slice());
    }
    if let Some(value) = &record.value {
        base = base.payload(value.as_slice());
    }
    if !record.headers.is_empty() {
        let start = OwnedHeaders::new_with_capacity(record.headers.len());
        base.headers = Some(
            record
                .headers
                .iter()
                .fold(start, |all, (key, value)| all.insert(Header { key, value: Some(value) })),
        );
    }
    base
}
