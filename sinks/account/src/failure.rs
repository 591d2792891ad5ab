//! What an insert's failure means for its block.

use clickhouse::error::Error;
use pipeline::batch::InsertError;

/// Longest error text that is kept; the store quotes whole statements.
const LONGEST_TEXT: usize = 500;

/// Codes of ClickHouse that blame the content of a row.
/// Source: `src/Common/ErrorCodes.cpp`. In its order: text, quoted text, parser assertion, end of data, all data,
/// date, time, bound, conversion, number, length, null, UUID, decimal overflow, constraint.
const CONTENT: &[u32] = &[6, 26, 27, 32, 33, 38, 41, 69, 70, 72, 131, 349, 376, 407, 469];

/// Codes that no repetition changes. In their order: missing column in its three forms, number of columns, unknown
/// identifier, not implemented, type mismatch, unknown table, syntax, unknown database, unknown setting, data that are
/// not of the announced types, read-only user, unknown user, wrong and required password, database access, setting
/// constraint, access, authentication.
const FATAL: &[u32] =
    &[8, 10, 16, 20, 47, 48, 53, 60, 62, 81, 115, 117, 164, 192, 193, 194, 291, 452, 497, 516];

/// What ClickHouse says of a block that it stored and could not add to a rollup.
/// Source: `src/Interpreters/InsertDependenciesBuilder.cpp`.
const PUSHING: &str = "while pushing to view";

/// What kind of failure it is; a closed label for the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The store was not reached, or the connection broke.
    Network,
    /// No answer in time.
    Timeout,
    /// The store says that it cannot now, or gives a code that is in no list.
    Busy,
    /// Rows are at fault.
    Content,
    /// Schema, rights or settings are at fault: every block would fail.
    Setup,
}

impl Failure {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Busy => "busy",
            Self::Content => "content",
            Self::Setup => "setup",
        }
    }

    /// Sorts a failure. What is not known is repeated: that loses nothing, and the block keeps its token.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Network(_) => Self::Network,
            Error::TimedOut => Self::Timeout,
            // The rows are stored by then: a smaller block would store them again under another token.
            Error::BadResponse(text) if text.contains(PUSHING) => Self::Setup,
            Error::BadResponse(text) => Self::of_code(code(text)),
            Error::Custom(_)
            | Error::SequenceMustHaveLength
            | Error::InvalidTagEncoding(_)
            | Error::VariantDiscriminatorIsOutOfBound(_) => Self::Content,
            // The table's columns are not those of the rows: to reject would empty the log into the dead letters.
            Error::SchemaMismatch(_) | Error::InvalidParams(_) | Error::Unsupported(_) => Self::Setup,
            _ => Self::Busy,
        }
    }

    fn of_code(code: Option<u32>) -> Self {
        match code {
            Some(code) if CONTENT.contains(&code) => Self::Content,
            Some(code) if FATAL.contains(&code) => Self::Setup,
            _ => Self::Busy,
        }
    }

    /// The driver's word for it.
    pub(crate) fn into_insert_error(self, text: &str) -> InsertError {
        let text = text.chars().take(LONGEST_TEXT).collect();
        match self {
            Self::Network | Self::Timeout | Self::Busy => InsertError::Retry(text),
            Self::Content => InsertError::Rejected(text),
            Self::Setup => InsertError::Fatal(text),
        }
    }
}

/// The number in `Code: 60. DB::Exception: …`.
pub(crate) fn code(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Code: ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> InsertError {
        let error = Error::BadResponse(text.into());
        Failure::of(&error).into_insert_error(&error.to_string())
    }

    #[test]
    fn what_passes_is_repeated() {
        let memory = "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)";
        for text in [
            memory,
            "Code: 252. DB::Exception: Too many parts",
            "Code: 159. x",
            "502 Bad Gateway",
            "Code: 9999.",
        ] {
            assert!(matches!(of(text), InsertError::Retry(_)), "{text}");
        }
        assert_eq!(Failure::of(&Error::Network("refused".into())), Failure::Network);
        assert_eq!(Failure::of(&Error::TimedOut), Failure::Timeout);
    }

    #[test]
    fn bad_rows_are_rejected() {
        for code in [27, 33, 41, 407, 469] {
            assert!(
                matches!(of(&format!("Code: {code}. DB::Exception: x")), InsertError::Rejected(_)),
                "{code}"
            );
        }
    }

    #[test]
    fn what_an_operator_must_mend_is_fatal() {
        for code in [60, 81, 192, 497, 516, 53, 117] {
            assert!(
                matches!(of(&format!("Code: {code}. DB::Exception: x")), InsertError::Fatal(_)),
                "{code}"
            );
        }
        assert_eq!(Failure::of(&Error::SchemaMismatch("x".into())), Failure::Setup);
    }

    #[test]
    fn what_a_view_refuses_is_never_cut_into_smaller_blocks() {
        let text = "Code: 469. DB::Exception: Constraint `c` is violated at row 1: while pushing to view a.b. (VIOLATED_CONSTRAINT)";
        assert!(matches!(of(text), InsertError::Fatal(_)));
    }

    #[test]
    fn no_code_has_two_meanings() {
        assert!(CONTENT.iter().all(|code| !FATAL.contains(code)));
    }
}
