//! `dev stack`: a real Kafka, a real ClickHouse engine and, where it is wanted, a real model: started, found again and stopped by process id.

mod all;
mod borrowed;
mod clickhouse;
mod cluster;
mod commands;
mod fetch;
mod http;
mod kafka;
mod metadata;
mod model;
mod node;
mod plan;
mod ports;
mod python;
mod service;
mod template;

pub use borrowed::{Borrowed, Part};
pub use cluster::{Cluster, Partition, coordinator};
pub use commands::{Cli, run};
pub use fetch::tail;
pub use metadata::has_topics;
pub use model::MODEL;
pub use plan::{KafkaSource, Options, Plan};
pub use python::{Dependencies, packages, python};
pub use service::{Mark, Service, stop_all};
pub use template::render;
