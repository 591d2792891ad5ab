//! Callbacks to Kafka: verify, parse, judge, publish, answer.
//!
//! One path per callback rule of Easemob's console, so that the secret is known before the body is read, and one per
//! other source. Before delivery ([`Stage::Pre`](config::Stage)) the verdict is given in the handler, and a message to a
//! bot is answered when Kafka has acknowledged it or its deadline has come. After delivery the messages that were missed are
//! recorded.
//!
//! A refused callback is answered with an HTTP error, which Easemob takes as a failure: the rule's fallback applies, or it calls
//! again. A verdict is never an error, and after delivery only as many errors are answered as Easemob tolerates.

mod active_bundle;
mod address;
mod among_people;
mod body;
mod callback;
mod claim;
pub mod config;
mod connection_slots;
mod draft;
mod failures;
mod finish;
mod ingest;
mod mention;
pub mod metrics;
mod post_send;
mod pre_send;
mod publish;
mod rate;
mod reaction;
mod refusal;
pub mod rehearse;
mod reply;
mod response;
mod router;
mod server;
mod signature;
mod source;
mod tls;
mod verify;

pub use active_bundle::ActiveBundle;
pub use config::{Config, RawIngest, validate};
pub use ingest::Ingest;
pub use publish::{Log, Publish, Receipt};
pub use router::router;
pub use server::{IngestHandle, ServeError, serve};
pub use source::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
pub use tls::{TlsError, check_tls};
