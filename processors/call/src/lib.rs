//! The call step: one request in, one model call along its chain of targets, one outcome back into `events`.
//!
//! In reading order: what is configured ([`RawCall`], [`validate`], [`Settings`]), what holds at the moment
//! ([`Rules`]), and the step itself ([`Step`]), which the call driver runs. Inside, the invoker walks the chain, a
//! family's module knows its wire and its errors, the reader that all families share makes an answer or a failure of
//! whatever a server sent, and the reviewer judges the whole answer. Retry, breaker and
//! deadline are `outbound`'s.

mod attempts;
mod complaints;
mod config;
mod endpoint;
mod families;
mod invoke;
mod invoker;
pub mod metrics;
mod outcome;
mod pace;
mod reply;
mod review;
mod rules;
mod settings;
mod step;
mod unseen;

pub use config::{RawCall, RawEndpoint};
pub use invoke::{Completion, Invoke, Invoked, Unanswered};
pub use invoker::Invoker;
pub use outcome::Output;
pub use rules::Rules;
pub use settings::{Settings, validate};
pub use step::Step;
