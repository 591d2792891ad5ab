//! People who write at an even rate, however long the answers take, and orders to the stand-ins meanwhile.

use super::scene::Scene;
use anyhow::{Context, Result, ensure};
use dev::rig::easemob::Easemob;
use dev::rig::patience::{Interrupted, Patience};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// How often an interruption is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Where people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To the bot.
    Private,
    /// In groups, each message by another member.
    Groups,
}

impl Place {
    /// The last part of the path by which Easemob is asked to send there.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Private => "users",
            Self::Groups => "chatgroups",
        }
    }
}

/// Messages to one app, in its conversations by turns.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The App Key.
    pub(super) app: String,
    pub(super) place: Place,
    pub(super) per_second: u32,
    pub(super) length: Duration,
    pub(super) conversations: u64,
}

/// What the stand-in of Easemob is told while people write.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Time since the beginning.
    pub(super) after: Duration,
    /// Last part of the control call's path.
    pub(super) path: &'static str,
    pub(super) body: Value,
}

/// One message that the line took.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The user or the group.
    pub(super) conversation: String,
    /// When it was due, in milliseconds since the epoch.
    pub(super) due: i64,
    /// Easemob's id.
    pub(super) id: String,
}

/// What was played.
pub(super) struct Played {
    /// In milliseconds since the epoch.
    pub(super) begun: i64,
    /// By stream.
    pub(super) asked: Vec<Vec<Asked>>,
}

impl Stream {
    /// How many messages it has.
    pub(super) fn count(&self) -> u64 {
        u64::from(self.per_second) * self.length.as_millis() as u64 / 1_000
    }

    /// The message of a number: its conversation, and the order to send it.
    fn message(&self, number: u64) -> (String, Value) {
        let (conversation, round) = (number % self.conversations, number / self.conversations);
        let app = &self.app;
        match self.place {
            Place::Private => {
                let user = format!("user{conversation}");
                let text = format!("question {number}: when will my order arrive?");
                let order =
                    json!({ "app": app, "chat_type": "chat", "from": user, "to": "bot", "text": text });
                (user, order)
            }
            Place::Groups => {
                let (group, member) = (format!("{}", 1_000 + conversation), format!("member{round}"));
                let text = format!("@helpdesk question {number}: when will our order arrive?");
                let ext = json!({ "em_at_list": ["bot"] });
                let order = json!({
                    "app": app, "chat_type": "group", "from": member, "group_id": group, "text": text, "ext": ext,
                });
                (group, order)
            }
        }
    }

    async fn play(self, url: String, client: Client, start: Instant, begun: i64) -> Result<Vec<Asked>> {
        let mut sends = JoinSet::new();
        for number in 0..self.count() {
            let after = Duration::from_secs_f64(number as f64 / f64::from(self.per_second));
            sleep_until(start + after).await;
            let (conversation, order) = self.message(number);
            let due = begun + i64::try_from(after.as_millis())?;
            sends.spawn(send(client.clone(), url.clone(), order, conversation, due));
        }
        let mut asked = Vec::with_capacity(sends.len());
        while let Some(sent) = sends.join_next().await {
            asked.push(sent.context("sending a message")??);
        }
        asked.sort_by_key(|asked| asked.due);
        Ok(asked)
    }
}

async fn send(client: Client, url: String, order: Value, conversation: String, due: i64) -> Result<Asked> {
    #[derive(Deserialize)]
    struct Sent {
        msg_id: String,
        decided_by: String,
    }
    let answer = client.post(url).json(&order).send().await?.error_for_status()?;
    let sent: Sent = serde_json::from_str(&answer.text().await?)?;
    ensure!(sent.decided_by == "verdict", "a callback was not answered by the line: {}", sent.decided_by);
    Ok(Asked { conversation, due, id: sent.msg_id })
}

/// Plays all streams at once and gives the orders meanwhile; returns once everything was sent.
///
/// # Errors
/// When the stand-in does not answer, a callback was not answered by the line, or somebody interrupts.
pub(super) fn play(scene: &Scene, easemob: &Easemob, streams: &[Stream], orders: &[Order]) -> Result<Played> {
    let client = scene.net.client();
    let url = |path: &str| easemob.url(path);
    scene.net.runtime().block_on(async {
        let (start, begun) = (Instant::now(), now_ms());
        let mut given = JoinSet::new();
        for Order { after, path, body } in orders.iter().cloned() {
            let (client, url) = (client.clone(), url(path));
            given.spawn(async move {
                sleep_until(start + after).await;
                client.post(url).json(&body).send().await?.error_for_status().map(drop)
            });
        }
        let mut plays = JoinSet::new();
        for (at, stream) in streams.iter().cloned().enumerate() {
            let play = stream.play(url("send"), client.clone(), start, begun);
            plays.spawn(async move { play.await.map(|asked| (at, asked)) });
        }
        let all = async {
            let mut asked = vec![Vec::new(); streams.len()];
            while let Some(played) = plays.join_next().await {
                let (at, of_stream) = played.context("playing a stream")??;
                asked[at] = of_stream;
            }
            while let Some(done) = given.join_next().await {
                done.context("giving an order")??;
            }
            Ok(Played { begun, asked })
        };
        tokio::select! {
            played = all => played,
            () = interrupted(&scene.patience) => Err(Interrupted.into()),
        }
    })
}

async fn interrupted(patience: &Patience) {
    while !patience.is_over() {
        sleep(LOOK).await;
    }
}

/// Milliseconds since the epoch: the clock that the stand-ins share with this process.
pub(super) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(now).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_take_turns_and_members_of_a_group_too() {
        let stream = Stream {
            app: "acme#a".into(),
            place: Place::Groups,
            per_second: 40,
            length: Duration::from_millis(2_500),
            conversations: 3,
        };
        assert_eq!(stream.count(), 100);
        let (group, order) = stream.message(4);
        assert_eq!((group.as_str(), &order["from"]), ("1001", &json!("member1")));
        let private = Stream { place: Place::Private, ..stream };
        let (user, order) = private.message(5);
        assert_eq!((user.as_str(), &order["to"]), ("user2", &json!("bot")));
    }
}
