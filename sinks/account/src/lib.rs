//! Deterministic batches into ClickHouse, migrations, named queries.
//!
//! Each table is a folder under `tables`, which says how it is defined and which records give it rows. Rows are built from one record
//! alone ([`AccountSink`]), stored as one block per range and table under the range's token, and read by named queries ([`queries`]).
//! Only a command makes or changes the schema ([`Store::migrate`]); a start checks it ([`Store::check`]).

mod binary;
mod calls;
mod columns;
mod config;
pub mod datasets;
#[cfg(test)]
mod documentation;
mod error;
mod fact;
mod failure;
mod insert;
mod invoice;
pub mod metrics;
mod migrations;
mod pseudonym;
pub mod queries;
pub mod rebuild;
mod retention;
mod rollups;
mod schema;
mod sink;
mod source;
mod sources;
mod store;
mod story;
mod tables;
mod value;
mod view;

pub use calls::BookedCall;
pub use columns::{Column, columns_by_table};
pub use config::{AccountConfig, ConfigError, DELIVERIES, RawAccount, validate};
pub use error::StoreError;
pub use fact::TOPICS;
pub use invoice::{RawInvoice, RawRate, converted, decimal, decimal_text};
pub use pseudonym::Pseudonyms;
pub use queries::whole_days;
pub use retention::RawRetention;
pub use sink::AccountSink;
pub use sources::{OfRecord, Range};
pub use store::Store;
pub use story::Story;
pub use tables::Row;
pub use tables::replay_results::{
    ReplayHead, ReplayJudged, ReplaySide, ReplayStoreError, ReplayStored, ReplayTurn,
};
