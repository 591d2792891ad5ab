//! What travels on Kafka: records, ids, topics, the wire format.
//!
//! In reading order: who is meant ([`ids`], [`conversation`], both as keys: [`key`]), what is said ([`text`], [`verdict`], [`findings`], [`money`]), what travels
//! on each topic ([`event`] with [`attachment`] and [`tier`], [`answered`], [`decision`], [`request`], [`cancel`], [`conditions`], [`answer`],
//! [`delivery`], [`ledger`], [`correction`], [`state`]), and how
//! ([`topic`], [`wire`]) and to which steps ([`mod@line`]). No I/O, no clock.

pub mod act;
pub mod aigc;
pub mod answer;
pub mod answered;
pub mod attachment;
pub mod cancel;
pub mod conditions;
pub mod conversation;
pub mod correction;
pub mod decision;
pub mod delivery;
pub mod event;
pub mod findings;
pub mod ids;
pub mod key;
pub mod ledger;
pub mod line;
mod message_kind;
pub mod money;
pub mod request;
pub mod retract;
pub mod review;
pub mod state;
pub mod text;
pub mod tier;
pub mod topic;
pub mod trace;
pub mod verdict;
pub mod wire;

/// A point in time: milliseconds since the epoch, UTC.
pub type Millis = i64;
