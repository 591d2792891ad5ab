//! One HTTP call to a callback server.

use super::exchange::{Exchange, Failure};
use crate::server::StartError;
use crate::time::fractional_ms;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Servers in the order in which they are tried: the next only when one refuses the connection.
    pub(crate) urls: Vec<Url>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The client of all callbacks: no proxy, no redirects, and only the certificates of a PEM file trusted.
pub(crate) fn client(trusted: Option<&Path>) -> Result<Client, StartError> {
    let refused = |error: String| StartError::Client(error);
    let mut roots = RootCertStore::empty();
    if let Some(path) = trusted {
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| refused(error.to_string()))?;
            roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        }
    }
    // The provider is named here so that the process's default stays the program's own choice.
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.redirect(Policy::none()).build().map_err(|error| refused(error.to_string()))
}

/// Sends a call and waits for the whole reply, at most `wait`; then the connection is dropped.
pub(crate) async fn exchange(client: &Client, call: Call, wait: Duration) -> Exchange {
    let begun = Instant::now();
    let answered = tokio::time::timeout(wait, async {
        let mut left = call.urls.iter();
        loop {
            let Some(url) = left.next() else { return Ok(None) };
            let request = client.request(call.method.clone(), url.clone());
            match request.headers(call.headers.clone()).body(call.body.clone()).send().await {
                Ok(reply) => {
                    let status = reply.status().as_u16();
                    return Ok::<_, reqwest::Error>(Some((status, reply.bytes().await?)));
                }
                Err(error) if error.is_connect() && !left.as_slice().is_empty() => {}
                Err(error) => return Err(error),
            }
        }
    })
    .await;
    let latency_ms = fractional_ms(begun.elapsed());
    let failed =
        |failure| Exchange { status: None, reply: String::new(), failure: Some(failure), latency_ms };
    match answered {
        Ok(Ok(Some((status, bytes)))) => {
            let reply = String::from_utf8_lossy(&bytes).into_owned();
            Exchange { status: Some(status), reply, failure: None, latency_ms }
        }
        Ok(Ok(None)) => failed(Failure::Connect),
        Ok(Err(error)) => {
            tracing::debug!(%error, "callback failed");
            failed(Failure::Connect)
        }
        Err(_) => failed(Failure::Timeout),
    }
}

/// Headers of every callback.
pub(crate) fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    [(CONTENT_TYPE, json)].into_iter().collect()
}
