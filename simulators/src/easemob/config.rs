//! What is configured of the Easemob stand-in, as written in a file or in a test.

use crate::Secret;
use crate::window::Counting;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The stand-in as a whole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of message ids, callback ids and tokens. Two runs with one seed repeat one another's message ids,
    /// so a line that remembers the first run takes the second one's messages for duplicates.
    pub seed: u64,
    /// PEM file of the certificates that are trusted for `https` callbacks; without it none is.
    pub trusted_certificates: Option<PathBuf>,
    /// The apps that exist here.
    pub apps: Vec<AppConfig>,
}

/// One App Key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppConfig {
    /// The App Key, `org#app`.
    pub app: String,
    /// REST client id.
    pub client_id: String,
    /// REST client secret.
    pub client_secret: Secret,
    /// Life of a token asked for without `ttl`. Default 60 days.
    #[serde(with = "crate::duration::optional")]
    pub token_ttl: Option<Duration>,
    /// Users who never log in: each 1:1 message to one of them yields a `chat_offline` event.
    pub offline_users: Vec<String>,
    /// The recall service is not open for the app.
    pub recall_closed: bool,
    /// How old a message may be that is recalled without force. Default 2 minutes.
    #[serde(with = "crate::duration::optional")]
    pub recall_time: Option<Duration>,
    /// REST quotas.
    pub quotas: QuotaConfig,
    /// Callback rules, in order; of the rules before sending the first that matches is called.
    pub rules: Vec<RuleConfig>,
}

/// REST quotas of one app. The defaults are too large to be met by accident.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// How seconds and minutes are counted.
    pub counting: Counting,
    /// Calls per second to `/messages/users`.
    pub users_calls_per_s: u32,
    /// Messages per minute to users; each recipient is one message.
    pub users_messages_per_min: u32,
    /// Calls per second to `/messages/chatgroups`.
    pub groups_calls_per_s: u32,
    /// Messages per second to groups.
    pub groups_messages_per_s: u32,
    /// Calls per second to `/messages/chatrooms`.
    pub rooms_calls_per_s: u32,
    /// Messages per second to rooms.
    pub rooms_messages_per_s: u32,
    /// Calls per second to `/messages/msg_recall`.
    pub recall_calls_per_s: u32,
    /// Calls per second to `/token`.
    pub token_calls_per_s: u32,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        const LARGE: u32 = 1_000_000;
        Self {
            counting: Counting::default(),
            users_calls_per_s: LARGE,
            users_messages_per_min: LARGE,
            groups_calls_per_s: LARGE,
            groups_messages_per_s: LARGE,
            rooms_calls_per_s: LARGE,
            rooms_messages_per_s: LARGE,
            recall_calls_per_s: LARGE,
            token_calls_per_s: LARGE,
        }
    }
}

/// One callback rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleConfig {
    /// Name, unique in its app.
    pub name: String,
    /// Where callbacks go.
    pub url: String,
    /// Further servers of the same kind, as behind a balancer: all are called by turns, and one that refuses the connection
    /// is passed over.
    pub spare_urls: Vec<String>,
    /// Secret of the signature.
    pub secret: Secret,
    /// Before or after sending.
    pub stage: Stage,
    /// Conversation types; empty means all.
    pub kinds: Vec<ChatKind>,
    /// Body types such as `txt`; empty means all.
    pub types: Vec<String>,
    /// How long a reply is waited for. Default 200 ms before sending, 10 s after.
    #[serde(with = "crate::duration::optional")]
    pub wait: Option<Duration>,
    /// What happens to the message when no usable reply came in time.
    pub fallback: Fallback,
    /// Whether the sender is told of an interception.
    pub report_error: bool,
    /// Shape of `payload`.
    pub payload_shape: PayloadShape,
    /// The word for groups in `chat_type` before sending.
    pub group_chat_type: GroupWord,
    /// Adds `securityVersion`.
    pub include_security_version: bool,
    /// Adds fields that only some servers send: `eventType`, `appkey`, `host`, `appId`, `msg_config`.
    pub include_extra_fields: bool,
    /// Whose messages are called back after sending; empty means SDK and REST.
    pub sources: Vec<Source>,
    /// Adds `chat_offline` events after sending.
    pub offline_events: bool,
}

/// Conversation type, by the word of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// Between two users.
    Chat,
    /// Group.
    #[serde(alias = "groupchat")]
    Group,
    /// Chat room.
    Chatroom,
}

/// When a rule calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Before the message is delivered; the reply decides.
    #[default]
    Pre,
    /// After the message was delivered; the reply only acknowledges.
    Post,
}

/// Fallback policy of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// Deliver.
    #[default]
    Pass,
    /// Do not deliver.
    Block,
}

/// Shape of `payload` in callbacks before sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum PayloadShape {
    /// `bodies`, `ext`, `from`, `to`, `meta`, `type`.
    #[default]
    #[serde(alias = "a")]
    A,
    /// The fields of the one body, without `ext`.
    #[serde(alias = "b")]
    B,
}

/// The word for groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupWord {
    /// As in the documentation's field table.
    Group,
    /// As in the documentation's examples.
    #[default]
    Groupchat,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A client SDK.
    Sdk,
    /// The REST API.
    Rest,
}
