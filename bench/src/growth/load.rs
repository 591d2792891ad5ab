//! People write at an even rate, however long the answers take.

use super::line::Line;
use anyhow::{Context, Result, ensure};
use dev::rig::easemob::{APP, BOT};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::interval;

/// Sends so many messages per second for a time, people in turn, and returns their number once all callbacks were
/// answered.
///
/// # Errors
/// When the stand-in does not answer or a callback was not answered as it must be.
pub(super) fn talk(line: &Line<'_>, per_second: u64, length: Duration, people: u64) -> Result<u64> {
    let client = Client::builder().no_proxy().build().context("building an HTTP client")?;
    let url = format!("{}/control/send", line.stand_ins.easemob_url);
    let count = per_second * length.as_secs();
    line.scene.net.runtime().block_on(async {
        let mut due = interval(Duration::from_secs(1) / u32::try_from(per_second)?);
        let mut sends = JoinSet::new();
        for number in 0..count {
            due.tick().await;
            let from = format!("user-{:06}", number % people);
            let text = format!("Question {number}: when will my order arrive?");
            let order = json!({ "app": APP, "chat_type": "chat", "from": from, "to": BOT, "text": text });
            sends.spawn(send(client.clone(), url.clone(), order));
        }
        while let Some(done) = sends.join_next().await {
            done.context("sending a message")??;
        }
        Ok(count)
    })
}

async fn send(client: Client, url: String, order: Value) -> Result<()> {
    let answer = client.post(url).json(&order).send().await?.error_for_status()?;
    let sent: Value = serde_json::from_str(&answer.text().await?)?;
    ensure!(sent["decided_by"] == "verdict", "a callback was not answered by the line: {sent}");
    Ok(())
}
