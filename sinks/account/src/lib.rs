//! Deterministic batches into ClickHouse, migrations, named queries.
//!
//! Rows are built from one record alone ([`AccountSink`]), stored as one block per range and table under the range's
//! token, and read by named queries ([`queries`]). The schema is made by command only ([`Store::migrate`]); a
//! start checks it ([`Store::check`]).

mod config;
mod error;
mod failure;
mod insert;
pub mod metrics;
mod migrations;
mod pseudonym;
pub mod queries;
mod read;
mod schema;
mod sink;
mod store;
mod tables;

pub use config::{AccountConfig, ConfigError, RawAccount, RawRetention, validate};
pub use error::StoreError;
pub use sink::{AccountSink, TOPICS};
pub use store::Store;
pub use tables::{Row, TABLES};
