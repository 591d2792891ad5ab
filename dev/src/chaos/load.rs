//! People who go on talking at a steady pace, whatever happens to the line.

use super::clock::now;
use super::crowd::{BOT, Crowd, Line};
use anyhow::{Context, Result};
use dev::rig::easemob::Sent;
use dev::rig::net::Net;
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// What somebody said, when, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) line: Line,
    /// Milliseconds since the epoch.
    pub(crate) at: i64,
    pub(crate) sent: Sent,
}

#[derive(Default)]
struct Shared {
    said: Mutex<Vec<Said>>,
    failed: Mutex<Option<String>>,
    stop: AtomicBool,
}

/// The people. Dropping it stops them.
pub(crate) struct Load {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Load {
    /// Lets the crowd talk to the stand-in whose order `send` is at `url`.
    pub(crate) fn start(net: &Net, url: String, mut crowd: Crowd, rate: f64) -> Self {
        let shared = Arc::<Shared>::default();
        let (client, people) = (net.client(), Arc::clone(&shared));
        let task = net.runtime().spawn(async move {
            let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut speaking = tokio::task::JoinSet::new();
            while !people.stop.load(Ordering::Acquire) {
                ticks.tick().await;
                let (client, url, people) = (client.clone(), url.clone(), Arc::clone(&people));
                speaking.spawn(speak(client, url, crowd.next(), people));
                while speaking.try_join_next().is_some() {}
            }
            speaking.join_all().await;
        });
        Self { shared, task }
    }

    /// How many messages were said so far.
    pub(crate) fn count(&self) -> usize {
        lock(&self.shared.said).len()
    }

    /// Stops the people and returns what was said.
    ///
    /// # Errors
    /// When the stand-in itself failed, so that not everything is known.
    pub(crate) fn end(mut self, net: &Net) -> Result<Vec<Said>> {
        self.shared.stop.store(true, Ordering::Release);
        net.runtime().block_on(&mut self.task).context("waiting for the last words")?;
        if let Some(failure) = lock(&self.shared.failed).take() {
            anyhow::bail!("the stand-in of Easemob failed: {failure}");
        }
        Ok(std::mem::take(&mut *lock(&self.shared.said)))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}

/// Says the lines one after the other.
async fn speak(client: Client, url: String, lines: Vec<Line>, people: Arc<Shared>) {
    for line in lines {
        let at = now();
        match send(&client, &url, &line).await {
            Ok(sent) => lock(&people.said).push(Said { line, at, sent }),
            Err(error) => *lock(&people.failed) = Some(format!("{error:#}")),
        }
    }
}

async fn send(client: &Client, url: &str, line: &Line) -> Result<Sent> {
    let answer = client.post(url).json(&order(line)).send().await?.error_for_status()?;
    Ok(answer.json().await?)
}

/// The order to the stand-in's client.
pub(crate) fn order(line: &Line) -> Value {
    let mut order = json!({ "app": line.app, "from": line.from, "text": line.text });
    match &line.group {
        Some(group) => (order["chat_type"], order["group_id"]) = (json!("group"), json!(group)),
        None => (order["chat_type"], order["to"]) = (json!("chat"), json!(BOT)),
    }
    order
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
