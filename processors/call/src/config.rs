//! Section `[call]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use common::Secret;
use outbound::{ChainConfig, ClientConfig, HealthConfig};
use pipeline::call::Overload;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// `[call]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCall {
    /// Address and key of every configured target: one entry for each `[[target]]`. Empty by default.
    pub target: Vec<RawEndpoint>,
    /// Most requests that run at a time in this process, including those that wait for a target's pace. One app or one target
    /// gets at most half of them. Default 2000.
    pub max_running: usize,
    /// `shed`: requests for which an app or a target that hangs has left no room end at once as crowded, so that
    /// others go on. `wait`: they wait, and whatever was written after them waits as well. By default `wait` with a
    /// single app and a single target, where there are no others, else `shed`.
    pub overload: Option<Overload>,
    /// How long running calls may continue after the process was told to stop. Default `30s`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// How connections to models are made and kept.
    pub client: ClientConfig,
    /// How a request moves along its chain.
    pub chain: ChainConfig,
    /// When a target is left alone.
    pub health: HealthConfig,
}

/// One `[[call.target]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawEndpoint {
    /// Name of the `[[target]]` that this entry belongs to. Required.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Address up to and including the version, such as `https://api.openai.com/v1`. Required.
    #[schemars(with = "String")]
    pub base_url: Spanned<String>,
    /// Key that calls carry. Required for `openai`; a `local` server may do without. Empty by default.
    #[serde(default)]
    pub api_key: Secret,
    /// Organisation that is billed, for a key that belongs to several. None by default.
    pub organization: Option<String>,
    /// Calls that the provider lets start within a second, summed over all instances. Calls are spread evenly, so that they
    /// stay below the limit however the provider counts its seconds. Unlimited by default: the pace is then learned from
    /// refusals.
    pub requests_per_second: Option<f64>,
    /// Calls that the provider lets start within a minute, summed over all instances. Unlimited by default.
    pub requests_per_minute: Option<f64>,
    /// Calls that the provider lets run at a time, summed over all instances. Each instance may always have one. Unlimited by
    /// default.
    pub max_concurrent: Option<u32>,
    /// Fields of the request that the server forbids and that are therefore left out: any of `user`, `safety_identifier`,
    /// `temperature`, `max_tokens`, `max_completion_tokens`. Without an output cap the server applies its own, and an answer
    /// far longer than ours allows is cut. Empty by default.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub omit: Vec<Spanned<String>>,
}

impl Default for RawCall {
    fn default() -> Self {
        Self {
            target: Vec::new(),
            max_running: 2_000,
            overload: None,
            grace: Duration::from_secs(30),
            client: ClientConfig::default(),
            chain: ChainConfig::default(),
            health: HealthConfig::default(),
        }
    }
}
