//! JSON over HTTP on the loopback interface, one call at a time.

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(30);

/// A client whose calls block the caller.
pub struct Net {
    runtime: Runtime,
    client: Client,
}

impl Net {
    /// Builds the client. It uses no proxy, since everything runs on this machine.
    ///
    /// # Errors
    /// When threads or the client cannot be had.
    pub fn new() -> Result<Self> {
        // `Err` says that another one is in place already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("starting a runtime")?;
        let client =
            Client::builder().no_proxy().timeout(PATIENCE).build().context("building an HTTP client")?;
        Ok(Self { runtime, client })
    }

    /// Where the calls run.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The client itself, for many calls at a time.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks `url` to forget what is there.
    ///
    /// # Errors
    /// As [`Net::text`].
    pub fn delete(&self, url: &str) -> Result<()> {
        self.call(url, self.client.delete(url)).map(drop)
    }

    /// What is at `url`, as JSON.
    ///
    /// # Errors
    /// No answer, a status other than 2xx, or another form than expected.
    pub fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T> {
        let text = self.text(url)?;
        serde_json::from_str(&text).with_context(|| format!("reading the answer of {url}: {text:.300}"))
    }

    /// What is at `url`, as it comes.
    ///
    /// # Errors
    /// No answer, or a status other than 2xx.
    pub fn text(&self, url: &str) -> Result<String> {
        self.call(url, self.client.get(url))
    }

    /// What `url` answers with, whatever the status.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn whatever(&self, url: &str) -> Result<String> {
        let answer = async { self.client.get(url).send().await?.text().await };
        self.runtime.block_on(answer).with_context(|| format!("calling {url}"))
    }

    /// Sends `body` to `url` as JSON.
    ///
    /// # Errors
    /// As [`Net::get`].
    pub fn post<T: DeserializeOwned>(&self, url: &str, body: &impl Serialize) -> Result<T> {
        let text = self.call(url, self.client.post(url).json(body))?;
        serde_json::from_str(&text).with_context(|| format!("reading the answer of {url}: {text:.300}"))
    }

    /// Sends a text to `url`.
    ///
    /// # Errors
    /// As [`Net::text`].
    pub fn post_text(&self, url: &str, body: &str) -> Result<String> {
        self.call(url, self.client.post(url).body(body.to_owned()))
    }

    /// Sends a text to `url` with headers of its own.
    ///
    /// # Errors
    /// As [`Net::text`].
    pub fn post_with(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<String> {
        let request = self.client.post(url).body(body.to_owned());
        self.call(url, headers.iter().fold(request, |request, (name, value)| request.header(*name, value)))
    }

    /// Whether `url` answers with a status of 2xx.
    pub fn is_ok(&self, url: &str) -> bool {
        self.call(url, self.client.get(url)).is_ok()
    }

    fn call(&self, url: &str, request: RequestBuilder) -> Result<String> {
        self.runtime.block_on(async {
            let answer: Response = request.send().await.with_context(|| format!("calling {url}"))?;
            let status = answer.status();
            let text = answer.text().await.with_context(|| format!("reading the answer of {url}"))?;
            ensure!(status.is_success(), "{url} answered {status}: {text:.300}");
            Ok(text)
        })
    }
}
