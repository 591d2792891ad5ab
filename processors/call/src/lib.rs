//! The call step: one request in, one model call along its chain of targets, one outcome back into `events`.
//!
//! In reading order: the configuration ([`RawCall`], [`validate`], [`Settings`]), the rules that change with a bundle
//! ([`Rules`]), and the step itself ([`Step`]), which the call driver runs. Inside, the invoker walks the chain of targets; a
//! family builds the calls, reads the replies and classes the errors of its provider; `reply` makes a completion or a failure
//! of whatever a server sent; and the reviewer judges the whole answer. Retry, breaker and deadline are `outbound`'s.

mod access;
mod answer;
mod ask;
mod attempts;
mod cancel;
mod ceiling;
mod complaints;
mod conditions;
mod config;
mod endpoint;
mod exchange;
mod families;
pub mod gen_ai;
mod invoke;
mod invoker;
mod keys;
pub mod metrics;
mod outcome;
mod pace;
mod ping;
pub mod rehearse;
mod reply;
mod review;
mod reviewers;
mod rules;
mod settings;
mod step;
mod timing;
mod unseen;
mod work;

pub use answer::answer;
pub use ask::{AskError, Asked, Asker, Question};
pub use ceiling::{Ceiling, Unpriced};
pub use conditions::{Tell, Untold, announce};
pub use config::{RawCall, RawDesk, RawEndpoint};
pub use invoke::{Completion, Invoke, Invoked, Terms, Unanswered};
pub use invoker::Invoker;
pub use outcome::Output;
pub use ping::{Pinged, ping};
pub use reply::{Work, usage_told};
pub use reviewers::{HeldText, Reviewed, Said, Subject};
pub use rules::Rules;
pub use settings::{Settings, validate};
pub use step::Step;
