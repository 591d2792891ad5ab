//! The sections of the file as they stand, each of the type of its crate. Unknown keys are refused. The comments of the fields are what
//! `docs/configuration.md` and the JSON Schema say about the keys.

use std::net::SocketAddr;
use std::time::Duration;

use catalogue::raw::{
    RawApp, RawFilter, RawHashKey, RawModel, RawPrice, RawReviewer, RawSharedRoute, RawTarget,
};
use pipeline::StartPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file as it stands. Sections without which nothing runs may be absent here, so that the others can be checked all the same.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    title = "Configuration of Huiyin",
    description = "The configuration file of Huiyin, one TOML with every section."
)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// What all instances of the deployment share, and which of them this one is.
    #[schemars(required)]
    pub(super) deployment: Option<RawDeployment>,
    /// Access to the brokers.
    #[schemars(required)]
    pub(super) kafka: Option<pipeline::kafka::RawConfig>,
    /// The admin server, and the order in which a process ends.
    #[serde(default)]
    pub(super) admin: RawAdmin,
    /// Log lines.
    #[serde(default)]
    pub(super) log: RawLog,
    /// The role `ingest`: the server that Easemob calls.
    pub(super) ingest: Option<ingest::RawIngest>,
    /// The role `decide`, which folds conversations.
    #[serde(default)]
    pub(super) decide: RawDecide,
    /// The role `call`, which asks the models.
    pub(super) call: Option<call::RawCall>,
    /// The role `deliver`, which sends answers by Easemob's REST API.
    pub(super) deliver: Option<deliver::RawDeliver>,
    /// The role `account`, which writes rows to ClickHouse.
    pub(super) account: Option<account::RawAccount>,
    /// The role `shadow`, which answers live traffic once more by a candidate, for nobody. It runs only where `--roles` names it.
    pub(super) shadow: Option<replay::mirror::RawShadow>,
    /// Replays that ask models, and their judge.
    pub(super) replay: Option<replay::config::RawReplay>,
    /// Apps that the line answers for. Part of the bundle.
    #[serde(default)]
    pub(super) app: Vec<RawApp>,
    /// Routes that apps share. Part of the bundle.
    #[serde(default)]
    pub(super) route: Vec<RawSharedRoute>,
    /// Models that can be called. Part of the bundle.
    #[serde(default)]
    pub(super) target: Vec<RawTarget>,
    /// Who reviews what the filter holds. Part of the bundle.
    #[serde(default)]
    pub(super) reviewer: Vec<RawReviewer>,
    /// What is known of models, beside what is shipped. Part of the bundle, as far as targets have them.
    #[serde(default)]
    pub(super) model: Vec<RawModel>,
    /// What calls cost. Part of the bundle.
    #[serde(default)]
    pub(super) price: Vec<RawPrice>,
    /// What is filtered. Part of the bundle.
    #[serde(default)]
    pub(super) filter: RawFilter,
    /// Keys under which personal data are hashed. The bundle has their fingerprints.
    #[serde(default)]
    pub(super) hash_key: Vec<RawHashKey>,
}

/// What all instances of the deployment share, and which of them this one is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeployment {
    /// Name of the deployment, 1 to 64 of `a-z`, `0-9`, `-` and `_`; part of every group, transactional id and `ce_source`. Each
    /// deployment on a cluster has one of its own.
    pub(super) name: String,
    /// Which instance this is: a small number, or a stable name that ends in `-<number>`, as StatefulSets give. It must be the same
    /// after a restart: that is what settles the transactions of the one that died.
    pub(super) instance: String,
    /// Partitions of every topic of the line, from 1 to 10000; fixed for the deployment's life.
    pub(super) partitions: i32,
    /// Brokers that hold each record, from 1 to 9.
    pub(super) replication: i32,
    /// Prefix of all topic names, at most 200 of `a-z`, `A-Z`, `0-9`, `-`, `_` and `.`.
    #[serde(default)]
    pub(super) topic_prefix: String,
}

/// The admin server, and the order in which a process ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdmin {
    /// Address and port where `/live`, `/ready` and `/metrics` are served.
    #[schemars(with = "String")]
    pub(super) listen: SocketAddr,
    /// For how long a process serves on, not ready, after SIGTERM, so that balancers notice.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
    pub(super) drain_delay: Duration,
    /// Longest time that running calls and sends are waited for at the end.
    #[serde(with = "common::duration")]
    #[schemars(with = "String")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Log lines, which go to standard error.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    /// How they look.
    pub(super) format: LogFormat,
    /// Which lines are written, such as `info` or `info,pipeline=debug`.
    pub(super) filter: String,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The role `decide`, which folds conversations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDecide {
    /// Where a partition without a committed offset starts; `refuse` waits for an operator.
    #[schemars(with = "String", extend("enum" = ["earliest", "latest", "refuse"], "default" = "earliest"))]
    pub(crate) start: StartPolicy,
    /// Most records of one partition in a transaction; at least 1.
    pub(crate) batch_records: u32,
    /// Fold drivers of the process, from 1 to 64, each with its share of the partitions: the fewer partitions a transaction is about,
    /// the sooner it ends.
    pub(crate) drivers: u32,
}

impl Default for RawDecide {
    fn default() -> Self {
        Self { start: StartPolicy::Earliest, batch_records: 2_000, drivers: 1 }
    }
}
