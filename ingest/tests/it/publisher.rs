//! A queue in memory that acknowledges as it is told.

use std::sync::Mutex;
use std::time::Duration;

use ingest::{Publish, Receipt};
use pipeline::Outgoing;
use pipeline::kafka::{Acknowledgement, PublishError};
use schemas::event::Event;
use schemas::wire;
use tokio::sync::oneshot;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mood {
    Acknowledges,
    AcknowledgesAfter(Duration),
    Silent,
    GivesUp,
    Full,
}

pub struct Memory {
    mood: Mutex<Mood>,
    waiting: Mutex<usize>,
    records: Mutex<Vec<Outgoing>>,
    kept: Mutex<Vec<oneshot::Sender<Result<Acknowledgement, pipeline::kafka::Unacknowledged>>>>,
}

impl Memory {
    pub fn new(mood: Mood) -> Self {
        Self { mood: mood.into(), waiting: 0.into(), records: Mutex::default(), kept: Mutex::default() }
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn set_waiting(&self, records: usize) {
        *self.waiting.lock().unwrap() = records;
    }

    pub fn records(&self) -> Vec<Outgoing> {
        self.records.lock().unwrap().clone()
    }

    /// Every record as it is read from the log.
    pub fn events(&self) -> Vec<Event> {
        let decode = |record: &Outgoing| {
            let header =
                |name: &str| record.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
            wire::decode(header, record.value.as_deref()).unwrap()
        };
        self.records().iter().map(decode).collect()
    }
}

impl Publish for Memory {
    fn publish(&self, record: &Outgoing) -> Result<Receipt, PublishError> {
        let (sender, receipt) = oneshot::channel();
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::Full {
            return Err(PublishError::Busy);
        }
        let mut records = self.records.lock().unwrap();
        records.push(record.clone());
        let written = Acknowledgement { partition: record.partition, offset: records.len() as i64 - 1 };
        match mood {
            Mood::Acknowledges => sender.send(Ok(written)).unwrap(),
            Mood::AcknowledgesAfter(time) => {
                tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    // Whoever waited may have gone.
                    drop(sender.send(Ok(written)));
                });
            }
            Mood::Silent => self.kept.lock().unwrap().push(sender),
            Mood::GivesUp => drop(sender),
            Mood::Full => unreachable!(),
        }
        Ok(receipt)
    }

    fn waiting(&self) -> usize {
        *self.waiting.lock().unwrap()
    }
}
