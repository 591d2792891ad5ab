//! The floor: a bare sender that keeps the vendor's limit by the clock and does nothing else.

use super::app::{App, Counting};
use super::figures::seconds;
use super::line::Line;
use super::load::now_ms;
use anyhow::{Context, Result};
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What the floor came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    pub(super) asked: f64,
    pub(super) accepted: f64,
    pub(super) refused: f64,
    /// Most calls in a second of the clock, and in any second, against the limit.
    pub(super) fixed: f64,
    pub(super) sliding: f64,
    pub(super) throughput: f64,
    /// The last send against sends ÷ limit.
    pub(super) last: f64,
}

/// Sends to users of each app at exactly its limit for a time, all apps at once.
///
/// # Errors
/// When the stand-in does not answer.
pub(super) fn run(line: &Line<'_>, length: Duration) -> Result<Vec<(Counting, Floor)>> {
    line.forget()?;
    let (net, base) = (&line.scene.net, &line.stand_ins.easemob_url);
    let begun = now_ms();
    net.runtime().block_on(async {
        let mut all = JoinSet::new();
        for app in line.apps.clone() {
            all.spawn(keep(net.client(), format!("{base}/{}", app.key().replace('#', "/")), app, length));
        }
        while let Some(done) = all.join_next().await {
            done.context("sending at the limit")??;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    line.apps.iter().map(|app| Ok((app.counting, floor(line, app, begun, length)?))).collect()
}

async fn keep(client: Client, base: String, app: App, length: Duration) -> Result<()> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
    }
    let grant = json!({
        "grant_type": "client_credentials", "client_id": "bench-client", "client_secret": "bench-client-secret",
    });
    let granted = client.post(format!("{base}/token")).json(&grant).send().await?.error_for_status()?;
    let token = serde_json::from_str::<Granted>(&granted.text().await?)?.access_token;
    let body = json!({ "from": "bot", "to": ["user1"], "type": "txt", "body": { "msg": "hello" } });
    let (start, mut sends) = (Instant::now(), JoinSet::new());
    for number in 0..count(&app, length) {
        sleep_until(start + Duration::from_secs_f64(number as f64 / f64::from(app.users))).await;
        let send = client.post(format!("{base}/messages/users")).bearer_auth(&token).json(&body);
        // A refusal is an answer as well; the stand-in counts both.
        sends.spawn(async move { send.send().await.map(drop) });
    }
    while let Some(sent) = sends.join_next().await {
        sent.context("a send's task")??;
    }
    Ok(())
}

fn count(app: &App, length: Duration) -> u64 {
    u64::from(app.users) * length.as_secs()
}

fn floor(line: &Line<'_>, app: &App, begun: i64, length: Duration) -> Result<Floor> {
    let traffic = line.easemob_traffic(&app.key())?.remove("users").unwrap_or_default();
    let (asked, limit) = (count(app, length) as f64, f64::from(app.users));
    let accepted = traffic.accepted as f64;
    let last = traffic.each.last().map_or(f64::NAN, |call| seconds(call.at - begun));
    Ok(Floor {
        asked,
        accepted,
        refused: traffic.refused as f64,
        fixed: traffic.most_in_fixed_second as f64 / limit,
        sliding: traffic.most_in_sliding_second as f64 / limit,
        throughput: accepted / last / limit,
        last: last / (asked / limit),
    })
}
