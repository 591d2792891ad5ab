//! Stands before the engine: inserts reach it, its answers to them do not come back.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::scene::engine;

/// Lives until it is dropped.
pub(crate) struct Proxy {
    url: String,
    server: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client));
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
async fn serve(client: TcpStream) {
    let engine = TcpStream::connect(engine().trim_start_matches("http://")).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_engine, mut to_engine) = engine.into_split();
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = from_client.read(&mut up) => match read.unwrap_or(0) {
                0 => return,
                n if String::from_utf8_lossy(&up[..n]).contains("query=INSERT") => {
                    return lose_the_answer(&up[..n], from_client, from_engine, to_engine).await;
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

async fn lose_the_answer(
    first: &[u8],
    mut from_client: OwnedReadHalf,
    mut from_engine: OwnedReadHalf,
    mut to_engine: OwnedWriteHalf,
) {
    let (mut body, mut piece) = (first.to_vec(), vec![0; 1 << 16]);
    while !body.ends_with(b"0\r\n\r\n") {
        let n = from_client.read(&mut piece).await.unwrap();
        assert!(n > 0, "the client goes away");
        body.extend_from_slice(&piece[..n]);
    }
    to_engine.write_all(&body).await.unwrap();
    assert!(from_engine.read(&mut piece).await.unwrap() > 0, "the engine answers");
}
