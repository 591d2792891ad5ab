//! Values that are never shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A password, key or signing secret: prints as stars, and so it is written, too.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

/// What a secret travels in, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The header `Authorization`, behind `Bearer`.
    Bearer,
    /// A body, a header that takes text, or the input of a signature.
    Text,
}

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// It was never set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why it cannot be what somebody was given, if it cannot: it would make a request impossible, or a signature that never
    /// matches.
    pub fn problem(&self, carrier: Carrier) -> Option<&'static str> {
        problem(&self.0, carrier)
    }
}

/// The same for a value that is no secret, such as the name that belongs to one.
pub fn problem(value: &str, carrier: Carrier) -> Option<&'static str> {
    let is_invisible =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}' | '\u{feff}');
    if value.is_empty() {
        Some("it is empty")
    } else if value.contains(['\n', '\r']) {
        Some("it holds a line break")
    } else if value.contains(char::is_control) {
        Some("it holds a control character")
    } else if value.trim() != value {
        Some("it begins or ends with a space")
    } else if value.contains(is_invisible) {
        Some("it holds an invisible character")
    } else if carrier == Carrier::Bearer && !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("it holds a space or a character beyond ASCII, which its header does not take")
    } else {
        None
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_stars_only() {
        let secret = Secret::new("s3cr3t");
        assert_eq!(format!("{secret:?} {}", serde_json::to_string(&secret).unwrap()), "*** \"***\"");
        assert_eq!(secret.expose(), "s3cr3t");
    }

    #[test]
    fn what_no_request_can_carry_is_told() {
        for (value, bearer, text) in [
            ("sk-proj_A.b/c+d=e~", None, None),
            ("", Some("empty"), Some("empty")),
            ("sk-x\n", Some("line break"), Some("line break")),
            ("sk\r\nx: y", Some("line break"), Some("line break")),
            ("sk\tx", Some("control"), Some("control")),
            ("sk\u{0}x", Some("control"), Some("control")),
            ("sk\u{7f}", Some("control"), Some("control")),
            (" sk", Some("ends with a space"), Some("ends with a space")),
            ("sk\u{3000}", Some("ends with a space"), Some("ends with a space")),
            ("sk\u{200b}x", Some("invisible"), Some("invisible")),
            ("\u{feff}sk", Some("invisible"), Some("invisible")),
            ("sk x", Some("beyond ASCII"), None),
            ("пароль", Some("beyond ASCII"), None),
            ("ｓｋ－ｘ", Some("beyond ASCII"), None),
        ] {
            for (carrier, expected) in [(Carrier::Bearer, bearer), (Carrier::Text, text)] {
                let told = Secret::new(value).problem(carrier);
                let fits = told.is_some() == expected.is_some()
                    && told.unwrap_or_default().contains(expected.unwrap_or_default());
                assert!(fits, "{value:?} {carrier:?}: {told:?}");
            }
        }
    }
}
