//! A producer whose reports are served by a thread of its own.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, ProducerContext};

use super::Error;

/// How long the thread waits for a report before it looks whether it is still wanted. The client waits in whole
/// milliseconds and spins for what is left of one: a little more than whole ones leaves nothing. With
/// [`rdkafka::producer::ThreadedProducer`], which asks for exactly 100 ms, each producer spins for a hundredth of a core.
const WAIT: Duration = Duration::from_micros(100_060);

/// As [`rdkafka::producer::ThreadedProducer`], at rest while there is nothing to report. Dropping it waits for its thread.
pub(crate) struct PolledProducer<C: ProducerContext + 'static> {
    producer: Arc<BaseProducer<C>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<C: ProducerContext + 'static> PolledProducer<C> {
    /// Builds the client and starts its thread; `what` names it in errors.
    pub(crate) fn start(properties: &ClientConfig, context: C, what: &'static str) -> Result<Self, Error> {
        let producer: BaseProducer<C> =
            properties.create_with_context(context).map_err(Error::client(what))?;
        let (producer, over) = (Arc::new(producer), Arc::new(AtomicBool::new(false)));
        let (polled, is_over) = (Arc::clone(&producer), Arc::clone(&over));
        let thread = thread::Builder::new()
            .name("reports".into())
            .spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    polled.poll(WAIT);
                }
            })
            .map_err(|error| Error::Unexpected(format!("start thread of {what}: {error}")))?;
        Ok(Self { producer, over, thread: Some(thread) })
    }
}

impl<C: ProducerContext + 'static> Deref for PolledProducer<C> {
    type Target = BaseProducer<C>;

    fn deref(&self) -> &BaseProducer<C> {
        &self.producer
    }
}

impl<C: ProducerContext + 'static> Drop for PolledProducer<C> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that serves reports panicked");
        }
    }
}
