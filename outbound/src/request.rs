//! One HTTP request, ready to be sent any number of times.

use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};

use crate::{class::Class, failure::Failure};

/// A request; cloning shares the body.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at_most_once: bool,
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, url: Url, body: Bytes) -> Self {
        Self { method, url, headers: HeaderMap::new(), body, at_most_once: false }
    }

    /// A `POST` with a JSON body that asks for a JSON reply.
    #[must_use]
    pub fn post_json(url: Url, body: impl Into<Bytes>) -> Self {
        let mut request = Self::new(Method::POST, url, body.into());
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }

    /// With a header.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when name or value cannot stand in a header.
    pub fn header(self, name: &str, value: &str) -> Result<Self, Failure> {
        self.insert(name, self::value(value)?)
    }

    /// With a header whose value is never printed and never put into a compression table.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when name or value cannot stand in a header.
    pub fn secret_header(self, name: &str, value: &str) -> Result<Self, Failure> {
        let mut value = self::value(value)?;
        value.set_sensitive(true);
        self.insert(name, value)
    }

    /// With a bearer token.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when the token cannot stand in a header.
    pub fn bearer(self, token: &str) -> Result<Self, Failure> {
        self.secret_header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// The request goes over a connection of its own. If a kept connection turned out to be dead, nobody could say whether
    /// the other side has the request, and so whether it may be sent again.
    #[must_use]
    pub fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// As the HTTP library takes it.
    pub(crate) fn outgoing(&self) -> reqwest::Request {
        let mut outgoing = reqwest::Request::new(self.method.clone(), self.url.clone());
        *outgoing.headers_mut() = self.headers.clone();
        if !self.body.is_empty() {
            *outgoing.body_mut() = Some(self.body.clone().into());
        }
        outgoing
    }

    fn insert(mut self, name: &str, value: HeaderValue) -> Result<Self, Failure> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("name"))?;
        self.headers.insert(name, value);
        Ok(self)
    }
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| refused("value"))
}

fn refused(what: &str) -> Failure {
    Failure::new(Class::BadRequest, format!("set a request header: invalid {what}"))
}

impl std::fmt::Debug for Request {
    /// Without path, query, headers and content: each may hold what people wrote, or secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_sent_and_asked_for() {
        let request = Request::post_json(Url::parse("http://127.0.0.1/x").unwrap(), "{}");
        for name in [ACCEPT, CONTENT_TYPE] {
            assert_eq!(request.headers[&name], "application/json", "{name}");
        }
    }

    #[test]
    fn a_token_that_breaks_the_header_is_refused_without_being_quoted() {
        let url = Url::parse("http://127.0.0.1/x?key=hush").unwrap();
        let request = Request::post_json(url, "{}");
        assert!(!format!("{:?}", request.clone().bearer("hush").unwrap()).contains("hush"));
        let failure = request.bearer("hush\r\nx: y").unwrap_err();
        assert_eq!(failure.class, Class::BadRequest);
        assert!(!failure.detail.contains("hush"));
    }
}
