//! Section `[deliver]` as it stands in the configuration file. Unknown keys are refused.

use std::time::Duration;

use catalogue::Secret;
use outbound::{ClientConfig, HealthConfig};
use pipeline::call::Crowding;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// `[deliver]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDeliver {
    /// Easemob's REST side of every configured app.
    pub app: Vec<RawDeliverApp>,
    /// Sends that run or wait at a time in this process. Default 2000.
    pub max_running: usize,
    /// `end`: parts for which an app that hangs has left no room end at once as crowded, so that others go on. `wait`:
    /// they wait, and whatever was written after them waits as well. By default `wait` with a single app, where there
    /// are no others, else `end`.
    pub crowding: Option<Crowding>,
    /// How long running sends may go on when the process is told to stop. Default `10s`.
    #[serde(with = "catalogue::duration")]
    pub grace: Duration,
    /// Attempts that follow one another before the part goes to the back of its app's queue. Default 4.
    pub max_attempts: u32,
    /// The first wait before the next attempt is drawn from zero to this. Default `500ms`.
    #[serde(with = "catalogue::duration")]
    pub backoff_base: Duration,
    /// No wait is drawn beyond this. Default `8s`.
    #[serde(with = "catalogue::duration")]
    pub backoff_cap: Duration,
    /// How often a part of class `resend` is sent again after attempts that may have delivered it. Default 3.
    pub max_resends: u16,
    /// How connections are made and kept. `attempt_timeout` and `idle_timeout` default to `10s` here.
    #[serde(deserialize_with = "client")]
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

/// A send that takes longer tells nothing by waiting on.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Easemob bans apps that keep asking; short enough that little is lost once a person has acted.
const COOLDOWN_LONG: Duration = Duration::from_secs(10);

impl Default for RawDeliver {
    fn default() -> Self {
        Self {
            app: Vec::new(),
            max_running: 2_000,
            crowding: None,
            grace: Duration::from_secs(10),
            max_attempts: 4,
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(8),
            max_resends: 3,
            client: ClientConfig { attempt_timeout: ATTEMPT_TIMEOUT, ..ClientConfig::default() },
            health: HealthConfig { cooldown_long: COOLDOWN_LONG, ..HealthConfig::default() },
        }
    }
}

fn client<'de, D: Deserializer<'de>>(from: D) -> Result<ClientConfig, D::Error> {
    with_default(from, "attempt_timeout", ATTEMPT_TIMEOUT)
}

fn health<'de, D: Deserializer<'de>>(from: D) -> Result<HealthConfig, D::Error> {
    with_default(from, "cooldown_long", COOLDOWN_LONG)
}

/// A table of `outbound` in which one key has a default of our own.
fn with_default<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
    key: &str,
    value: Duration,
) -> Result<T, D::Error> {
    let mut table = toml::Table::deserialize(from)?;
    table.entry(key).or_insert_with(|| format!("{}s", value.as_secs()).into());
    table.try_into().map_err(D::Error::custom)
}

fn token_ttl<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    catalogue::duration::deserialize(from).map(Some)
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
