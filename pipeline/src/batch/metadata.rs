//! The commit metadata of this driver: the pending range inside the common envelope.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::pending::Pending;
use crate::kafka::commit_meta::{self, Kind, MetadataError};
use crate::offsets::Said;

const KIND: Kind = Kind { tag: 'b', version: 1 };

/// Writes what is pending.
///
/// # Errors
/// [`MetadataError`] when the incarnation has illegal characters.
pub(super) fn seal(incarnation: &str, pending: Option<&Pending>) -> Result<String, MetadataError> {
    let body = pending.map(|pending| STANDARD_NO_PAD.encode(pending.encode())).unwrap_or_default();
    commit_meta::seal(KIND, incarnation, &body)
}

/// Reads what is pending at a committed offset.
///
/// # Errors
/// [`MetadataError`] when a single character is not as [`seal`] writes it for this incarnation.
pub(super) fn open(
    incarnation: &str,
    text: Option<&str>,
    committed: i64,
) -> Result<Option<Pending>, MetadataError> {
    let body = commit_meta::open(KIND, incarnation, text.ok_or(MetadataError::Foreign)?)?;
    let payload = STANDARD_NO_PAD.decode(body).map_err(|_| MetadataError::Body)?;
    Pending::decode(&payload, committed).map_err(|_| MetadataError::Body)
}

/// What is pending, for an operator.
pub(crate) fn said(incarnation: &str, text: Option<&str>, committed: i64) -> Result<Said, MetadataError> {
    let pending = open(incarnation, text, committed)?;
    let builder = pending.as_ref().map_or(0, |pending| pending.version);
    Ok(Said::Batch { pending: pending.map(|pending| (pending.first, pending.last)), builder })
}

/// The metadata of an operator's reset.
pub(crate) fn empty(incarnation: &str) -> Result<String, MetadataError> {
    seal(incarnation, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pending::Touched;
    use super::super::split::Node;
    use super::*;

    fn example() -> Pending {
        let split = Some(Node { from: 8, to: 12 });
        let tables = vec![Touched { table: 0, rows: 61, split: None }, Touched { table: 4, rows: 2, split }];
        Pending { first: 17, last: 90, version: 3, records: 60, tables }
    }

    proptest! {
        #![proptest_config(mangle::cases(2_000))]

        #[test]
        fn fuzz_pending_damaged(text in mangle::bytes([seal("inc", Some(&example())).unwrap(), seal("inc", None).unwrap()])) {
            let text = text.lossy();
            if let Ok(pending) = open("inc", Some(&text), 17) {
                prop_assert!(pending.is_none() || pending == Some(example()), "damage went unnoticed");
                prop_assert_eq!(seal("inc", pending.as_ref()).unwrap(), text);
            }
        }

        #[test]
        fn fuzz_pending_body(body in mangle::bytes([STANDARD_NO_PAD.encode(example().encode())])) {
            if let Ok(text) = commit_meta::seal(KIND, "inc", &body.lossy())
                && let Ok(pending) = open("inc", Some(&text), 17)
            {
                prop_assert_eq!(seal("inc", pending.as_ref()).unwrap(), text);
            }
        }

        #[test]
        fn fuzz_pending_payload(payload in mangle::bytes([example().encode()])) {
            if let Ok(Some(pending)) = Pending::decode(&payload, 17) {
                prop_assert_eq!(pending.encode(), payload.0);
            }
        }
    }

    #[test]
    fn a_pending_range_is_read_back_by_the_same_incarnation_at_the_same_offset_only() {
        let pending = Pending { first: 4, last: 9, version: 2, records: 3, tables: Vec::new() };
        let text = seal("one", Some(&pending)).unwrap();
        assert_eq!(open("one", Some(&text), 4), Ok(Some(pending)));
        assert_eq!(open("two", Some(&text), 4), Err(MetadataError::Incarnation));
        assert_eq!(open("one", Some(&text), 5), Err(MetadataError::Body));
        assert_eq!(open("one", Some(&seal("one", None).unwrap()), 5), Ok(None));
    }

    #[test]
    fn what_another_tool_committed_is_refused() {
        assert_eq!(open("one", Some(""), 5), Err(MetadataError::Foreign));
        assert_eq!(open("one", None, 5), Err(MetadataError::Foreign));
    }
}
