//! One HTTP/1.1 connection that costs next to nothing: prepared bytes out, status and body back.

use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A connection that is kept. Replies must tell their length.
pub(crate) struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await.with_context(|| format!("connecting to {to}"))?;
        stream.set_nodelay(true).context("switching Nagle's algorithm off")?;
        Ok(Self { stream, inbox: Vec::with_capacity(1_024) })
    }

    /// Sends a whole request and returns the body of the reply, which must be a 200.
    ///
    /// # Errors
    /// When the connection breaks, or the reply is another one or cannot be read.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await.context("sending a request")?;
        self.inbox.clear();
        loop {
            let read = self.stream.read_buf(&mut self.inbox).await.context("reading a reply")?;
            ensure!(read > 0, "the connection was closed before the reply");
            if let Some(body) = body(&self.inbox)? {
                return Ok(&self.inbox[body..]);
            }
        }
    }
}

/// Where the body begins, once it is there whole.
fn body(reply: &[u8]) -> Result<Option<usize>> {
    let Some(head) = find(reply, END_OF_HEAD) else { return Ok(None) };
    let text = std::str::from_utf8(&reply[..head]).context("reading a reply's head")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap_or_default();
    ensure!(status.starts_with("HTTP/1.1 200"), "the reply was {status}");
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let begin = head + END_OF_HEAD.len();
    let length = length.context("a reply does not tell its length")?;
    Ok((reply.len() >= begin + length).then_some(begin))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn a_reply_is_taken_once_it_is_whole_and_only_if_it_is_good() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nx: y\r\n\r\nbody";
        for cut in 0..whole.len() {
            assert_eq!(body(&whole[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(body(whole).unwrap(), Some(whole.len() - 4));
        assert!(body(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(body(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
