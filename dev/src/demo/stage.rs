//! What a scene plays with, and how it shows what people see.

use super::line::Line;
use super::moderation::Moderation;
use anyhow::{Result, bail};
use dev::console::say;
use dev::rig::easemob::{BOT, Easemob, Received, Sent, To};
use dev::rig::home::Home;
use dev::rig::model::{Call, Model};
use dev::rig::patience::Patience;
use dev::rig::topics::Topics;
use schemas::decision::Decision;
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longest wait for one thing to happen.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// The running line, the stand-ins around it, and what the topics hold.
pub(crate) struct Stage<'a> {
    pub(crate) home: &'a Home,
    pub(crate) line: &'a mut Line,
    pub(crate) easemob: &'a Easemob,
    pub(crate) model: &'a Model,
    pub(crate) moderation: &'a Moderation,
    pub(crate) topics: &'a Topics,
    pub(crate) patience: &'a Patience,
}

/// A message on its way: what became of it, and since when its answer is waited for.
pub(crate) struct Said {
    pub(crate) sent: Sent,
    /// Number of the newest message that its place had received before.
    seen: u64,
    /// Milliseconds since the epoch.
    at: i64,
}

impl Stage<'_> {
    /// A person says something; it is shown with what Easemob was told about it.
    pub(crate) fn say(&self, from: &str, to: To<'_>, text: &str) -> Result<Said> {
        let seen = self.easemob.inbox(place(from, to))?.last().map_or(0, |newest| newest.number);
        let at = now_ms();
        let sent = self.easemob.send(from, to, text)?;
        show(from, to.name(), text, &told(&sent));
        Ok(Said { sent, seen, at })
    }

    /// Waits for the bot's answer to what `from` said, shows it, and returns its text.
    pub(crate) fn answer(&self, from: &str, to: To<'_>, said: &Said) -> Result<String> {
        let what = format!("an answer to {from}");
        let answer =
            self.patience.until(&what, WITHIN, || Ok(self.answers(from, to, said)?.into_iter().next()))?;
        let text = answer.text.unwrap_or_default();
        show(
            bot(to),
            place(from, to).name(),
            &text,
            &format!("{} ms after the question", answer.timestamp - said.at),
        );
        Ok(text)
    }

    /// What the bot has said in the place of `said` since then.
    pub(crate) fn answers(&self, from: &str, to: To<'_>, said: &Said) -> Result<Vec<Received>> {
        let mut received = self.easemob.inbox(place(from, to))?;
        received.retain(|message| message.number > said.seen && message.from == bot(to));
        Ok(received)
    }

    /// Waits for a decision.
    pub(crate) fn decision(&self, what: &str, mut is_it: impl FnMut(&Decision) -> bool) -> Result<Decision> {
        self.patience.until(&format!("the decision {what}"), WITHIN, || {
            Ok(self.topics.all::<Decision>()?.into_iter().find(|decision| is_it(decision)))
        })
    }

    /// Waits for the decision on a message.
    pub(crate) fn decided(&self, said: &Said) -> Result<Decision> {
        let is_it = |decision: &Decision| {
            let message = decision.message.as_ref();
            decision.input == "message" && message.is_some_and(|id| id.easemob_id() == said.sent.msg_id)
        };
        self.decision("on the message", is_it)
    }

    /// Waits until that many calls about `contains` are held by the model.
    pub(crate) fn thinking(&self, contains: &str) -> Result<Call> {
        let what = format!("the model to think about {contains:?}");
        self.patience.until(&what, WITHIN, || {
            let calls = self.model.about(contains)?;
            Ok(calls.into_iter().find(|call| call.held && call.end == "running"))
        })
    }
}

/// Fails unless what was seen is what must be.
///
/// # Errors
/// Both, and what they are about.
pub(crate) fn expect<T: PartialEq + Debug>(what: &str, expected: T, seen: T) -> Result<()> {
    if expected != seen {
        bail!("{what}: expected {expected:?}, saw {seen:?}");
    }
    Ok(())
}

/// Fails unless `text` contains `part`.
///
/// # Errors
/// Both, and what they are about.
pub(crate) fn expect_part(what: &str, part: &str, text: &str) -> Result<()> {
    if !text.contains(part) {
        bail!("{what}: expected it to contain {part:?}, saw {text:?}");
    }
    Ok(())
}

/// A line of dialogue.
pub(crate) fn show(from: &str, to: &str, text: &str, remark: &str) {
    say(&format!("   {from} → {to}: {text}   [{remark}]"));
}

/// A line beside the dialogue.
pub(crate) fn note(text: &str) {
    say(&format!("   · {text}"));
}

/// The bot that answers there.
fn bot<'a>(to: To<'a>) -> &'a str {
    match to {
        To::User(bot) => bot,
        To::Group(_) => BOT,
    }
}

/// Where the answer to `from` arrives.
fn place<'a>(from: &'a str, to: To<'a>) -> To<'a> {
    match to {
        To::User(_) => To::User(from),
        To::Group(_) => to,
    }
}

/// How Easemob was answered, in a few words.
pub(crate) fn told(sent: &Sent) -> String {
    let took = sent.latency_ms.unwrap_or_default();
    let fate = if sent.delivered { "delivered" } else { "not delivered" };
    let word = match (sent.decided_by.as_str(), sent.status) {
        ("verdict", _) if sent.delivered => "pass".to_owned(),
        ("verdict", _) => "stop".to_owned(),
        (_, Some(status)) => format!("refused with {status}; {fate} by Easemob's fallback"),
        (_, None) => format!("no answer; {fate} by Easemob's fallback"),
    };
    let shown =
        sent.sender_error.as_ref().map(|shown| format!("; the sender sees {}: {}", shown.error, shown.text));
    format!("Easemob was told: {word}, in {took:.0} ms{}", shown.unwrap_or_default())
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sent(value: Value) -> Sent {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_easemob_was_told_is_one_phrase() {
        let passed = json!({"msg_id": "1", "delivered": true, "decided_by": "verdict", "sender_error": null,
            "callback": 1, "status": 200, "latency_ms": 3.6});
        assert_eq!(told(&sent(passed)), "Easemob was told: pass, in 4 ms");
        let blocked = json!({"msg_id": "1", "delivered": false, "decided_by": "verdict",
            "sender_error": {"error": 508, "text": "blocked"}, "callback": 1, "status": 200, "latency_ms": 1.0});
        assert_eq!(told(&sent(blocked)), "Easemob was told: stop, in 1 ms; the sender sees 508: blocked");
        let refused = json!({"msg_id": "1", "delivered": true, "decided_by": "fallback", "sender_error": null,
            "callback": 1, "status": 401, "latency_ms": 1.0});
        assert!(told(&sent(refused)).contains("refused with 401; delivered by Easemob's fallback"));
    }

    #[test]
    fn an_expectation_names_what_it_is_about_and_both_sides() {
        expect("answers", 1, 1).unwrap();
        assert_eq!(expect("answers", 1, 2).unwrap_err().to_string(), "answers: expected 1, saw 2");
        assert!(expect_part("the answer", "42", "43").is_err());
    }
}
