//! The stand-ins of Easemob and of the model, inside the test's process: they outlive every kill.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use simulators::easemob::{self, AppConfig, RuleConfig, Stage};
use simulators::{Handle, model};
use tokio::runtime::Runtime;

use crate::http;

/// Both stand-ins and how to ask them.
pub(crate) struct StandIns {
    /// Base address of Easemob's REST side.
    pub(crate) easemob: String,
    /// Base address of the model.
    pub(crate) model: String,
    /// Whose messages are sent unless another app is named.
    app: String,
    _handles: (Handle, Handle),
    runtime: Runtime,
}

/// What became of a message that a client sent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sent {
    pub(crate) msg_id: String,
    pub(crate) delivered: bool,
    pub(crate) decided_by: String,
    pub(crate) status: Option<u16>,
    pub(crate) reply: Option<String>,
    pub(crate) latency_ms: Option<f64>,
}

impl Sent {
    /// Easemob got a verdict in time, and did not deliver.
    pub(crate) fn is_intercepted(&self) -> bool {
        self.decided_by == "verdict" && !self.delivered && !self.is_unavailable() && !self.is_blocked()
    }

    /// The filter stopped it.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.delivered && self.reply.as_deref().unwrap_or_default().contains("blocked")
    }

    /// The line said that it could not record the message.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.reply.as_deref().unwrap_or_default().contains("try again later")
    }
}

/// One call on the model's invoice.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Call {
    pub(crate) request_id: Option<String>,
    pub(crate) last_user: String,
    /// When the stand-in read it, which is later than it was sent.
    pub(crate) started_at: i64,
    pub(crate) end: String,
    pub(crate) held: bool,
}

impl Call {
    /// The request that it was made for: the correlation is its id and the attempt's number.
    pub(crate) fn request(&self) -> String {
        self.request_id.as_deref().unwrap().rsplit_once('-').unwrap().0.to_owned()
    }
}

/// One message that the REST side took.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestSend {
    pub(crate) ext: Value,
    pub(crate) msg_ids: std::collections::BTreeMap<String, String>,
    pub(crate) at: i64,
}

impl RestSend {
    /// The mark of the part.
    pub(crate) fn reply_id(&self) -> String {
        self.ext["huiyin"]["reply_id"].as_str().unwrap().to_owned()
    }

    /// Whom it went to.
    pub(crate) fn to(&self) -> String {
        self.msg_ids.keys().next().unwrap().clone()
    }
}

impl StandIns {
    pub(crate) fn start(seed: u64, ingest: u16, rules: &[(&str, &str)], after: bool) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let apps = rules.iter().map(|(app, path)| app_of(app, path, ingest, after)).collect();
        let easemob = easemob::Config { seed, apps, ..easemob::Config::default() };
        let model = model::Config {
            seed,
            latency: Duration::from_millis(120),
            latency_sigma: 0.4,
            answers: vec![
                model::Answer { contains: "long story".into(), reply: long_story() },
                model::Answer { contains: "Which fruit".into(), reply: "Try a pineapple.".into() },
            ],
            ..model::Config::default()
        };
        let handles = runtime
            .block_on(async { (easemob::start(easemob).await.unwrap(), model::start(model).await.unwrap()) });
        Self {
            easemob: handles.0.url(""),
            model: handles.1.url(""),
            app: rules[0].0.to_owned(),
            _handles: handles,
            runtime,
        }
    }

    /// A user of the first app tells the bot something.
    pub(crate) fn say(&self, user: &str, text: &str) -> Sent {
        self.say_in(&self.app, user, text)
    }

    pub(crate) fn say_in(&self, app: &str, user: &str, text: &str) -> Sent {
        let order = json!({ "app": app, "chat_type": "chat", "from": user, "to": "bot", "text": text });
        serde_json::from_value(http::post(&format!("{}/control/send", self.easemob), &order)).unwrap()
    }

    /// Texts that a user received from the bot, oldest first.
    pub(crate) fn heard(&self, user: &str) -> Vec<String> {
        let inbox = http::get(&format!("{}/control/inbox?user={user}", self.easemob));
        let messages = inbox["messages"].as_array().unwrap();
        let texts = messages.iter().filter(|message| message["from"] == "bot");
        texts.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Every message that the REST side took, in order.
    pub(crate) fn sends(&self) -> Vec<RestSend> {
        let sends = http::get(&format!("{}/control/sends", self.easemob));
        serde_json::from_value(sends["sends"].clone()).unwrap()
    }

    /// Every call of the model, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let ledger = http::get(&format!("{}/control/ledger", self.model));
        serde_json::from_value(ledger["entries"].clone()).unwrap()
    }

    /// The calls about a text.
    pub(crate) fn calls_about(&self, text: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.last_user.contains(text)).collect()
    }

    /// The calls about a text that are held back now.
    pub(crate) fn held(&self, text: &str) -> usize {
        self.calls_about(text).iter().filter(|call| call.held && call.end == "running").count()
    }

    pub(crate) fn hold(&self, text: &str) {
        http::post(&format!("{}/control/hold", self.model), &json!({ "contains": text }));
    }

    pub(crate) fn release(&self, text: &str) {
        http::post(&format!("{}/control/release", self.model), &json!({ "contains": text }));
    }

    /// Both stand-ins do nothing for so long: what is sent to them meanwhile waits in their sockets.
    pub(crate) fn stand_still(&self, length: Duration) {
        self.runtime.spawn(async move { std::thread::sleep(length) });
    }

    /// Every send is taken at once and confirmed only after so many milliseconds.
    pub(crate) fn confirm_after(&self, ms: i64) {
        let fault = json!({ "kind": "slow_after_accept", "after": format!("{ms}ms") });
        let order = json!({ "scope": { "path": "users" }, "times": 1_000_000, "fault": fault });
        http::post(&format!("{}/control/faults", self.easemob), &order);
    }
}

fn app_of(app: &str, path: &str, ingest: u16, after: bool) -> AppConfig {
    let rule = |name: &str, secret: &str, stage: Stage| RuleConfig {
        name: name.into(),
        url: format!("http://127.0.0.1:{ingest}{path}/{name}"),
        secret: secret.into(),
        stage,
        wait: (stage == Stage::Pre).then_some(Duration::from_millis(2_500)),
        report_error: true,
        ..RuleConfig::default()
    };
    let before = rule("before", "rule-secret-before", Stage::Pre);
    let after = after.then(|| rule("after", "rule-secret-after", Stage::Post));
    AppConfig {
        app: app.into(),
        client_id: "client-of-acme".into(),
        client_secret: "client-secret-of-acme".into(),
        rules: std::iter::once(before).chain(after).collect(),
        ..AppConfig::default()
    }
}

/// An answer of several parts.
fn long_story() -> String {
    (1..=12).map(|n| format!("Chapter {n} tells what happened on day {n} of a long journey. ")).collect()
}
