//! One HTTP request, ready to be sent any number of times.

use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
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

    /// A `POST` with a JSON body.
    #[must_use]
    pub fn post_json(url: Url, body: impl Into<Bytes>) -> Self {
        let mut request = Self::new(Method::POST, url, body.into());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }

    /// With a header.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when name or value cannot stand in a header.
    pub fn header(self, name: &str, value: &str) -> Result<Self, Failure> {
        self.insert(name, value, false)
    }

    /// With a header whose value is never printed and never put into a compression table.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when name or value cannot stand in a header.
    pub fn secret_header(self, name: &str, value: &str) -> Result<Self, Failure> {
        self.insert(name, value, true)
    }

    /// With a bearer token.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when the token cannot stand in a header.
    pub fn bearer(self, token: &str) -> Result<Self, Failure> {
        self.secret_header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// It goes over a connection of its own: nobody could say of a kept one that turns out to be dead whether the other side has the
    /// request, and so whether it may be sent again.
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

    fn insert(mut self, name: &str, value: &str, secret: bool) -> Result<Self, Failure> {
        let refuse = |what| Failure::new(Class::BadRequest, format!("set a request header: invalid {what}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse("name"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| refuse("value"))?;
        value.set_sensitive(secret);
        self.headers.insert(name, value);
        Ok(self)
    }
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
    fn a_token_that_breaks_the_header_is_refused_without_being_quoted() {
        let url = Url::parse("http://127.0.0.1/x?key=hush").unwrap();
        let request = Request::post_json(url, "{}");
        assert!(!format!("{:?}", request.clone().bearer("hush").unwrap()).contains("hush"));
        let failure = request.bearer("hush\r\nx: y").unwrap_err();
        assert_eq!(failure.class, Class::BadRequest);
        assert!(!failure.detail.contains("hush"));
    }
}
