//! As much HTTP as the stand-ins, the admin port and the engine need, blocking.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// Status and body of `http://address/path`.
pub(crate) fn call(method: &str, url: &str, body: &str) -> io::Result<(u16, String)> {
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap_or((url, ""));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok((status, body.to_owned()))
}

pub(crate) fn get(url: &str) -> Value {
    read(url, call("GET", url, ""))
}

pub(crate) fn post(url: &str, body: &Value) -> Value {
    read(url, call("POST", url, &body.to_string()))
}

fn read(url: &str, answer: io::Result<(u16, String)>) -> Value {
    let (status, body) = answer.unwrap_or_else(|error| panic!("call {url}: {error}"));
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{url}: {error}: {body:.200}"))
}
