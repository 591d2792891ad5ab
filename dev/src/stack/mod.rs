//! `dev stack`: a real Kafka and a real ClickHouse engine, started, found again and stopped by process id.

mod all;
mod borrowed;
mod clickhouse;
mod cluster;
mod commands;
mod fetch;
mod kafka;
mod metadata;
mod node;
mod plan;
mod ports;
mod service;
mod template;

pub use borrowed::{Borrowed, Part};
pub use cluster::{Cluster, Partition, coordinator};
pub use commands::{Cli, run};
pub use fetch::tail;
pub use metadata::has_topics;
pub use plan::{KafkaSource, Options, Plan};
pub use service::{Mark, Service, stop_all};
pub use template::render;
