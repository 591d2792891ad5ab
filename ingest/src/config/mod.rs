//! Section `[ingest]`: as it stands in the file ([`RawIngest`]), and checked ([`Config`]).

mod checked;
mod raw;
mod validate;

pub use checked::{ClaimRule, Codes, Config, Limits, Rule, SenderLimit, Source, SourceKind, Stage, TlsFiles};
pub use raw::{RawClaim, RawCodes, RawIngest, RawLimits, RawRule, RawSource, RawTls};
pub use validate::validate;
