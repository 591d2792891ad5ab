//! Looks at brokers from outside, without librdkafka: resolves their names, connects, sends the first request.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::greeting::{Speech, greet};
use crate::kafka::bootstrap::Address;

/// Longest time that looking at one broker takes: name, connection and first request together.
const LONGEST: Duration = Duration::from_secs(3);
/// Longest time that one of the three takes.
const STEP: Duration = Duration::from_millis(1_500);
/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

/// What brokers are expected to speak.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// The value of `security.protocol`.
    pub(super) protocol: String,
}

impl Expected {
    fn is_tls(&self) -> bool {
        self.protocol.ends_with("ssl")
    }
}

/// One broker as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sight {
    /// Where it should be.
    pub(super) address: Address,
    /// What its name resolved to.
    pub(super) resolved: Vec<IpAddr>,
    /// Why it cannot be used; `None` when it speaks as expected, or when that cannot be seen from outside.
    pub(super) trouble: Option<String>,
}

/// Looks at all brokers at the same time. Each is sent to the receiver when it was looked at, within [`LONGEST`].
pub(super) fn look(brokers: &[Address], expected: &Expected) -> Receiver<Sight> {
    let (found, sights) = mpsc::channel();
    for address in brokers {
        let (address, expected, found) = (address.clone(), expected.clone(), found.clone());
        apart(move || {
            // The caller may have dropped the receiver.
            found.send(see(address, &expected, Instant::now() + LONGEST)).unwrap_or_default();
        });
    }
    sights
}

/// Runs on a thread of its own that nobody joins: resolving a name has no time limit, and a connection that times out must not delay
/// the next one.
fn apart(work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name("reach".into()).spawn(work) {
        tracing::warn!(%error, "start a thread that looks at a broker");
    }
}

fn see(address: Address, expected: &Expected, until: Instant) -> Sight {
    let places = match resolve(&address, until) {
        Ok(places) => places,
        Err(trouble) => return Sight { address, resolved: Vec::new(), trouble: Some(trouble) },
    };
    let resolved = places.iter().map(SocketAddr::ip).collect();
    let (found, findings) = mpsc::channel();
    for place in &places {
        let (place, expected, found) = (*place, expected.clone(), found.clone());
        apart(move || try_out(place, &expected, until, &found));
    }
    drop(found);
    let mut troubles: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    while let Ok((place, trouble)) = findings.recv() {
        match trouble {
            None => return Sight { address, resolved, trouble: None },
            Some(trouble) => troubles.entry(trouble).or_default().push(place),
        }
    }
    let of_all = troubles.len() == 1;
    let told = troubles
        .into_iter()
        .map(|(trouble, places)| if of_all { trouble } else { format!("{}: {trouble}", list(&places)) });
    Sight { address, resolved, trouble: Some(told.collect::<Vec<_>>().join(", ")) }
}

fn resolve(address: &Address, until: Instant) -> Result<Vec<SocketAddr>, String> {
    let (found, places) = mpsc::channel();
    let name = (address.host.clone(), address.port);
    apart(move || found.send(name.to_socket_addrs()).unwrap_or_default());
    match places.recv_timeout(step(until)) {
        Ok(Ok(places)) => {
            let places: Vec<_> = places.take(MOST_ADDRESSES).collect();
            if places.is_empty() { Err("its name resolves to nothing".to_owned()) } else { Ok(places) }
        }
        Ok(Err(error)) => Err(format!("its name does not resolve ({error})")),
        Err(_) => Err(format!("its name was not resolved within {STEP:?}")),
    }
}

fn try_out(place: SocketAddr, expected: &Expected, until: Instant, found: &Sender<(IpAddr, Option<String>)>) {
    let trouble = match TcpStream::connect_timeout(&place, step(until)) {
        Ok(stream) => of_speech(greet(stream, Instant::now() + step(until)), expected),
        Err(error) => Some(of_connecting(&error)),
    };
    found.send((place.ip(), trouble)).unwrap_or_default();
}

fn of_connecting(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut => format!("timed out: no connection within {STEP:?}"),
        _ => format!("no connection ({error})"),
    }
}

/// What is wrong with a port that speaks like this. Where TLS is expected, only plain protocols are wrong here: of TLS itself the
/// client can say more.
fn of_speech(speech: Speech, expected: &Expected) -> Option<String> {
    let protocol = &expected.protocol;
    match speech {
        Speech::Kafka if expected.is_tls() => {
            Some(format!("it speaks Kafka without TLS, and security.protocol is {protocol}"))
        }
        Speech::Kafka => None,
        Speech::Http => Some("not Kafka: it answers with HTTP".to_owned()),
        Speech::Tls | Speech::Closed | Speech::Silent if expected.is_tls() => None,
        Speech::Tls => Some(format!("it speaks TLS, and security.protocol is {protocol}")),
        Speech::Other(head) => Some(format!("not Kafka: it answers \"{head}\"")),
        Speech::Closed => {
            Some("it closes the connection without an answer: not Kafka, or a listener with TLS".to_owned())
        }
        Speech::Silent => Some(format!("it takes the connection and does not answer within {STEP:?}")),
    }
}

fn step(until: Instant) -> Duration {
    // A timeout of zero is refused by the socket.
    until.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), STEP)
}

/// Addresses, separated by commas.
pub(super) fn list(places: &[IpAddr]) -> String {
    places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
