//! A moderation system outside of the line, which reads what the bot has said.

use anyhow::{Context, Result, anyhow};
use dev::rig::net::Net;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Key of its signatures, as the configuration has it.
const SECRET: &str = "demo-secret-findings";

/// Tells the line what it finds, in signed calls.
pub(crate) struct Moderation {
    net: Rc<Net>,
    url: String,
}

impl Moderation {
    /// Speaks to the ingest step on that port.
    pub(crate) fn new(net: Rc<Net>, ingest_port: u16) -> Self {
        Self { net, url: format!("http://127.0.0.1:{ingest_port}/findings") }
    }

    /// Tells a finding, and gives what the line says to it.
    ///
    /// # Errors
    /// When the line does not take it.
    pub(crate) fn tell(&self, finding: &Value) -> Result<String> {
        let (body, since) = (finding.to_string(), SystemTime::now().duration_since(UNIX_EPOCH));
        let time = since.context("reading the clock")?.as_millis().to_string();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map_err(|error| anyhow!("{error}"))?;
        mac.update(format!("{time}.{body}").as_bytes());
        let signature = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = [("x-huiyin-timestamp", time), ("x-huiyin-signature", signature)];
        self.net.post_with(&self.url, &headers, &body)
    }
}
