//! The first request to a broker: its answer shows what the port speaks.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// `ApiVersions` in its first version, which every listener of every broker answers before anything else, authentication included:
/// length, key 18, version 0, correlation, client id. The id ends lines, so that servers which read lines answer as well.
const REQUEST: &[u8] = b"\0\0\0\x14\0\x12\0\0\x68\x79\x69\x6e\0\x0ahuiyin\r\n\r\n";
/// Where the answer has the correlation again, behind its length.
const CORRELATION: (usize, &[u8]) = (4, b"\x68\x79\x69\x6e");
/// Bytes of an answer that are enough to tell what it is.
const HEAD: usize = 16;

/// What a port speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speech {
    /// Kafka's protocol, without TLS.
    Kafka,
    /// TLS.
    Tls,
    /// HTTP.
    Http,
    /// Something else, which begins like this.
    Other(String),
    /// It closed the connection.
    Closed,
    /// It takes the connection and says nothing.
    Silent,
}

/// Sends the first request and reads until the answer shows what the port speaks, at most until `until`.
pub(super) fn greet(mut stream: TcpStream, until: Instant) -> Speech {
    let mut head = Vec::new();
    if stream.write_all(REQUEST).is_err() {
        return Speech::Closed;
    }
    while head.len() < HEAD {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut piece = [0; HEAD];
        let read = stream.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut piece));
        match read {
            Ok(0) => return speech(&head).unwrap_or(Speech::Closed),
            Ok(count) => head.extend_from_slice(&piece[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return speech(&head).unwrap_or(Speech::Silent);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return speech(&head).unwrap_or(Speech::Closed),
        }
        if head.len() >= CORRELATION.0 + CORRELATION.1.len() {
            break;
        }
    }
    speech(&head).unwrap_or(Speech::Closed)
}

/// What the first bytes of an answer show; `None` when there are none.
fn speech(head: &[u8]) -> Option<Speech> {
    let (at, correlation) = CORRELATION;
    Some(match head {
        [] => return None,
        // A TLS alert record.
        [0x15, 0x03, ..] => Speech::Tls,
        _ if head.starts_with(b"HTTP/") || head.starts_with(b"<") => Speech::Http,
        _ if head.get(at..at + correlation.len()) == Some(correlation) => Speech::Kafka,
        _ => Speech::Other(head.escape_ascii().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_length_that_it_says() {
        let length = u32::from_be_bytes(REQUEST[..4].try_into().unwrap());
        assert_eq!(usize::try_from(length).unwrap(), REQUEST.len() - 4);
        let id = u16::from_be_bytes(REQUEST[12..14].try_into().unwrap());
        assert_eq!(usize::from(id), REQUEST.len() - 14);
    }

    #[test]
    fn an_answer_shows_by_its_beginning_what_it_is() {
        for (head, expected) in [
            (&b"\0\0\x01\x20hyin\0\0"[..], Speech::Kafka),
            (b"HTTP/1.1 400 Bad", Speech::Http),
            (b"<!DOCTYPE HTML", Speech::Http),
            (b"\x15\x03\x01\0\x02\x02\x46", Speech::Tls),
            (b"SSH-2.0-OpenSSH_", Speech::Other("SSH-2.0-OpenSSH_".into())),
            (b"\0\0\x01", Speech::Other("\\x00\\x00\\x01".into())),
        ] {
            assert_eq!(speech(head), Some(expected));
        }
        assert_eq!(speech(b""), None);
    }
}
