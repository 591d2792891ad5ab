//! Events after sending: each is sent, retried once, and withheld under a ban.

use super::app::{App, Rule};
use super::caller::exchange;
use super::config::{ChatKind, Stage};
use super::envelope::{self, Fields};
use super::exchange::Exchange;
use super::exchange::Failure;
use super::message::Message;
use super::reply::LONGEST;
use super::state::Easemob;
use crate::time::now_ms;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

/// Tells every matching rule of a message that was delivered; does not wait for the replies.
pub(crate) fn announce(easemob: &Arc<Easemob>, app: &App, message: &Message) {
    let offline = message.chat_type == ChatKind::Chat && app.offline_users.contains(&message.to);
    for rule in listeners(app, message) {
        let told = envelope::after_sending(message, &rule, "chat", now_ms());
        let missed = (offline && rule.config.offline_events)
            .then(|| envelope::after_sending(message, &rule, "chat_offline", now_ms()));
        let (easemob, app) = (Arc::clone(easemob), app.key.clone());
        tokio::spawn(async move {
            tell(&easemob, &app, &rule, told).await;
            if let Some(missed) = missed {
                tell(&easemob, &app, &rule, missed).await;
            }
        });
    }
}

/// Tells every matching rule of a recall, under a new event id, and waits for the replies.
pub(crate) async fn recalled(easemob: &Arc<Easemob>, app: &App, message: &Message) -> Vec<Value> {
    let event_id = easemob.ids().message();
    let mut outcomes = Vec::new();
    for rule in listeners(app, message) {
        let fields = envelope::recall(message, &rule, &event_id, now_ms());
        let outcome = tell(easemob, &app.key, &rule, fields).await;
        outcomes.push(json!({ "rule": rule.config.name, "outcome": outcome }));
    }
    outcomes
}

fn listeners(app: &App, message: &Message) -> Vec<Rule> {
    let covers = |rule: &&Rule| {
        rule.covers(Stage::Post, message.chat_type, message.body_type()) && rule.listens_to(message.source)
    };
    app.rules().iter().filter(covers).cloned().collect()
}

/// Sends one event: at most two attempts, none under a ban. Returns how it ended.
async fn tell(easemob: &Easemob, app: &str, rule: &Rule, fields: Fields) -> Value {
    let Some(app) = easemob.apps.get(app) else { return Value::Null };
    for attempt in 1..=2 {
        let (record, call) = easemob.prepare(&app.key, rule, &fields, Some(attempt));
        if app.ban.lock().unwrap_or_else(PoisonError::into_inner).active(now_ms()) {
            let banned = json!("banned");
            easemob
                .records()
                .callbacks
                .push(super::records::CallbackRecord { outcome: banned.clone(), ..record });
            return banned;
        }
        let exchange = exchange(&easemob.client, call, rule.wait).await;
        let failure = acknowledged(&exchange);
        let outcome = failure.map_or(json!("accepted"), |failure| json!(failure));
        easemob.records().callbacks.push(record.answered(&exchange, outcome.clone()));
        if failure.is_some() && app.ban.lock().unwrap_or_else(PoisonError::into_inner).failed(now_ms()) {
            tracing::warn!(app = app.key, "callbacks after sending are banned");
        }
        // An oversize acknowledgement counts towards a ban but the event did arrive.
        if attempt == 2 || !failure.is_some_and(|failure| failure != Failure::TooLong) {
            return outcome;
        }
    }
    Value::Null
}

fn acknowledged(exchange: &Exchange) -> Option<Failure> {
    match (exchange.failure, exchange.status) {
        (Some(failure), _) => Some(failure),
        (None, Some(200)) => (exchange.reply.chars().count() > LONGEST).then_some(Failure::TooLong),
        (None, _) => Some(Failure::Status),
    }
}
