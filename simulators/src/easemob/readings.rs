//! The control surface: what happened.

use super::app::App;
use super::config::ChatKind;
use super::records::{CallbackRecord, Received, RestRecall, RestSend};
use super::state::Easemob;
use crate::time::now_ms;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

type Shared = State<Arc<Easemob>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inbox {
    app: Option<String>,
    /// Shows entries with a larger number only.
    #[serde(default)]
    after: u64,
    user: Option<String>,
    /// Group or room id.
    group: Option<String>,
}

impl Inbox {
    fn shows(&self, received: &Received) -> bool {
        let message = &received.message;
        let private = message.chat_type == ChatKind::Chat;
        self.app.as_ref().is_none_or(|app| *app == message.app)
            && self.user.as_ref().is_none_or(|user| private && *user == message.to)
            && self.group.as_ref().is_none_or(|group| !private && *group == message.to)
    }
}

/// `GET /control/inbox`.
pub(crate) async fn inbox(easemob: Shared, Query(wanted): Query<Inbox>) -> Json<Value> {
    let records = easemob.records();
    Json(json!({ "messages": records.inbox.rows(wanted.after, |received| wanted.shows(received)) }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sends {
    app: Option<String>,
    /// Shows entries with a larger number only.
    #[serde(default)]
    after: u64,
}

/// `GET /control/sends`.
pub(crate) async fn sends(easemob: Shared, Query(wanted): Query<Sends>) -> Json<Value> {
    let records = easemob.records();
    let shows = |send: &RestSend| wanted.app.as_ref().is_none_or(|app| *app == send.app);
    Json(json!({ "sends": records.sends.rows(wanted.after, shows) }))
}

/// `GET /control/recalls`: messages that the REST API took back.
pub(crate) async fn recalls(easemob: Shared, Query(wanted): Query<Sends>) -> Json<Value> {
    let records = easemob.records();
    let shows = |recall: &RestRecall| wanted.app.as_ref().is_none_or(|app| *app == recall.app);
    Json(json!({ "recalls": records.recalls.rows(wanted.after, shows) }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Callbacks {
    app: Option<String>,
    /// Shows entries with a larger number only.
    #[serde(default)]
    after: u64,
    rule: Option<String>,
    msg_id: Option<String>,
}

impl Callbacks {
    fn shows(&self, record: &CallbackRecord) -> bool {
        self.app.as_ref().is_none_or(|app| *app == record.app)
            && self.rule.as_ref().is_none_or(|rule| *rule == record.rule)
            && self.msg_id.as_ref().is_none_or(|msg_id| record.msg_id.as_ref() == Some(msg_id))
    }
}

/// `GET /control/callbacks`.
pub(crate) async fn callbacks(easemob: Shared, Query(wanted): Query<Callbacks>) -> Json<Value> {
    let records = easemob.records();
    Json(json!({ "callbacks": records.callbacks.rows(wanted.after, |record| wanted.shows(record)) }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    app: Option<String>,
    /// Shows each call as well.
    #[serde(default)]
    calls: bool,
}

/// `GET /control/traffic`: the last 50,000 calls of each app and endpoint, by what became of them.
pub(crate) async fn traffic(easemob: Shared, Query(wanted): Query<Wanted>) -> Json<Value> {
    let is_wanted = |app: &&App| wanted.app.as_ref().is_none_or(|wanted| *wanted == app.key);
    let apps = easemob.apps.values().filter(is_wanted).map(|app| {
        let traffic = app.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let told = traffic.iter().map(|(path, traffic)| (*path, traffic.told(wanted.calls)));
        (app.key.clone(), json!(told.collect::<BTreeMap<_, _>>()))
    });
    Json(json!({ "apps": apps.collect::<BTreeMap<_, _>>() }))
}

/// `GET /control/bans`.
pub(crate) async fn bans(easemob: Shared) -> Json<Value> {
    let apps = easemob.apps.values().map(|app| {
        let ban = app.ban.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "app": app.key, "banned": ban.active(now_ms()), "until": ban.until_ms() })
    });
    Json(json!({ "apps": apps.collect::<Vec<_>>() }))
}
