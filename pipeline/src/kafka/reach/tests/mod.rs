//! Against real sockets: each way of being out of reach is told apart from the others, within 5 s.

mod listener;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use super::super::{Property, RawConfig};
use super::*;
use listener::{Broker, Identity, http, listen, nobody, silence};

const SOON: Duration = Duration::from_secs(5);

fn config(bootstrap: &str, properties: &[(&str, &str)]) -> Config {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), Property::Text((*value).to_owned()));
    Config::new(RawConfig {
        bootstrap: bootstrap.to_owned(),
        heartbeat_interval: Duration::from_millis(500),
        properties: properties.iter().map(text).collect::<BTreeMap<_, _>>(),
    })
    .unwrap()
}

/// What is said, and that it is said soon.
fn said(bootstrap: &str, properties: &[(&str, &str)]) -> String {
    let began = Instant::now();
    let error = reach(&config(bootstrap, properties)).unwrap_err().to_string();
    assert!(began.elapsed() < SOON, "{:?}: {error}", began.elapsed());
    println!("{:?} {error}", began.elapsed());
    error
}

fn says(bootstrap: &str, properties: &[(&str, &str)], parts: &[&str]) {
    let error = said(bootstrap, properties);
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

/// At this address, whatever is expected there.
fn says_at(place: SocketAddr, properties: &[(&str, &str)], part: &str) {
    says(&place.to_string(), properties, &[&format!("{place}: "), part]);
}

/// One that is where it says.
fn broker() -> SocketAddr {
    listen(|mut stream| Broker::at(stream.local_addr().unwrap()).serve(&mut stream))
}

const TLS: (&str, &str) = ("security.protocol", "ssl");

#[test]
fn a_broker_that_answers_is_reached_and_asked_again_at_no_cost() {
    let here = broker();
    let began = Instant::now();
    let mut reach = Reach::new(&config(&here.to_string(), &[])).unwrap();
    for _ in 0..3 {
        reach.check().unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // One that is away beside it is no matter.
    super::reach(&config(&format!("{},{here}", nobody()), &[])).unwrap();
}

#[test]
fn a_name_that_does_not_resolve_is_named() {
    says("kafka.invalid:9092", &[], &["kafka.invalid:9092: its name does not resolve ("]);
}

#[test]
fn what_a_name_resolves_to_is_told() {
    let port = nobody().port();
    says(
        &format!("localhost:{port}"),
        &[],
        &[&format!("localhost:{port} ("), "127.0.0.1", "connection refused"],
    );
}

#[test]
fn a_refused_connection_is_told_soon_in_each_family_and_at_the_usual_port() {
    let began = Instant::now();
    says_at(nobody(), &[], "connection refused");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let port = nobody().port();
    says(&format!("[::1]:{port}"), &[], &[&format!("[::1]:{port}: ")]);
    // Nothing listens at the usual port of this address.
    says("127.77.77.77", &[], &["127.77.77.77:9092: connection refused"]);
}

#[test]
fn a_server_of_http_is_told_by_its_answer() {
    says_at(listen(http), &[], "not Kafka: it answers with HTTP");
    says_at(listen(http), &[TLS], "not Kafka: it answers with HTTP");
}

#[test]
fn another_protocol_is_quoted() {
    let ssh = listen(|mut stream| stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").unwrap());
    says_at(ssh, &[], "not Kafka: it answers \"SSH-2.0-OpenSSH");
}

#[test]
fn one_that_closes_at_once_and_one_that_never_answers_are_told_apart() {
    says_at(listen(drop), &[], "it closes the connection without an answer");
    says_at(listen(silence), &[], "does not answer within 1.5s");
    says_at(listen(silence), &[TLS], "SSL_HANDSHAKE");
}

#[test]
fn tls_where_none_is_expected_and_none_where_it_is_are_told() {
    let secure = Identity::of("127.0.0.1").listen();
    says_at(secure, &[], "it speaks TLS, and security.protocol is plaintext");
    let plain = Broker::advertising("127.0.0.1", 1).listen();
    says_at(plain, &[TLS], "it speaks Kafka without TLS, and security.protocol is ssl");
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_told_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let trusting = |identity: &Identity| {
        std::fs::write(&file, &identity.pem).unwrap();
        [TLS, ("ssl.ca.location", file.to_str().unwrap())]
    };
    says_at(Identity::of("127.0.0.1").listen(), &[TLS], "of an unknown authority");
    let other = Identity::of("kafka.example.org");
    says_at(other.listen(), &trusting(&other), "for another name");
    let expired = Identity::until("127.0.0.1", 2_020);
    says_at(expired.listen(), &trusting(&expired), "or out of date");
    let good = Identity::of("127.0.0.1");
    reach(&config(&good.listen().to_string(), &trusting(&good))).unwrap();
}

fn sasl(mechanism: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanism", mechanism),
        ("sasl.username", "huiyin"),
        ("sasl.password", "wrong-and-secret"),
    ]
}

#[test]
fn a_wrong_password_a_missing_mechanism_and_missing_sasl_are_told() {
    let wanting =
        |mechanism| Broker { sasl: Some(mechanism), ..Broker::advertising("127.0.0.1", 1) }.listen();
    says_at(wanting("PLAIN"), &sasl("PLAIN"), "Invalid username or password");
    says_at(wanting("SCRAM-SHA-512"), &sasl("PLAIN"), "SCRAM-SHA-512");
    says_at(wanting("PLAIN"), &[], "it may want SASL, and security.protocol is plaintext");
    assert!(!said(&wanting("PLAIN").to_string(), &sasl("PLAIN")).contains("wrong-and-secret"));
}

#[test]
fn a_broker_that_is_advertised_where_nobody_can_go_is_named() {
    let elsewhere = Broker::advertising("broker-1.invalid", 9092).listen();
    says(
        &elsewhere.to_string(),
        &[],
        &[
            "a broker is advertised where it cannot be reached, broker-1.invalid:9092: its name does not resolve",
        ],
    );
    let closed = nobody();
    let elsewhere = Broker::advertising("127.0.0.1", closed.port()).listen();
    says(
        &elsewhere.to_string(),
        &[],
        &[&format!("advertised where it cannot be reached, {closed}: connection refused")],
    );
}

#[test]
fn one_advertised_broker_that_can_be_reached_is_enough() {
    let open = broker();
    let advertised = vec![("broker-1.invalid".to_owned(), 9092), ("127.0.0.1".to_owned(), open.port())];
    let here = Broker { advertised, sasl: None }.listen();
    reach(&config(&here.to_string(), &[])).unwrap();
}

#[test]
fn every_broker_is_named_with_its_own_reason() {
    let (refused, other) = (nobody(), listen(http));
    says(
        &format!("kafka.invalid:1, {refused},{other}"),
        &[],
        &[
            "kafka.invalid:1: its name",
            &format!("; {refused}: connection refused"),
            &format!("; {other}: not Kafka"),
        ],
    );
}

#[test]
fn an_address_where_everything_is_lost_times_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let place = full.local_addr().unwrap();
    // Once so many wait to be accepted, further ones get no answer.
    let waiting = std::iter::from_fn(|| TcpStream::connect_timeout(&place, Duration::from_millis(200)).ok());
    let _waiting: Vec<_> = waiting.take(100).collect();
    says_at(place, &[], "timed out: no connection within 1.5s");
}

/// The client may have forgotten the broker that it was configured with by the time it is asked.
#[test]
fn brokers_that_the_client_heard_of_are_told_with_their_reason_and_those_that_named_them_are_not_blamed() {
    let here = Broker::advertising("127.0.0.1", 1).listen();
    let reach = Reach::new(&config(&here.to_string(), &[])).unwrap();
    let address = |port| Address { host: "127.0.0.1".to_owned(), port };
    let sight = |port, trouble: Option<&str>| Sight {
        address: address(port),
        resolved: Vec::new(),
        trouble: trouble.map(str::to_owned),
    };
    let mut search = Search { places: vec![address(here.port()), address(1)], ..Search::default() };
    search.sights = vec![sight(1, Some("connection refused")), sight(here.port(), None)];
    assert!(reach.is_clear(&mut search));
    let told = reach.unreachable(&search).to_string();
    let expected = "kafka is out of reach: a broker is advertised where it cannot be reached, 127.0.0.1:1: connection refused";
    assert_eq!(told, expected);
    // All are away: then nobody sent us anywhere.
    search.sights[0].trouble = Some("connection refused".to_owned());
    let told = reach.unreachable(&search).to_string();
    assert!(!told.contains("advertised") && told.contains("; 127.0.0.1:1: connection refused"), "{told}");
}
