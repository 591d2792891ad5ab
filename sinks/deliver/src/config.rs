//! Section `[deliver]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use common::Secret;
use outbound::{ClientConfig, HealthConfig};
use pipeline::call::Overload;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// `[deliver]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDeliver {
    /// Easemob's REST side of every configured app.
    pub app: Vec<RawDeliverApp>,
    /// Parts that are under way at a time in this process; nearly all of them wait for Easemob's quota, which costs memory only. One
    /// app has at most half of them. Default 50000.
    pub max_running: usize,
    /// `shed`: parts for which an app that hangs has left no room end at once as crowded, so that others go on. `wait`:
    /// they wait, and whatever was written after them waits as well. By default `wait` with a single app, where there
    /// are no others, else `shed`.
    pub overload: Option<Overload>,
    /// How long running sends may go on when the process is told to stop. Default `10s`.
    #[serde(with = "common::duration")]
    pub grace: Duration,
    /// After a failure of Easemob the wait before a part goes again is drawn from zero to this at first. Default `500ms`.
    #[serde(with = "common::duration")]
    pub backoff_base: Duration,
    /// No wait is drawn beyond this. Default `4s`.
    #[serde(with = "common::duration")]
    pub backoff_cap: Duration,
    /// How connections are made and kept. `attempt_timeout`, by default `60s`, is how long a send is waited for: well above what
    /// Easemob takes in its slow hours, since what came of a send that is given up is not known.
    pub client: ClientConfig,
    /// When an app is left alone. `cooldown_long` defaults to `10s` here.
    #[serde(deserialize_with = "health")]
    pub health: HealthConfig,
}

/// One `[[deliver.app]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDeliverApp {
    /// App Key, `org#app`, of the `[[app]]` that it belongs to.
    pub key: Spanned<String>,
    /// Host of the app's data centre, such as `https://a1.easemob.com`; organisation and app are added.
    pub base_url: Spanned<String>,
    /// REST client id.
    pub client_id: String,
    /// REST client secret.
    #[serde(default)]
    pub client_secret: Secret,
    /// Life of a token that is asked for, in whole seconds; the console's setting if absent.
    #[serde(default, deserialize_with = "token_ttl")]
    pub token_ttl: Option<Duration>,
    /// Sends per second to users that Easemob allows the app.
    #[serde(default = "hundred")]
    pub users_per_second: u32,
    /// Messages per minute to users that Easemob allows the app.
    #[serde(default = "six_thousand")]
    pub messages_per_minute: u32,
    /// Sends per second to groups that Easemob allows the app.
    #[serde(default = "twenty")]
    pub groups_per_second: u32,
    /// Sends per second to chat rooms that Easemob allows the app.
    #[serde(default = "hundred")]
    pub chatrooms_per_second: u32,
}

/// Easemob bans apps that keep asking; short enough that little is lost once a person has acted.
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

fn health<'de, D: Deserializer<'de>>(from: D) -> Result<HealthConfig, D::Error> {
    let mut table = toml::Table::deserialize(from)?;
    let usual = || format!("{}s", COOLDOWN_LONG.as_secs()).into();
    table.entry("cooldown_long").or_insert_with(usual);
    table.try_into().map_err(D::Error::custom)
}

fn token_ttl<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    common::duration::deserialize(from).map(Some)
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
