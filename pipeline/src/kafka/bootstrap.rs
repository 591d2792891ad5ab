//! `kafka.bootstrap`: the brokers to ask first. librdkafka drops what it cannot read without a word, and everything behind it, so it
//! is read here.

use std::fmt;
use std::net::Ipv6Addr;

/// The port that a broker without one is asked at, as everywhere with Kafka.
const DEFAULT_PORT: u16 = 9092;

/// Values of `security.protocol`, which may also stand before an address.
const PROTOCOLS: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    /// A name or an address, an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Why `kafka.bootstrap` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// There is no address, or none between two commas.
    #[error("no address given")]
    Missing,
    /// Something else than a comma stands between addresses.
    #[error("{0:?}: addresses are separated by commas")]
    Separator(String),
    /// What stands before `://` is no protocol of Kafka's.
    #[error("{0:?} is no address of Kafka's: write host:port")]
    Scheme(String),
    /// The protocol before the address is not the one that is configured.
    #[error("{entry:?}: security.protocol is {protocol}")]
    Protocol {
        /// The address as written.
        entry: String,
        /// What is configured.
        protocol: String,
    },
    /// The port is no port.
    #[error("{0:?}: its port is no number from 1 to 65535")]
    Port(String),
    /// Host and port of an IPv6 address cannot be told apart.
    #[error("{0:?}: an IPv6 address stands in brackets, as in [::1]:9092")]
    Brackets(String),
    /// The host is neither a name nor an address.
    #[error("{0:?}: not a host name")]
    Host(String),
}

/// Reads the list. `protocol` is the value of `security.protocol`.
///
/// # Errors
/// [`AddressError`] for the first address that is none.
pub(crate) fn read(list: &str, protocol: &str) -> Result<Vec<Address>, AddressError> {
    list.split(',').map(|entry| address(entry.trim(), protocol)).collect()
}

fn address(entry: &str, protocol: &str) -> Result<Address, AddressError> {
    // What stands before an @ may be a secret.
    let told = entry.rsplit('@').next().unwrap_or(entry).to_owned();
    if entry.is_empty() {
        return Err(AddressError::Missing);
    }
    if entry.contains([';', '|']) || entry.contains(char::is_whitespace) {
        return Err(AddressError::Separator(told));
    }
    let place = match entry.split_once("://") {
        None => entry,
        Some((scheme, _)) if !PROTOCOLS.contains(&scheme.to_ascii_lowercase().as_str()) => {
            return Err(AddressError::Scheme(told));
        }
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case(protocol) => {
            return Err(AddressError::Protocol { entry: told, protocol: protocol.to_owned() });
        }
        Some((_, place)) => place.strip_suffix('/').unwrap_or(place),
    };
    let (host, port) = host_and_port(place).ok_or_else(|| AddressError::Brackets(told.clone()))?;
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => {
            let number = port.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| AddressError::Port(told.clone()))?
        }
    };
    let is_name = |host: &str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
    };
    if is_name(host) || host.parse::<Ipv6Addr>().is_ok() {
        Ok(Address { host: host.to_owned(), port })
    } else {
        Err(AddressError::Host(told))
    }
}

/// Both parts of a place; nothing where an IPv6 address has no brackets.
fn host_and_port(place: &str) -> Option<(&str, Option<&str>)> {
    if let Some((host, rest)) = place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return if rest.is_empty() {
            Some((host, None))
        } else {
            Some((host, Some(rest.strip_prefix(':')?)))
        };
    }
    match place.split_once(':') {
        None => Some((place, None)),
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str, protocol: &str) -> Result<Vec<String>, String> {
        let read = read(list, protocol).map_err(|error| error.to_string())?;
        Ok(read.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_addresses_protocols_and_spaces_are_read() {
        for (list, protocol, expected) in [
            ("kafka:9092", "plaintext", vec!["kafka:9092"]),
            (" a:1 ,\n b.example.org:2 ", "plaintext", vec!["a:1", "b.example.org:2"]),
            ("PLAINTEXT://a:1,b:2", "plaintext", vec!["a:1", "b:2"]),
            ("sasl_ssl://a:1/", "sasl_ssl", vec!["a:1"]),
            ("127.0.0.1", "plaintext", vec!["127.0.0.1:9092"]),
            ("[::1]:9094,[fe80::1]", "ssl", vec!["[::1]:9094", "[fe80::1]:9092"]),
            ("broker_1:65535", "ssl", vec!["broker_1:65535"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(names(list, protocol), Ok(expected), "{list}");
        }
    }

    #[test]
    fn whatever_is_no_address_is_refused_and_named() {
        for (list, says) in [
            ("", "no address"),
            ("a:1,,b:2", "no address"),
            ("a:1,", "no address"),
            ("http://127.0.0.1:9092", "\"http://127.0.0.1:9092\" is no address of Kafka's"),
            ("kafka://a:1", "is no address of Kafka's"),
            ("://a:1", "is no address of Kafka's"),
            ("SSL://a:1", "security.protocol is plaintext"),
            ("127.0.0.1:9092;127.0.0.1:9093", "separated by commas"),
            ("a:1 b:2", "separated by commas"),
            ("a:1|b:2", "separated by commas"),
            ("a:port", "its port is no number"),
            ("a:", "its port is no number"),
            ("a:0", "its port is no number"),
            ("a:70000", "its port is no number"),
            ("a:9092/topic", "its port is no number"),
            ("::1:9092", "in brackets"),
            ("[::1]9092", "in brackets"),
            ("[::1:9092", "in brackets"),
            (":9092", "not a host name"),
            ("[kafka:1]:9092", "not a host name"),
            ("127.0.0.1：9092", "not a host name"),
            ("卡夫卡:9092", "not a host name"),
            ("\"a\":9092", "not a host name"),
        ] {
            let error = names(list, "plaintext").unwrap_err();
            assert!(error.contains(says), "{list:?}: {error}");
        }
        let error = names("user:hunter2@a:1", "plaintext").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
