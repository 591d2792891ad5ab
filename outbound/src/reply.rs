//! A complete HTTP reply, and the trait by which callers say what it means.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{CONTENT_ENCODING, HeaderMap},
};

use crate::{class::Class, failure::Failure, retry_after};

/// A reply whose body was read to its end, or, for an error status, to the body limit.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers of the reply.
    pub headers: HeaderMap,
    /// The body, without the codings that the headers name, not larger than the client's limit.
    pub body: Bytes,
    /// When the reply's head arrived; what an HTTP date in `Retry-After` counts from.
    pub received: SystemTime,
}

/// What replies of one kind of endpoint mean.
pub trait Classify {
    /// What a successful reply yields.
    type Output;

    /// Reads a reply.
    ///
    /// # Errors
    /// The failure that the reply stands for; [`Reply::failure`] gives it the parts every endpoint shares.
    fn classify(&self, reply: &Reply) -> Result<Self::Output, Failure>;
}

impl Reply {
    /// A failure of this class, with the wait that the headers ask for. It is ambiguous when a gateway gave up
    /// on what is behind it, or when the request was accepted and only the reply is unusable.
    #[must_use]
    pub fn failure(&self, class: Class, detail: impl AsRef<str>) -> Failure {
        let failure = Failure::new(class, detail).with_retry_after(self.retry_after());
        let gave_up = matches!(self.status.as_u16(), 502 | 504 | 520..=524);
        let unusable =
            self.status.is_success() && matches!(class, Class::Protocol | Class::Empty | Class::CapUsedUp);
        if gave_up || unusable { failure.possibly_done() } else { failure }
    }

    /// The failure that the status alone stands for, `None` for a success.
    #[must_use]
    pub fn status_failure(&self) -> Option<Failure> {
        let class = Class::of_status(self.status.as_u16())?;
        Some(self.failure(class, format!("http status {}", self.status.as_u16())))
    }

    /// How the body was compressed on its way, as the endpoint says; [`Reply::body`] no longer is.
    #[must_use]
    pub fn content_encoding(&self) -> Option<&str> {
        self.header(CONTENT_ENCODING.as_str())
    }

    /// How long the endpoint asked to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after::parse(&self.headers, self.received)
    }

    /// A header as text, `None` when absent or not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl std::fmt::Debug for Reply {
    /// Without headers and content: both may hold what people wrote, or secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: [("retry-after".parse().unwrap(), "2".parse().unwrap())].into_iter().collect(),
            body: Bytes::from_static(b"secret words"),
            received: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_status_failure_carries_the_asked_wait() {
        let failure = reply(429).status_failure().unwrap();
        assert_eq!(failure.class, Class::RateLimited);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(2)));
        assert!(!failure.ambiguous);
        assert_eq!(reply(204).status_failure(), None);
    }

    #[test]
    fn a_gateway_that_gave_up_and_an_unusable_success_are_ambiguous() {
        assert!(reply(504).status_failure().unwrap().ambiguous);
        assert!(reply(200).failure(Class::Protocol, "not json").ambiguous);
        assert!(!reply(500).status_failure().unwrap().ambiguous);
        assert!(!reply(200).failure(Class::ContentBlocked, "filtered").ambiguous);
    }

    #[test]
    fn debug_shows_no_content() {
        assert!(!format!("{:?}", reply(200)).contains("secret"));
    }
}
