//! A callback server that answers as a test says and remembers what it was sent.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use simulators::Handle;
use simulators::easemob::{self, AppConfig, Config, RuleConfig};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

pub(crate) const APP: &str = "acme#support";

#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) after: Duration,
}

impl Reply {
    pub(crate) fn text(text: &str) -> Self {
        Self { status: 200, text: text.into(), after: Duration::ZERO }
    }
}

pub(crate) struct Line {
    pub(crate) url: String,
    reply: Arc<Mutex<Reply>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

type Shared = (Arc<Mutex<Reply>>, Arc<Mutex<Vec<(HeaderMap, String)>>>);

impl Line {
    pub(crate) async fn start(reply: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let shared: Shared = (Arc::new(Mutex::new(Reply::text(reply))), Arc::default());
        let router = axum::Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, reply: shared.0, received: shared.1 }
    }

    pub(crate) fn answer_with(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    pub(crate) fn last(&self) -> Value {
        serde_json::from_str(self.bodies().last().expect("nothing received")).unwrap()
    }

    pub(crate) fn last_headers(&self) -> HeaderMap {
        self.received.lock().unwrap().last().expect("nothing received").0.clone()
    }

    /// Waits until `count` callbacks arrived.
    pub(crate) async fn until(&self, count: usize) {
        let arrived = async {
            while self.bodies().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), arrived).await;
        assert!(waited.is_ok(), "{} of {count} callbacks arrived", self.bodies().len());
    }
}

async fn answer(
    State((reply, received)): State<Shared>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> (StatusCode, String) {
    received.lock().unwrap().push((headers, String::from_utf8_lossy(&body).into_owned()));
    let reply = reply.lock().unwrap().clone();
    tokio::time::sleep(reply.after).await;
    (StatusCode::from_u16(reply.status).unwrap(), reply.text)
}

pub(crate) fn rule(name: &str, url: &str) -> RuleConfig {
    RuleConfig {
        name: name.into(),
        url: url.into(),
        secret: "s3cr3t-A".into(),
        wait: Some(Duration::from_secs(2)),
        ..RuleConfig::default()
    }
}

pub(crate) fn app(rules: Vec<RuleConfig>) -> AppConfig {
    AppConfig {
        app: APP.into(),
        client_id: "id".into(),
        client_secret: "secret".into(),
        rules,
        ..AppConfig::default()
    }
}

pub(crate) async fn easemob(rules: Vec<RuleConfig>) -> Handle {
    easemob::start(Config { seed: 7, apps: vec![app(rules)], ..Config::default() }).await.unwrap()
}
