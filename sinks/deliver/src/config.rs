//! Section `[deliver]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use common::Secret;
use outbound::{ClientConfig, HealthConfig};
use pipeline::call::Overload;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// Section `[deliver]`: how answers are sent by Easemob's REST side.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawDeliver {
    /// Easemob's REST side of each app; every `[[app]]` needs one.
    pub app: Vec<RawDeliverApp>,
    /// Most parts that this process works on at a time, those that wait included: nearly all of them wait for Easemob's quota, which
    /// costs memory only. One app has at most half of them. Default 50000.
    pub max_running: usize,
    /// What becomes of parts for which an app that hangs has left no room. `"shed"`: they end at once as crowded, so that other apps go on.
    /// `"wait"`: they wait, and whatever was written after them waits as well. Default `"wait"` with a single app, otherwise `"shed"`.
    pub overload: Option<Overload>,
    /// How long running sends may go on when the process is told to stop. Default `"10s"`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// Longest wait before a part is sent again after its first failure; each wait is drawn at random from zero on, and its longest
    /// doubles with each failure. Default `"500ms"`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_base: Duration,
    /// Longest wait after any number of failures. Default `"4s"`.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub backoff_cap: Duration,
    /// How connections are made and kept. Its `attempt_timeout`, by default `"60s"`, is how long a send is waited for: well above what
    /// Easemob takes in its slow hours, since nobody knows what became of a send that is given up.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub client: ClientConfig,
    /// When no sends of an app are tried for a while. Its `cooldown_long` is `"10s"` by default here.
    #[serde(deserialize_with = "health")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub health: HealthConfig,
}

/// Easemob's REST side of one app: `[[deliver.app]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDeliverApp {
    /// App Key, `org#app`, of the `[[app]]` that it belongs to. Required.
    #[schemars(with = "String")]
    pub key: Spanned<String>,
    /// Address of the app's data centre, such as `"https://a1.easemob.com"`; organisation and app are added to it. Required.
    #[schemars(with = "String")]
    pub base_url: Spanned<String>,
    /// REST client id, from Easemob's console. Required.
    pub client_id: String,
    /// REST client secret, from Easemob's console. Required.
    #[serde(default)]
    pub client_secret: Secret,
    /// Life of a token that is asked for, in whole seconds. By default that of Easemob's console.
    #[serde(default, with = "common::duration::optional")]
    #[schemars(with = "Option<String>")]
    pub token_ttl: Option<Duration>,
    /// Sends per second to users that Easemob allows the app. Default 100.
    #[serde(default = "hundred")]
    pub users_per_second: u32,
    /// Messages per minute to users that Easemob allows the app. Default 6000.
    #[serde(default = "six_thousand")]
    pub messages_per_minute: u32,
    /// Sends per second to groups that Easemob allows the app. Default 20.
    #[serde(default = "twenty")]
    pub groups_per_second: u32,
    /// Sends per second to chat rooms that Easemob allows the app. Default 100.
    #[serde(default = "hundred")]
    pub chatrooms_per_second: u32,
    /// Recalls of messages per second that Easemob allows the app. Default 100.
    #[serde(default = "hundred")]
    pub recalls_per_second: u32,
}

/// Long enough for Easemob, which bans apps that keep asking; short enough that little is lost once a person has acted.
const COOLDOWN_LONG: Duration = Duration::from_secs(10);

impl Default for RawDeliver {
    fn default() -> Self {
        Self {
            app: Vec::new(),
            max_running: 50_000,
            overload: None,
            grace: Duration::from_secs(10),
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(4),
            client: ClientConfig::default(),
            health: HealthConfig { cooldown_long: COOLDOWN_LONG, ..HealthConfig::default() },
        }
    }
}

/// With this section's default of `cooldown_long`.
fn health<'de, D: Deserializer<'de>>(from: D) -> Result<HealthConfig, D::Error> {
    let mut table = toml::Table::deserialize(from)?;
    let usual = || format!("{}s", COOLDOWN_LONG.as_secs()).into();
    table.entry("cooldown_long").or_insert_with(usual);
    table.try_into().map_err(D::Error::custom)
}

fn hundred() -> u32 {
    100
}

fn twenty() -> u32 {
    20
}

fn six_thousand() -> u32 {
    6_000
}
