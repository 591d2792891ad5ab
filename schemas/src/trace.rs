//! W3C trace context, derived: a replay of the same message has the same trace.

use sha2::{Digest, Sha256};

use crate::ids::MessageId;

/// Bytes of a `traceparent` header.
const LENGTH: usize = 55;

/// A `traceparent` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace(String);

impl Trace {
    /// The trace of the message that started everything; the span is the record that carries it.
    pub fn of_message(message: &MessageId, record: &str) -> Self {
        let trace = Sha256::digest(message.as_str().as_bytes());
        let span = Sha256::digest(record.as_bytes());
        let mut text = String::with_capacity(LENGTH);
        text.push_str("00-");
        hex(&trace[..16], &mut text);
        text.push('-');
        hex(&span[..8], &mut text);
        text.push_str("-01");
        Self(text)
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> String {
        trace.0
    }
}

/// Every record that is written passes here: no formatting machinery.
fn hex(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lowercase_and_keep_their_zeros() {
        let mut text = String::new();
        hex(&[0x00, 0x0f, 0xa0, 0xff], &mut text);
        assert_eq!(text, "000fa0ff");
    }

    #[test]
    fn records_of_one_message_share_its_trace_and_not_its_span() {
        let message = MessageId::new("acme#support/chat/1").unwrap();
        let (a, b) = (Trace::of_message(&message, "a"), Trace::of_message(&message, "b"));
        assert_eq!(a.as_str().len(), LENGTH);
        assert_eq!(a.as_str()[..36], b.as_str()[..36]);
        assert_ne!(a, b);
    }
}
