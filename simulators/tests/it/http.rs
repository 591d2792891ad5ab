//! A real client for what the stand-ins offer.

use serde_json::Value;
use simulators::Handle;
use std::sync::OnceLock;

pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

/// Builds a client once, for that is slow; idle connections are not kept, because they would belong to the
/// runtime of the test that opened them.
pub(crate) fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let build = || {
        rustls::crypto::ring::default_provider().install_default().unwrap();
        reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
    };
    CLIENT.get_or_init(build).clone()
}

pub(crate) async fn call(request: reqwest::RequestBuilder) -> Result<Answered, reqwest::Error> {
    let reply = request.send().await?;
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    Ok(Answered { status, headers, text: reply.text().await? })
}

pub(crate) async fn post(at: &Handle, path: &str, body: Value) -> Answered {
    call(client().post(at.url(path)).json(&body)).await.unwrap()
}

/// A control call that must succeed.
pub(crate) async fn order(at: &Handle, path: &str, body: Value) -> Value {
    let answered = post(at, path, body).await;
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
    answered.json()
}

pub(crate) async fn read(at: &Handle, path: &str) -> Value {
    let answered = call(client().get(at.url(path))).await.unwrap();
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
    answered.json()
}
