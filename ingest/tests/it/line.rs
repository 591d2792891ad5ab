//! The step on a queue in memory, called as Easemob calls it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use catalogue::{Bundle, Contents, Engines, RawCatalogue};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use ingest::config::Limits;
use ingest::{ActiveBundle, Config, Ingest, Log, Publish, RawIngest, router};
use md5::{Digest, Md5};
use schemas::topic::TopicNames;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::publisher::{Memory, Mood};

pub const APP: &str = "acme#support";
pub const PARTITIONS: i32 = 8;

const RULES: &str = r#"
    listen = "127.0.0.1:0"
    [[rule]]
    path = "/pre"
    app = "acme#support"
    stage = "pre"
    secret = "s3cr3t-A"
    [[rule]]
    path = "/post"
    app = "acme#support"
    stage = "post"
    secret = "s3cr3t-A"
    [[source]]
    path = "/feedback"
    app = "acme#support"
    kind = "feedback"
    secret = "s3cr3t-F"
    [[source]]
    path = "/takeover"
    app = "acme#support"
    kind = "takeover"
    secret = "s3cr3t-F"
    [[source]]
    path = "/finding"
    app = "acme#support"
    kind = "finding"
    secret = "s3cr3t-F"
"#;

pub struct Line {
    pub ingest: Arc<Ingest>,
    pub memory: Arc<Memory>,
    pub bundle: watch::Sender<Arc<ActiveBundle>>,
}

/// A bundle of one app with those policies.
pub fn bundle(policies: &str) -> Arc<Bundle> {
    changed_bundle(policies, |catalogue| catalogue)
}

/// The same, its file changed.
fn changed_bundle(policies: &str, change: impl FnOnce(String) -> String) -> Arc<Bundle> {
    let catalogue = format!(
        r#"
        [[app]]
        key = "{APP}"
        chain = ["t"]
        allowed_regions = ["cn"]
        label = "AI"
        keep_answers = true
        {policies}
        [[app.bot]]
        id = "bot_helpdesk"
        names = ["小助手", "Help Desk"]
        [[app.bot]]
        id = "bot_sales"
        [[target]]
        name = "t"
        provider = "local"
        model = "m"
        region = "cn"
        [[filter.word]]
        id = "gamble"
        words = ["赌博"]
        action = "block"
        [[filter.word]]
        id = "mild"
        words = ["damn"]
        action = "mask"
        [[filter.word]]
        id = "odd"
        words = ["strange brew"]
        action = "hold"
        "#
    );
    let raw: RawCatalogue = toml::from_str(&change(catalogue)).unwrap();
    Arc::new(catalogue::validate(&raw).unwrap())
}

/// A bundle in force.
pub fn active(bundle: Arc<Bundle>) -> Arc<ActiveBundle> {
    let engines = Engines::of(&bundle, &Contents::default()).unwrap();
    Arc::new(ActiveBundle::new(bundle, Arc::new(engines)))
}

/// The checked section, in front of that bundle.
pub fn config(bundle: &Bundle) -> Config {
    let raw: RawIngest = toml::from_str(RULES).unwrap();
    ingest::validate(&raw, bundle).unwrap()
}

/// The step in front of any queue, and what switches its bundle.
pub fn ingest(
    policies: &str,
    publisher: Arc<dyn Publish>,
    prefix: &str,
    change: impl FnOnce(&mut Config),
) -> (Arc<Ingest>, watch::Sender<Arc<ActiveBundle>>) {
    let bundle = bundle(policies);
    let mut config = config(&bundle);
    change(&mut config);
    let (switch, bundle) = watch::channel(active(bundle));
    let log = Log::new("test", &TopicNames::new(prefix), PARTITIONS);
    (Ingest::new(config, publisher, log, bundle), switch)
}

/// The answer to one request.
pub async fn send(ingest: &Arc<Ingest>, request: Request<Body>) -> (StatusCode, Value) {
    let response = router(ingest).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let characters = String::from_utf8_lossy(&body).chars().count();
    assert!(characters <= 1_000, "the reply is too long for easemob");
    (status, serde_json::from_slice(&body).unwrap())
}

impl Line {
    pub fn new(policies: &str, mood: Mood) -> Self {
        Self::with_limits(policies, mood, |_| {})
    }

    pub fn with_limits(policies: &str, mood: Mood, change: impl FnOnce(&mut Limits)) -> Self {
        let memory = Arc::new(Memory::new(mood));
        let publisher = Arc::clone(&memory);
        let (ingest, bundle) = ingest(policies, publisher, "test.", |config| change(&mut config.limits));
        Self { ingest, memory, bundle }
    }

    /// A step whose catalogue is changed before it is read.
    pub fn of(policies: &str, change: impl FnOnce(String) -> String) -> Self {
        let line = Self::new(policies, Mood::Acknowledges);
        line.bundle.send_replace(active(changed_bundle(policies, change)));
        line
    }

    /// As [`Self::new`]; the rule `id` says what happens where its action, which is this one, cannot be carried out.
    pub fn on_error(policies: &str, (id, action): (&str, &str), on_error: Option<&str>) -> Self {
        let said = on_error.map(|said| format!("on_error = {said:?}")).unwrap_or_default();
        Self::of(policies, |text| {
            let start = text.find(&format!("[[filter.word]]\n        id = {id:?}")).unwrap();
            let (before, rule) = text.split_at(start);
            let rule = rule.replacen("[[filter.word]]", "[[filter.rule]]", 1);
            let (words, rest) = rule.split_once("action = ").unwrap();
            let rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            format!("{before}{words}action = {action:?}\n{said}\n{rest}")
        })
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        send(&self.ingest, request).await
    }

    /// Posts a callback, signed now.
    pub async fn call(&self, path: &str, callback: Value) -> (StatusCode, Value) {
        self.send(post(path, signed(callback, now()).to_string())).await
    }

    /// The reply to a pre-send callback.
    pub async fn before(&self, callback: Value) -> Value {
        let (status, reply) = self.call("/pre", callback).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply
    }
}

pub fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// A callback with that time and Easemob's signature; a timestamp that is text stays text.
pub fn signed(mut callback: Value, at: i64) -> Value {
    let call = callback["callId"].as_str().unwrap_or_default().to_owned();
    let digest = Md5::digest(format!("{call}s3cr3t-A{at}"));
    let as_text = callback["timestamp"].is_string();
    callback["timestamp"] = if as_text { json!(at.to_string()) } else { json!(at) };
    callback["security"] = json!(base16ct::lower::encode_string(&digest));
    callback
}

/// Headers of a source's request.
pub fn source_request(path: &str, body: &str, at: i64, secret: &str) -> Request<Body> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let signature = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    let mut request = post(path, body.to_owned());
    request.headers_mut().insert(ingest::TIMESTAMP_HEADER, at.to_string().parse().unwrap());
    request.headers_mut().insert(ingest::SIGNATURE_HEADER, signature.parse().unwrap());
    request
}

/// A text message between two users.
pub fn chat(from: &str, to: &str, text: &str) -> Value {
    json!({
        "callId": "acme#support_3b0f6f0e", "timestamp": 0, "chat_type": "chat", "from": from, "to": to,
        "msg_id": "1501234567890123456",
        "payload": {"bodies": [{"type": "txt", "msg": text}], "ext": {}, "from": from, "to": to, "meta": {}, "type": "chat"}
    })
}

/// A text message to the bot.
pub fn question(text: &str) -> Value {
    chat("alice", "bot_helpdesk", text)
}

/// How long a future takes by the paused clock.
pub async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let began = tokio::time::Instant::now();
    (future.await, began.elapsed())
}
