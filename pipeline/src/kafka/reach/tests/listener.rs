//! Listeners of every kind, on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

/// Serves each connection by a thread of its own, for as long as the test runs.
pub(super) fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// Where nobody listens.
pub(super) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Reads a line and answers as a server of HTTP does.
pub(super) fn http(mut stream: TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|count| count > 0) && byte != *b"\n" {}
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").ok();
}

pub(super) fn silence(stream: TcpStream) {
    thread::sleep(Duration::from_secs(20));
    drop(stream);
}

/// A certificate of its own making, and what it is to be wrong with.
pub(super) struct Identity {
    pub(super) pem: String,
    config: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn of(name: &str) -> Self {
        Self::until(name, 4_000)
    }

    pub(super) fn until(name: &str, year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2_000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let made = params.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        Self { pem: made.pem(), config: Arc::new(config) }
    }

    /// A broker behind this certificate.
    pub(super) fn listen(&self) -> SocketAddr {
        let config = Arc::clone(&self.config);
        listen(move |mut stream| {
            let here = stream.local_addr().unwrap();
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            Broker::at(here).serve(&mut Stream::new(&mut tls, &mut stream));
        })
    }
}

/// As much of a broker as clients need before they may ask for records.
#[derive(Clone)]
pub(super) struct Broker {
    /// Where it says that brokers are.
    pub(super) advertised: Vec<(String, u16)>,
    /// The mechanism that it knows, if it wants to know who asks; it believes nobody.
    pub(super) sasl: Option<&'static str>,
}

impl Broker {
    pub(super) fn at(here: SocketAddr) -> Self {
        Self { advertised: vec![(here.ip().to_string(), here.port())], sasl: None }
    }

    pub(super) fn advertising(host: &str, port: u16) -> Self {
        Self { advertised: vec![(host.to_owned(), port)], sasl: None }
    }

    pub(super) fn listen(self) -> SocketAddr {
        listen(move |mut stream| self.serve(&mut stream))
    }

    pub(super) fn serve(&self, stream: &mut (impl Read + Write)) {
        loop {
            let mut length = [0; 4];
            if stream.read_exact(&mut length).is_err() {
                return;
            }
            let mut request = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
            if stream.read_exact(&mut request).is_err() {
                return;
            }
            let Some(answer) = self.answer(request[1], request[3]) else { return };
            let length = u32::try_from(answer.len() + 4).unwrap().to_be_bytes();
            if stream.write_all(&[&length, &request[4..8], &answer].concat()).is_err() {
                return;
            }
        }
    }

    /// By the number of the request and its version; the connection ends without one.
    fn answer(&self, key: u8, version: u8) -> Option<Vec<u8>> {
        let text = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let mut answer = Vec::new();
        match (key, self.sasl) {
            (18, _) => {
                // ApiVersions: none but the first version, others are told so.
                answer.extend_from_slice(&[0, if version == 0 { 0 } else { 35 }, 0, 0, 0, 4]);
                for (key, most) in [(18, 0), (3, 1), (17, 1), (36, 0)] {
                    answer.extend_from_slice(&[0, key, 0, 0, 0, most]);
                }
            }
            (17, Some(mechanism)) => {
                // SaslHandshake: whatever is asked for, it has this one only.
                answer.extend_from_slice(&[0, if mechanism == "PLAIN" { 0 } else { 33 }, 0, 0, 0, 1]);
                answer.extend_from_slice(&text(mechanism));
            }
            (36, Some(_)) => {
                answer.extend_from_slice(&[0, 58]);
                answer.extend_from_slice(&text("Authentication failed: Invalid username or password"));
                answer.extend_from_slice(&[0, 0, 0, 0]);
            }
            (3, None) => {
                answer.extend_from_slice(&u32::try_from(self.advertised.len()).unwrap().to_be_bytes());
                for (id, (host, port)) in (1_u32..).zip(&self.advertised) {
                    answer.extend_from_slice(&id.to_be_bytes());
                    answer.extend_from_slice(&text(host));
                    answer.extend_from_slice(&u32::from(*port).to_be_bytes());
                    answer.extend_from_slice(&[0xff, 0xff]);
                }
                answer.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0]);
            }
            _ => return None,
        }
        Some(answer)
    }
}
