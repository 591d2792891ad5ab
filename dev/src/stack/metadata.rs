//! Asks one broker for its cluster with one raw request over TCP. The answer, or the reason why there is none, is that
//! broker's own and comes within two seconds; a client library would go on trying, and would ask the other brokers too.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);
const CORRELATION: u32 = 0x4855_4959;
/// Api key 3 (Metadata), version 4; no client id; no topics (an empty list); no auto-creation.
const REQUEST: [u8; 19] = [0, 0, 0, 15, 0, 3, 0, 4, 0x48, 0x55, 0x49, 0x59, 0xff, 0xff, 0, 0, 0, 0, 0];
const LARGEST_ANSWER: u32 = 1 << 20;

/// The number of live brokers that the broker at `address` (`host:port`) knows.
///
/// # Errors
/// When nobody listens, or what answers within two seconds is not Kafka.
pub(crate) fn live_brokers(address: &str) -> Result<u32> {
    broker_count(&ask(address, About::Brokers)?)
}

/// Whether the broker at `address` still has a topic with that text in its name. Brokers apply a deletion one by one. One
/// that has not applied it yet accepts records for a new topic of the same name and drops them with the old one.
///
/// # Errors
/// When nobody listens, or what answers within two seconds is not Kafka.
pub fn has_topics(address: &str, part: &str) -> Result<bool> {
    Ok(ask(address, About::Topics)?.windows(part.len().max(1)).any(|bytes| bytes == part.as_bytes()))
}

/// What a metadata request is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The brokers alone.
    Brokers,
    /// The brokers and every topic.
    Topics,
}

/// The answer of the broker at `address` to a metadata request.
///
/// # Errors
/// As [`live_brokers`].
pub(super) fn ask(address: &str, about: About) -> Result<Vec<u8>> {
    let target = address.to_socket_addrs().with_context(|| format!("resolving {address}"))?.next();
    let target = target.with_context(|| format!("resolving {address}"))?;
    let mut stream =
        TcpStream::connect_timeout(&target, PATIENCE).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = REQUEST;
    if about == About::Topics {
        // A list that is absent means all.
        request[14..18].fill(0xff);
    }
    let answer = exchange(&mut stream, &request)
        .with_context(|| format!("asking {address} for its metadata within two seconds"))?;
    ensure!(answer.get(..4) == Some(&CORRELATION.to_be_bytes()), "the answer belongs to another request");
    Ok(answer)
}

fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<Vec<u8>> {
    stream.write_all(request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    ensure!(length <= LARGEST_ANSWER, "the answer claims {length} bytes");
    let mut answer = vec![0; length.try_into()?];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// The word after correlation id and throttle time is the length of the list of brokers.
fn broker_count(answer: &[u8]) -> Result<u32> {
    let word = |index: usize| -> Result<u32> {
        let bytes =
            answer.get(4 * index..4 * index + 4).context("the answer to a metadata request is too short")?;
        Ok(u32::from_be_bytes(bytes.try_into()?))
    };
    word(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn ask_one_that_answers(answer: Vec<u8>) -> Result<u32> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; REQUEST.len()];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(&answer).unwrap();
            asked
        });
        let counted = live_brokers(&address);
        assert_eq!(peer.join().unwrap(), REQUEST);
        counted
    }

    #[test]
    fn the_request_states_its_own_length_and_correlation() {
        assert_eq!(REQUEST[..4], u32::to_be_bytes(15));
        assert_eq!(REQUEST[8..12], CORRELATION.to_be_bytes());
    }

    #[test]
    fn brokers_are_counted_from_the_answer() {
        let answer = [16_u32, CORRELATION, 0, 3, 0].iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(ask_one_that_answers(answer).unwrap(), 3);
    }

    #[test]
    fn what_is_not_kafka_is_told_apart() {
        assert!(ask_one_that_answers(b"HTTP/1.1 400 Bad Request\r\n".to_vec()).is_err());
        let foreign = [8_u32, 1, 0].iter().flat_map(|word| word.to_be_bytes()).collect();
        assert!(ask_one_that_answers(foreign).unwrap_err().to_string().contains("another request"));
    }
}
