//! The floor: a bare call over `reqwest` with the body that the step would send. Its reply is read to the end and not understood.

use super::contestant::{Calls, PREPARED};
use crate::requests::{MOST_TOKENS, SYSTEM, question};
use crate::stand_ins::REPLY;
use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

/// Prepared bodies and where they go.
pub(super) struct Bare {
    client: Client,
    url: String,
    bodies: Vec<Bytes>,
}

impl Bare {
    /// Prepares the calls.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub(super) fn new(base: &str, stream: bool) -> Result<Self> {
        // `Err` says that another one is in place already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder().no_proxy().build().context("building an HTTP client")?;
        let bodies = (0..PREPARED).map(|number| body(number, stream)).collect();
        Ok(Self { client, url: format!("{base}/v1/chat/completions"), bodies })
    }

    async fn exchange(&self, body: Bytes) -> reqwest::Result<Bytes> {
        let call = self.client.post(&self.url).bearer_auth("sk-bench");
        call.header(CONTENT_TYPE, "application/json").body(body).send().await?.bytes().await
    }
}

impl Calls for Bare {
    async fn call(&self, number: u64) -> Result<()> {
        let body = usize::try_from(number).ok().and_then(|number| self.bodies.get(number));
        let reply = self.exchange(body.cloned().unwrap_or_default()).await.context("calling")?;
        ensure!(contains(&reply, REPLY), "the reply was {}", String::from_utf8_lossy(&reply));
        Ok(())
    }
}

/// Whether a text is in some bytes.
pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn body(number: u64, stream: bool) -> Bytes {
    let mut body = json!({
        "model": "bench",
        "messages": [
            { "role": "system", "content": SYSTEM },
            { "role": "user", "content": question(number) },
        ],
        "max_tokens": MOST_TOKENS,
        "user": format!("user{number}"),
    });
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
    }
    body.to_string().into()
}
