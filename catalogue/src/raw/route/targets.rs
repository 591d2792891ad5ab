//! What a route asks of targets.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::raw::Written;

/// How targets are, as call told last within ten minutes. All keys that are given must hold; in a list, one target suffices. What one app
/// alone meets counts for that app alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawTargets {
    /// Targets whose breaker is open, so that they are not called.
    #[schemars(with = "Option<Vec<String>>")]
    pub open: Option<Vec<Spanned<String>>>,
    /// Targets that are left alone for a time, because they asked for it or refuse their keys.
    #[schemars(with = "Option<Vec<String>>")]
    pub cooling: Option<Vec<Spanned<String>>>,
    /// Targets that are called, as far as is known: neither open nor cooling.
    #[schemars(with = "Option<Vec<String>>")]
    pub available: Option<Vec<Spanned<String>>>,
    /// Targets at which calls wait for their turn.
    pub waiting: Option<RawWaiting>,
}

/// Targets at which calls wait for their turn, because of limits on their rate.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWaiting {
    /// Names of the targets, of which one suffices.
    #[schemars(with = "Vec<String>")]
    pub targets: Vec<Spanned<String>>,
    /// For at least so long, such as `5s`; at least one second. Waiting times are known as powers of two of seconds: 1, 2, 4 and so on.
    #[schemars(with = "String")]
    pub from: Spanned<Written>,
}
