//! The server on its socket.

use std::sync::Arc;
use std::time::Duration;

use ingest::config::TlsFiles;
use ingest::{ActiveBundle, Config, IngestHandle, serve};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::line::{ingest, now, question, signed};
use crate::publisher::{Memory, Mood};

const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) handle: IngestHandle,
    pub(crate) memory: Arc<Memory>,
    _bundle: watch::Sender<Arc<ActiveBundle>>,
}

pub(crate) async fn start(mood: Mood, change: impl FnOnce(&mut Config)) -> Server {
    start_with("", mood, change).await
}

async fn start_with(policies: &str, mood: Mood, change: impl FnOnce(&mut Config)) -> Server {
    let memory = Arc::new(Memory::new(mood));
    let (ingest, bundle) = ingest(policies, Arc::clone(&memory) as _, "test.", |config| {
        config.limits.header_timeout = Duration::from_millis(300);
        config.limits.body_timeout = Duration::from_millis(300);
        change(config);
    });
    Server { handle: serve(ingest).await.unwrap(), memory, _bundle: bundle }
}

pub(crate) fn callback() -> String {
    let body = signed(question("hi"), now()).to_string();
    format!("POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.handle.addr()).await.unwrap()
}

/// One answer: everything up to the end of its body.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let count = timeout(SOON, stream.read(&mut chunk)).await.expect("an answer in time").unwrap();
        assert!(count > 0, "the connection ended after {text:?}");
        read.extend_from_slice(&chunk[..count]);
    }
}

/// Everything until the server closes.
pub(crate) async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    let end = timeout(SOON, stream.read_to_end(&mut read)).await.expect("the server closes");
    // It may close before it has read everything, which the client sees as a reset.
    drop(end);
    String::from_utf8_lossy(&read).into_owned()
}

pub(crate) async fn is_answered(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(callback().as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"valid":false}"#), "{answer}");
}

#[tokio::test]
async fn one_connection_carries_many_callbacks() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        is_answered(&mut stream).await;
    }
    assert_eq!(server.memory.records().len(), 3);
}

#[tokio::test]
async fn a_slow_header_and_a_slow_body_end_their_connection_and_nothing_else() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let (mut slow_header, mut slow_body) = (connect(&server).await, connect(&server).await);
    slow_header.write_all(b"POST /pre HTTP/1.1\r\nhost:").await.unwrap();
    slow_body.write_all(b"POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    is_answered(&mut connect(&server).await).await;
    assert_eq!(until_closed(&mut slow_header).await, "");
    let refused = until_closed(&mut slow_body).await;
    assert!(refused.starts_with("HTTP/1.1 408") && refused.contains("slow_body"), "{refused}");
    is_answered(&mut connect(&server).await).await;
}

#[tokio::test]
async fn garbage_is_refused_and_the_server_stays_up() {
    let server = start(Mood::Acknowledges, |_| {}).await;
    let long_header = format!("POST /pre HTTP/1.1\r\nhost: {}\r\n\r\n", "x".repeat(40_000));
    let client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    for (garbage, status) in [
        (b"\x00\x01\x02\xff\xfe\r\n\r\n".to_vec(), "400"),
        (client_hello, "400"),
        (long_header.into_bytes(), "431"),
        (b"POST /pre HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n".to_vec(), "413"),
        (b"GET /pre HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(), "405"),
    ] {
        let mut stream = connect(&server).await;
        // The server may close while it is still being written to.
        drop(stream.write_all(&garbage).await);
        let refused = until_closed(&mut stream).await;
        assert!(
            refused.starts_with(&format!("HTTP/1.1 {status}")) || (status == "431" && refused.is_empty()),
            "{refused}"
        );
    }
    is_answered(&mut connect(&server).await).await;
}

#[tokio::test]
async fn a_connection_beyond_the_limit_gets_the_slot_of_an_idle_one() {
    let server = start(Mood::Acknowledges, |config| config.limits.max_connections = 1).await;
    let mut first = connect(&server).await;
    is_answered(&mut first).await;
    is_answered(&mut connect(&server).await).await;
    assert_eq!(until_closed(&mut first).await, "");
}

#[tokio::test]
async fn draining_answers_what_is_at_work_and_refuses_new_connections() {
    let server = start(Mood::AcknowledgesAfter(Duration::from_millis(100)), |_| {}).await;
    let mut idle = connect(&server).await;
    is_answered(&mut idle).await;
    let mut stream = connect(&server).await;
    stream.write_all(callback().as_bytes()).await.unwrap();
    while server.memory.records().len() < 2 {
        tokio::task::yield_now().await;
    }
    let address = server.handle.addr();
    server.handle.stop_accepting();
    let (answered, drained) = tokio::join!(answer(&mut stream), timeout(SOON, server.handle.drained()));
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    drained.unwrap();
    assert_eq!(until_closed(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn draining_waits_for_withdrawals_that_find_the_queue_full() {
    let server = start_with("no_acknowledgement = \"reject\"", Mood::Silent, |_| {}).await;
    let mut stream = connect(&server).await;
    stream.write_all(callback().as_bytes()).await.unwrap();
    while server.memory.records().is_empty() {
        tokio::task::yield_now().await;
    }
    server.memory.set(Mood::Full);
    assert!(answer(&mut stream).await.contains("try again later"));
    server.handle.stop_accepting();
    let mut drained = std::pin::pin!(server.handle.drained());
    assert!(timeout(Duration::from_millis(100), &mut drained).await.is_err());
    server.memory.set(Mood::Acknowledges);
    timeout(SOON, drained).await.unwrap();
    assert_eq!(server.memory.records().len(), 2);
}

#[tokio::test]
async fn https_is_spoken_with_certificate_and_key_from_files() {
    let (files, certificate, folder) = certificate("good");
    let server = start(Mood::Acknowledges, |config| config.tls = Some(files)).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, connect(&server).await).await.unwrap();
    is_answered(&mut stream).await;

    let mut plain = connect(&server).await;
    plain.write_all(callback().as_bytes()).await.unwrap();
    assert!(!until_closed(&mut plain).await.contains("HTTP"));
    let mut silent = connect(&server).await;
    until_closed(&mut silent).await;
    is_answered(&mut stream_again(&connector, &server).await).await;
    std::fs::remove_dir_all(folder).unwrap();
}

async fn stream_again(connector: &TlsConnector, server: &Server) -> impl AsyncRead + AsyncWrite + Unpin {
    connector.connect(ServerName::try_from("localhost").unwrap(), connect(server).await).await.unwrap()
}

#[tokio::test]
async fn certificate_files_that_cannot_be_used_are_named_at_start() {
    let (good, _, folder) = certificate("one");
    let (other, _, other_folder) = certificate("other");
    let missing = folder.join("missing.pem");
    let swapped = |certificates, key| TlsFiles { certificates, key };
    for (files, error) in [
        (swapped(missing.clone(), good.key.clone()), "read certificates from"),
        (swapped(good.certificates.clone(), missing), "read private key from"),
        (swapped(good.key.clone(), good.key.clone()), "holds none"),
        (swapped(good.certificates, other.key), "use certificate and key"),
    ] {
        let (ingest, _bundle) =
            ingest("", Arc::new(Memory::new(Mood::Silent)), "test.", |config| config.tls = Some(files));
        let found = serve(ingest).await.err().expect("a refusal").to_string();
        assert!(found.contains(error), "{found}");
    }
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::remove_dir_all(other_folder).unwrap();
}

type Der = tokio_rustls::rustls::pki_types::CertificateDer<'static>;

fn certificate(name: &str) -> (TlsFiles, Der, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("ingest-tls-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files = TlsFiles { certificates: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.certificates, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().clone(), folder)
}
