//! The sections of the file as they stand, each of the type of its crate. Unknown keys are refused.

use std::net::SocketAddr;
use std::time::Duration;

use catalogue::raw::{RawApp, RawFilter, RawPrice, RawTarget};
use pipeline::StartPolicy;
use serde::Deserialize;

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) deployment: RawDeployment,
    pub(super) kafka: pipeline::kafka::RawConfig,
    #[serde(default)]
    pub(super) admin: RawAdmin,
    #[serde(default)]
    pub(super) log: RawLog,
    pub(super) ingest: Option<ingest::RawIngest>,
    #[serde(default)]
    pub(super) decide: RawDecide,
    pub(super) call: Option<call::RawCall>,
    pub(super) deliver: Option<deliver::RawDeliver>,
    pub(super) account: Option<account::RawAccount>,
    #[serde(default)]
    pub(super) app: Vec<RawApp>,
    #[serde(default)]
    pub(super) target: Vec<RawTarget>,
    #[serde(default)]
    pub(super) price: Vec<RawPrice>,
    #[serde(default)]
    pub(super) filter: RawFilter,
}

/// `[deployment]`: what all instances share, and which of them this one is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeployment {
    /// Name of the deployment; part of every group, transactional id and `ce_source`.
    pub(super) name: String,
    /// Which instance this is: a small number, or a stable name that ends in `-<number>`, as StatefulSets give. It must be
    /// the same after a restart: that is what settles the transactions of the one that died.
    pub(super) instance: String,
    /// Partitions of every topic of the line, fixed for the deployment's life.
    pub(super) partitions: i32,
    /// Brokers that hold each record.
    pub(super) replication: i32,
    /// Prefix of all topic names.
    #[serde(default)]
    pub(super) topic_prefix: String,
}

/// `[admin]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdmin {
    /// Where `/live`, `/ready` and `/metrics` are served.
    pub(super) listen: SocketAddr,
    /// How long it serves on, not ready, after SIGTERM, so that balancers notice.
    #[serde(with = "common::duration")]
    pub(super) drain_delay: Duration,
    /// Longest time that running calls and sends are waited for at the end.
    #[serde(with = "common::duration")]
    pub(super) grace: Duration,
}

impl Default for RawAdmin {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9600)),
            drain_delay: Duration::from_secs(2),
            grace: Duration::from_secs(30),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// `[log]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    /// `text` or `json`.
    pub(super) format: LogFormat,
    /// Filter such as `info` or `info,pipeline=debug`.
    pub(super) filter: String,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// `[decide]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDecide {
    /// Where a partition without a committed offset starts: `earliest`, `latest` or `refuse`.
    pub(crate) start: StartPolicy,
    /// Most records of one partition in a transaction.
    pub(crate) batch_records: u32,
    /// Fold drivers of the process, each with its share of the partitions: the fewer partitions a transaction is about,
    /// the sooner it ends.
    pub(crate) drivers: u32,
}

impl Default for RawDecide {
    fn default() -> Self {
        Self { start: StartPolicy::Earliest, batch_records: 2_000, drivers: 1 }
    }
}
