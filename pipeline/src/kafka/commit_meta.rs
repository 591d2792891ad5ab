//! The envelope of every commit metadata: who wrote it, for which incarnation of the topics, and a checksum.
//!
//! `hy` kind version `|` incarnation `|` body `|` crc32 in hexadecimal, ASCII throughout. Strict: whatever is not
//! exactly this was not written by us for these topics, and taking it for "nothing done yet" would repeat work.

/// Longest metadata that brokers take by default, less one.
pub const MAX_CHARS: usize = 4_095;

/// Which driver's body is inside, and in which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// One letter per driver.
    pub tag: char,
    /// One digit; a reader takes only its own.
    pub version: u8,
}

/// Why metadata was not written, or is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It would not fit into what brokers take.
    #[error("encode commit metadata: longer than {MAX_CHARS} characters")]
    TooLong,
    /// Body or incarnation has a character that the envelope does not carry.
    #[error("encode commit metadata: a character is not printable ascii or is the separator")]
    Illegal,
    /// Some other tool committed this offset.
    #[error("read commit metadata: not written by this step")]
    Foreign,
    /// Another version of this step committed it.
    #[error("read commit metadata: another version")]
    Version,
    /// Damaged.
    #[error("read commit metadata: checksum differs")]
    Checksum,
    /// The topics were created anew since.
    #[error("read commit metadata: written for another incarnation of the topics")]
    Incarnation,
    /// The envelope is ours, the body is not what the driver writes.
    #[error("read commit metadata: body cannot be read")]
    Body,
}

impl MetadataError {
    /// A closed label for counters.
    pub fn label(self) -> &'static str {
        match self {
            Self::TooLong => "metadata_too_long",
            Self::Illegal => "metadata_illegal",
            Self::Foreign => "metadata_foreign",
            Self::Version => "metadata_version",
            Self::Checksum => "metadata_checksum",
            Self::Incarnation => "incarnation",
            Self::Body => "metadata_body",
        }
    }
}

/// Wraps a body.
///
/// # Errors
/// [`MetadataError::TooLong`], or [`MetadataError::Illegal`] when the body or the incarnation has a `|` or anything
/// that is not printable ASCII.
pub fn seal(kind: Kind, incarnation: &str, body: &str) -> Result<String, MetadataError> {
    let legal = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'|');
    if !legal(incarnation) || !legal(body) {
        return Err(MetadataError::Illegal);
    }
    let mut text = format!("hy{}{}|{incarnation}|{body}|", kind.tag, kind.version);
    let checksum = crc32fast::hash(text.as_bytes());
    text.push_str(&format!("{checksum:08x}"));
    if text.len() > MAX_CHARS { Err(MetadataError::TooLong) } else { Ok(text) }
}

/// Longest body that [`seal`] takes for an incarnation, in characters.
pub fn room(incarnation: &str) -> usize {
    MAX_CHARS.saturating_sub("hyt0|||00000000".len() + incarnation.len())
}

/// Unwraps a body.
///
/// # Errors
/// Any [`MetadataError`] except those of encoding: the partition must be refused.
pub fn open<'a>(kind: Kind, incarnation: &str, text: &'a str) -> Result<&'a str, MetadataError> {
    let (head, written_for, body) = unseal(text)?;
    let version =
        head.strip_prefix("hy").and_then(|rest| rest.strip_prefix(kind.tag)).ok_or(MetadataError::Foreign)?;
    if version != kind.version.to_string() {
        return Err(MetadataError::Version);
    }
    if written_for != incarnation {
        return Err(MetadataError::Incarnation);
    }
    Ok(body)
}

/// The incarnation that a text was sealed for, whatever its kind; `None` when it is damaged or not ours.
pub fn incarnation(text: &str) -> Option<&str> {
    unseal(text).ok().map(|(_, written_for, _)| written_for)
}

/// Head, incarnation and body.
fn unseal(text: &str) -> Result<(&str, &str, &str), MetadataError> {
    if text.len() > MAX_CHARS || !text.is_ascii() || !text.starts_with("hy") {
        return Err(MetadataError::Foreign);
    }
    let Some((covered, checksum)) = text.len().checked_sub(8).map(|at| text.split_at(at)) else {
        return Err(MetadataError::Foreign);
    };
    if format!("{:08x}", crc32fast::hash(covered.as_bytes())) != checksum {
        return Err(MetadataError::Checksum);
    }
    let mut parts = covered.split('|');
    let (Some(head), Some(written_for), Some(body), Some(""), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(MetadataError::Foreign);
    };
    Ok((head, written_for, body))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: Kind = Kind { tag: 't', version: 1 };

    #[test]
    fn each_mismatch_has_its_own_error() {
        let text = seal(KIND, "inc-1", "body").unwrap();
        assert_eq!(open(KIND, "inc-1", &text), Ok("body"));
        assert_eq!(open(KIND, "inc-2", &text), Err(MetadataError::Incarnation));
        assert_eq!(open(Kind { tag: 'u', version: 1 }, "inc-1", &text), Err(MetadataError::Foreign));
        assert_eq!(open(Kind { tag: 't', version: 2 }, "inc-1", &text), Err(MetadataError::Version));
        assert_eq!(open(KIND, "inc-1", ""), Err(MetadataError::Foreign));
        assert_eq!(open(KIND, "inc-1", "hy"), Err(MetadataError::Foreign));
        assert_eq!(open(KIND, "inc-1", &text.replace("body", "bodz")), Err(MetadataError::Checksum));
    }

    #[test]
    fn the_longest_body_that_has_room_fits_and_one_more_does_not() {
        let room = room("inc-1");
        let text = seal(KIND, "inc-1", &"x".repeat(room)).unwrap();
        assert_eq!(text.len(), MAX_CHARS);
        assert_eq!(seal(KIND, "inc-1", &"x".repeat(room + 1)), Err(MetadataError::TooLong));
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_any_changed_character_is_noticed(
            body in "[!-{}~]{0,200}", at in 0usize..300, with in 0x21u8..0x7f,
        ) {
            let text = seal(KIND, "i", &body).unwrap();
            prop_assert_eq!(open(KIND, "i", &text), Ok(body.as_str()));
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != with);
            bytes[at] = with;
            prop_assert!(open(KIND, "i", &String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,400}") {
            prop_assert!(open(KIND, "i", &text).is_err());
        }
    }
}
