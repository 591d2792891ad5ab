//! Stands before the engine and spoils inserts.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::scene::engine;

/// The server's own words for a row that a constraint forbids.
const REFUSAL: &str =
    "Code: 469. DB::Exception: Constraint `c` for table t is violated at row 1. (VIOLATED_CONSTRAINT)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Inserts do not reach the engine.
    Refuses,
    /// Inserts reach the engine, its answer does not come back.
    LosesAnswers,
}

/// Lives until it is dropped.
pub(crate) struct Proxy {
    url: String,
    server: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, mood));
            }
        });
        Self { url, server }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Passes requests on until an insert comes; whatever happens to that is the connection's end.
async fn serve(client: TcpStream, mood: Mood) {
    let engine = TcpStream::connect(engine().trim_start_matches("http://")).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_engine, mut to_engine) = engine.into_split();
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = from_client.read(&mut up) => match read.unwrap_or(0) {
                0 => return,
                n if String::from_utf8_lossy(&up[..n]).contains("query=INSERT") => {
                    let insert = Insert { from_client, to_client, from_engine, to_engine };
                    return insert.spoil(&up[..n], mood).await;
                }
                n => to_engine.write_all(&up[..n]).await.unwrap(),
            },
            read = from_engine.read(&mut down) => match read.unwrap_or(0) {
                0 => return,
                n => to_client.write_all(&down[..n]).await.unwrap(),
            },
        }
    }
}

struct Insert {
    from_client: OwnedReadHalf,
    to_client: OwnedWriteHalf,
    from_engine: OwnedReadHalf,
    to_engine: OwnedWriteHalf,
}

impl Insert {
    async fn spoil(mut self, first: &[u8], mood: Mood) {
        let (mut body, mut piece) = (first.to_vec(), vec![0; 1 << 16]);
        while !body.ends_with(b"0\r\n\r\n") {
            let n = self.from_client.read(&mut piece).await.unwrap();
            assert!(n > 0, "the client goes away");
            body.extend_from_slice(&piece[..n]);
        }
        match mood {
            Mood::Refuses => {
                let length = REFUSAL.len();
                let head = "HTTP/1.1 500 Error\r\nX-ClickHouse-Exception-Code: 469\r\nConnection: close";
                let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{REFUSAL}");
                self.to_client.write_all(answer.as_bytes()).await.unwrap();
            }
            Mood::LosesAnswers => {
                self.to_engine.write_all(&body).await.unwrap();
                assert!(self.from_engine.read(&mut piece).await.unwrap() > 0, "the engine answers");
            }
        }
    }
}
