//! What an attempt that did not succeed tells its caller.

use std::time::Duration;

use crate::{
    class::{Class, Cooling},
    limiter::Excess,
    mask,
};

/// Longest detail kept, in bytes.
pub const DETAIL_BYTES: usize = 512;
/// Longest code kept, in bytes.
pub const CODE_BYTES: usize = 64;

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {detail}")]
#[non_exhaustive]
pub struct Failure {
    /// What kind of failure it is; decides what may follow.
    pub class: Class,
    /// How long the endpoint asked to be left alone, as it said it (not capped).
    pub retry_after: Option<Duration>,
    /// The endpoint's own code for the failure, at most [`CODE_BYTES`] long.
    pub code: Option<String>,
    /// What happened, for logs: at most [`DETAIL_BYTES`] long, credentials masked. Must not hold what people
    /// wrote; a classifier that quotes the endpoint answers for that.
    pub detail: String,
    /// The status of a reply that began and could not be read to its end.
    pub status: Option<u16>,
    /// The request may have had its effect although it failed: bytes may have reached the endpoint.
    pub ambiguous: bool,
    /// The failure is in the content or the length of a success. This one request may be the reason, so it says nothing about
    /// the endpoint's health, whatever the class.
    pub told: bool,
    /// The endpoint refused the call since too many ran at a time.
    pub at_once: bool,
}

impl Failure {
    /// A failure without effect on the other side; the detail is shortened and credentials in it are masked.
    #[must_use]
    pub fn new(class: Class, detail: impl AsRef<str>) -> Self {
        // Cutting before masking bounds the work; cutting again bounds the result.
        let masked = mask::credentials(head(detail.as_ref(), DETAIL_BYTES));
        let detail = head(&masked, DETAIL_BYTES).to_owned();
        Self {
            class,
            retry_after: None,
            code: None,
            detail,
            status: None,
            ambiguous: false,
            told: false,
            at_once: false,
        }
    }

    /// With the endpoint's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl AsRef<str>) -> Self {
        self.code = Some(mask::credentials(head(code.as_ref(), CODE_BYTES)));
        self
    }

    /// With the time the endpoint asked for.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }

    /// Marked as possibly having had its effect.
    #[must_use]
    pub fn possibly_done(mut self) -> Self {
        self.ambiguous = true;
        self
    }

    /// Marked as lying in what a success says.
    #[must_use]
    pub fn told_in_words(mut self) -> Self {
        self.told = true;
        self
    }

    /// Marked as a refusal since too many calls ran at a time, or not.
    #[must_use]
    pub fn of_calls_at_once(mut self, at_once: bool) -> Self {
        self.at_once = at_once;
        self
    }

    /// The limit that the call exceeded, if it was refused for one.
    #[must_use]
    pub fn excess(&self) -> Option<Excess> {
        match self.class {
            Class::RateLimited | Class::RampLimited | Class::Overloaded if self.at_once => {
                Some(Excess::AtOnce)
            }
            class => (class.cooling() == Cooling::Short).then_some(Excess::Rate),
        }
    }

    /// Does it speak against the endpoint's health? See [`Class::counts_for_breaker`].
    #[must_use]
    pub const fn counts_for_breaker(&self) -> bool {
        self.class.counts_for_breaker() && !self.told
    }

    /// The class's name in metrics, logs and records.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.class.label()
    }
}

/// The longest prefix of at most `bytes` bytes that ends between characters.
fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_detail_is_cut_between_characters() {
        let failure = Failure::new(Class::Protocol, "环".repeat(400));
        assert_eq!(failure.detail.len(), 510);
        assert!(failure.detail.chars().all(|c| c == '环'));
    }

    #[test]
    fn what_is_told_in_words_is_nobodys_health() {
        assert!(Failure::new(Class::ServerError, "").counts_for_breaker());
        assert!(!Failure::new(Class::ServerError, "").told_in_words().counts_for_breaker());
        assert!(!Failure::new(Class::Empty, "").counts_for_breaker());
    }

    #[test]
    fn a_credential_in_the_detail_is_masked() {
        let failure =
            Failure::new(Class::Auth, "incorrect key: sk-proj-1234567890").with_code("invalid_api_key");
        assert_eq!(failure.to_string(), "auth: incorrect key: ***");
        assert_eq!(failure.code.as_deref(), Some("invalid_api_key"));
    }
}
