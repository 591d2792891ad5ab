//! What is configured: apps, bots, targets, models, prices, policies. Pure, validated, no I/O.
//!
//! Raw sections ([`raw`]) are read strictly from TOML, cross-checked, and become a [`Bundle`]: everything that a fold reads
//! besides its state, under one hash. A bundle holds no secret and no address; those stay with the steps that need them.

pub mod app;
mod bundle;
pub mod complexity;
mod currency;
pub mod dialogue;
pub mod estimate;
pub mod experiment;
pub mod filter;
pub mod findings;
mod hash_keys;
mod hours;
pub mod labels;
pub mod language;
pub mod media;
pub mod model_traits;
pub mod models;
pub mod name;
pub mod output;
pub mod people;
pub mod personal;
pub mod price;
pub mod raw;
pub mod reviewer;
pub mod route;
pub mod target;
pub mod template;
pub mod tier;
mod validate;
pub mod zone;

pub use app::App;
pub use bundle::{Bundle, BundleError};
pub use filter::{Content, Contents, EngineError, Engines, Filter, Parts};
pub use hash_keys::HashKeys;
pub use hours::Hours;
pub use model_traits::ModelTraits;
pub use models::{Model, Models};
pub use price::Price;
pub use raw::RawCatalogue;
pub use reviewer::{ReviewPolicy, ReviewTime, Reviewer};
pub use target::{Provider, Target};
pub use tier::TierTable;
pub use validate::{ShippedPrice, check, price_table, shipped_prices, shown_day, validate, warnings};
