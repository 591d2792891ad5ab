//! Whether a server of the loopback interface answers, without an HTTP client.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

/// Checks that the server on `port` answers a request for `path` with 200.
///
/// # Errors
/// When it does not.
pub(crate) fn check(port: u16, path: &str) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream =
        TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).with_context(|| format!("waiting for {address} to answer"))?;
    ensure!(answer.get(8..12) == Some(b" 200"), "{address} does not answer {path} as it must");
    Ok(())
}
