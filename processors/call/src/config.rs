//! Section `[call]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use common::Secret;
use outbound::{ChainConfig, ClientConfig, HealthConfig};
use pipeline::call::Overload;
use serde::Deserialize;
use toml::Spanned;

/// `[call]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCall {
    /// Address and key of every configured target.
    pub target: Vec<RawEndpoint>,
    /// Requests that are under way at a time in this process, those that wait for their turn at a target's pace included. One app or
    /// target has at most half of them. Default 2000.
    pub max_running: usize,
    /// `shed`: requests for which an app or a target that hangs has left no room end at once as crowded, so that
    /// others go on. `wait`: they wait, and whatever was written after them waits as well. By default `wait` with a
    /// single app and a single target, where there are no others, else `shed`.
    pub overload: Option<Overload>,
    /// How long running calls may go on when the process is told to stop. Default `30s`.
    #[serde(with = "common::duration")]
    pub grace: Duration,
    /// How connections are made and kept.
    pub client: ClientConfig,
    /// How a request moves along its chain.
    pub chain: ChainConfig,
    /// When a target is left alone.
    pub health: HealthConfig,
}

/// One `[[call.target]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawEndpoint {
    /// Name of the `[[target]]` that it belongs to.
    pub name: Spanned<String>,
    /// Address up to and including the version, such as `https://api.openai.com/v1`.
    pub base_url: Spanned<String>,
    /// Key; servers of one's own may do without.
    #[serde(default)]
    pub api_key: Secret,
    /// Organisation that is billed, where a key belongs to several.
    pub organization: Option<String>,
    /// Calls that its provider lets start within a second, over all instances; they are spread evenly and stay below it, whatever the
    /// seconds are counted by. Without it, and the two below, the pace is learned from refusals.
    pub requests_per_second: Option<f64>,
    /// Calls that its provider lets start within a minute, over all instances.
    pub requests_per_minute: Option<f64>,
    /// Calls that its provider lets run at a time, over all instances; an instance may have one whatever its share.
    pub max_concurrent: Option<u32>,
    /// Fields of the request that its server forbids and that are left out: `user`, `safety_identifier`, `temperature`,
    /// `max_tokens`, `max_completion_tokens`. Without a cap the server's own holds, and an answer far beyond ours is cut.
    #[serde(default)]
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
