//! Waits for Kafka at the start, and says later when it is out of reach: which broker, and why.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use pipeline::kafka::{self, Reach};

use crate::metrics;

/// How often Kafka is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long a start waits for Kafka before the process ends with the reason, for whoever supervises it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time from the first line to the second; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why Kafka is out of reach, while it is; for whoever is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Away(Arc<Mutex<Option<String>>>);

impl Away {
    /// The reason, if there is one now.
    pub(crate) fn why(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// One time of being away: when it began, and when to say so again.
#[derive(Debug, Clone, Copy)]
struct Absence {
    since: Instant,
    next_line: Instant,
    pause: Duration,
}

impl Absence {
    fn new(now: Instant) -> Self {
        Self { since: now, next_line: now, pause: FIRST_PAUSE }
    }

    /// Whether it is time for a line: at once, and then after pauses that grow.
    fn is_line_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.next_line;
        if is_due {
            self.next_line = now + self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        is_due
    }
}

/// What was found, told to log, meter and `/ready`.
struct Teller {
    away: Away,
    absence: Option<Absence>,
}

impl Teller {
    fn new(away: Away) -> Self {
        Self { away, absence: None }
    }

    fn tell(&mut self, found: Result<(), String>) {
        let now = Instant::now();
        match found {
            Ok(()) => {
                metrics::kafka_away(Duration::ZERO);
                self.away.set(None);
                if let Some(absence) = self.absence.take() {
                    tracing::info!(after = ?now - absence.since, "kafka is in reach again");
                }
            }
            Err(why) => {
                let absence = self.absence.get_or_insert_with(|| Absence::new(now));
                metrics::kafka_away(now - absence.since);
                if absence.is_line_due(now) {
                    tracing::error!("{why}; waiting for it");
                }
                self.away.set(Some(why));
            }
        }
    }
}

/// Waits until Kafka can be reached.
///
/// # Errors
/// The reason why it cannot, after [`PATIENCE`].
pub(crate) async fn wait(config: &kafka::Config, away: &Away) -> anyhow::Result<Watch> {
    let mut reach = Reach::new(config)?;
    let mut teller = Teller::new(away.clone());
    let until = Instant::now() + PATIENCE;
    loop {
        let check = move || {
            let found = reach.check().map_err(|why| why.to_string());
            (reach, found)
        };
        let (asked, found) = tokio::task::spawn_blocking(check).await.context("wait for kafka")?;
        reach = asked;
        teller.tell(found.clone());
        match found {
            Ok(()) => return Watch::start(reach, teller),
            Err(why) if Instant::now() > until => return Err(anyhow!(why).context("read topics")),
            Err(_) => {}
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Goes on asking, on a thread of its own, until it is dropped.
pub(crate) struct Watch {
    over: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn start(mut reach: Reach, mut teller: Teller) -> anyhow::Result<Self> {
        let (over, is_over) = mpsc::channel::<()>();
        let watch = move || {
            while is_over.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                teller.tell(reach.check().map_err(|why| why.to_string()));
            }
        };
        let thread = thread::Builder::new().name("reach".to_owned()).spawn(watch);
        Ok(Self { over: Some(over), thread: Some(thread.context("start the thread that watches kafka")?) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.over.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that watches kafka panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_is_told_at_once_and_then_ever_less_often() {
        let began = Instant::now();
        let mut absence = Absence::new(began);
        let told: Vec<u64> =
            (0..300).filter(|second| absence.is_line_due(began + Duration::from_secs(*second))).collect();
        assert_eq!(told, [0, 5, 15, 35, 75, 135, 195, 255]);
    }

    #[test]
    fn who_asks_hears_the_reason_while_there_is_one() {
        let away = Away::default();
        let mut teller = Teller::new(away.clone());
        teller.tell(Err("kafka is out of reach: a:1: connection refused".to_owned()));
        assert!(away.why().unwrap().contains("a:1"));
        teller.tell(Ok(()));
        assert_eq!(away.why(), None);
    }
}
