//! Section `[call]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use common::Secret;
use outbound::{ChainConfig, ClientConfig, HealthConfig};
use pipeline::call::Overload;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::endpoint::PromptCache;

/// `[call]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCall {
    /// Address and key of every configured target: one entry for each `[[target]]`. Empty by default.
    pub target: Vec<RawEndpoint>,
    /// Address and secret of every configured reviewer that is no judge: one entry for each `[[reviewer]]`. Empty by default.
    pub reviewer: Vec<RawDesk>,
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
    /// Address up to and including the version, such as `https://api.openai.com/v1`. For `spark` the path selects the generation of
    /// the model. On the wire `websocket` it begins with `wss://` and may do without a path, and on `ollama` it is the server's root,
    /// such as `http://127.0.0.1:11434`. Required.
    #[schemars(with = "String")]
    pub base_url: Spanned<String>,
    /// Wire that is spoken with the server, where its provider has several: `v2` or `v1` for `ernie`, `http` or `websocket` for
    /// `spark`, `chat` or `ollama` for `local`. The first of them by default.
    #[schemars(with = "Option<String>")]
    pub wire: Option<Spanned<String>>,
    /// Key that calls carry. Required for every provider but `local`, whose servers may do without. Empty by default.
    #[serde(default)]
    pub api_key: Secret,
    /// Further keys. Calls take turns with all of them, and the limits below hold for each. A key that is refused, or whose money is
    /// gone, is left alone while the others serve. Empty by default.
    #[serde(default)]
    pub api_keys: Vec<Secret>,
    /// Secret that belongs to the key and is never sent: calls are signed with it, or a token is got with it. Required for the wires
    /// `websocket` of `spark` and `v1` of `ernie`, and taken by no other. Empty by default.
    #[serde(default)]
    pub api_secret: Secret,
    /// Application that calls are made for. Required for the wire `websocket` of `spark`; may be given for `v2` of `ernie`. None by
    /// default.
    pub app_id: Option<String>,
    /// Version of the provider's interface that calls ask for, as a day. Taken by `claude` only, where it is `2023-06-01` by default;
    /// from `2026-10-21` on no temperature is sent.
    #[schemars(with = "Option<String>")]
    pub api_version: Option<Spanned<String>>,
    /// How long the provider is asked to keep the operator's instructions, with which every prompt of a bot begins. The history behind
    /// them, up to the question, is kept for five minutes, unless nothing is. Taken by `claude` only, where it is `5m` by default; other
    /// providers keep them by themselves.
    #[schemars(with = "Option<PromptCache>")]
    pub prompt_cache: Option<Spanned<String>>,
    /// Organisation that is billed, for a key that belongs to several. None by default.
    pub organization: Option<String>,
    /// Whether answers are asked for as streams. What is sent to people is the same either way; a stream shows when a model stands
    /// still, and what a call that broke off has cost. `false` is for servers that cannot stream. Default true.
    #[serde(default = "yes")]
    pub stream: bool,
    /// Longest time to connect to it, TLS included. By default `client.connect_timeout`.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub connect_timeout: Option<Duration>,
    /// Proxy for its calls, as in `client.proxy`, which holds by default.
    pub proxy: Option<Secret>,
    /// Longest time from the start of an attempt to the first token of its stream, be it said or thought aloud. Models that think
    /// in silence need more, and so do servers that load a model when it is asked for. At most the target's `timeout`. Default
    /// `20s`.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub first_token_timeout: Option<Duration>,
    /// Longest silence of a stream after its first token. At most the target's `timeout`. Default `20s`.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub idle_timeout: Option<Duration>,
    /// Calls that the provider lets start within a second, summed over all instances. Calls are spread evenly, so that they
    /// stay below the limit however the provider counts its seconds. Unlimited by default: the pace is then learned from
    /// refusals.
    pub requests_per_second: Option<f64>,
    /// Calls that the provider lets start within a minute, summed over all instances. Unlimited by default.
    pub requests_per_minute: Option<f64>,
    /// Tokens, input and output together, that the provider takes within a minute, summed over all instances. A call reserves an
    /// estimate of its prompt and its whole output cap, which is replaced by what it used. Unlimited by default, but for what the
    /// provider itself tells in its replies.
    pub tokens_per_minute: Option<f64>,
    /// Input tokens that the provider takes within a minute, where it counts them apart. Unlimited by default.
    pub input_tokens_per_minute: Option<f64>,
    /// Output tokens that the provider gives within a minute, where it counts them apart. Unlimited by default.
    pub output_tokens_per_minute: Option<f64>,
    /// Calls that the provider lets run at a time, summed over all instances. Each instance may always have one. Unlimited by
    /// default.
    pub max_concurrent: Option<u32>,
    /// Fields of the request that the server forbids and that are therefore left out, where the wire can do without them: for
    /// `openai` and `local` any of `user`, `safety_identifier`, `temperature`, `max_tokens`, `max_completion_tokens`,
    /// `stop`, `stream_options`, on `ollama` `temperature`, `num_predict`, `num_ctx`, `think`, `stop`; for `claude` `metadata`,
    /// `temperature`, `stop_sequences`; for `ernie` `user`, `temperature`, `max_tokens`, `stop`, `enable_thinking`, `stream_options`, on
    /// `v1` `user_id`, `temperature`, `max_output_tokens`, `stop`; for `tongyi` `temperature`, `max_tokens`, `stop`, `enable_thinking`,
    /// `thinking_budget`, `stream_options`; for
    /// `spark` `user`, `temperature`, `max_tokens`, `max_completion_tokens`, `tools`, `thinking`, on `websocket` `temperature`,
    /// `max_tokens`. Without an output cap the server applies its own, and an answer far longer than ours allows is cut. Empty by
    /// default.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub omit: Vec<Spanned<String>>,
}

/// One `[[call.reviewer]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDesk {
    /// Name of the `[[reviewer]]` that this entry belongs to. Required.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Address: of a `moderation` up to and including the version, such as `https://api.openai.com/v1`; of a `webhook` the whole one.
    /// Required.
    #[schemars(with = "String")]
    pub base_url: Spanned<String>,
    /// Key that the calls of a `moderation` carry. Empty by default, for servers that take none.
    #[serde(default)]
    pub api_key: Secret,
    /// Secret with which the calls of a `webhook` are signed; required there. Empty by default.
    #[serde(default)]
    pub secret: Secret,
    /// Calls that the server lets start within a minute, summed over all instances. Unlimited by default.
    pub requests_per_minute: Option<f64>,
    /// Calls that the server lets run at a time, summed over all instances. Unlimited by default.
    pub max_concurrent: Option<u32>,
}

impl Default for RawCall {
    fn default() -> Self {
        Self {
            target: Vec::new(),
            reviewer: Vec::new(),
            max_running: 2_000,
            overload: None,
            grace: Duration::from_secs(30),
            client: ClientConfig::default(),
            chain: ChainConfig::default(),
            health: HealthConfig::default(),
        }
    }
}

fn yes() -> bool {
    true
}
