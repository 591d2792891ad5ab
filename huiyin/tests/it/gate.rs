//! Stands before the engine: it can be shut under what passes through.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::rig::free_port;

/// A way to the engine.
pub(crate) struct Gate {
    port: u16,
    /// Both ends of every connection; nothing while it is shut.
    passing: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Gate {
    /// Shut at first: the port does not even listen before [`Gate::open`].
    pub(crate) fn new() -> Self {
        Self { port: free_port(), passing: Arc::default() }
    }

    /// The address of the gate.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets connections through, for the first time.
    pub(crate) fn open(&self) {
        self.open_again();
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        let (passing, engine) = (Arc::clone(&self.passing), engine());
        thread::spawn(move || {
            for client in listener.incoming() {
                if let Some(passing) = passing.lock().unwrap().as_mut() {
                    passing.extend(join(client.unwrap(), &engine));
                }
            }
        });
    }

    /// Cuts every connection, whatever is under way on it, and closes new ones at once.
    pub(crate) fn shut(&self) {
        for end in self.passing.lock().unwrap().take().into_iter().flatten() {
            // The other side may have closed it already.
            drop(end.shutdown(Shutdown::Both));
        }
    }

    /// Lets connections through again.
    pub(crate) fn open_again(&self) {
        *self.passing.lock().unwrap() = Some(Vec::new());
    }
}

/// The engine's address as the test run names it.
pub(crate) fn engine() -> String {
    std::env::var("HUIYIN_TEST_CLICKHOUSE").unwrap()
}

fn join(client: TcpStream, engine: &str) -> [TcpStream; 2] {
    let engine = TcpStream::connect(engine.trim_start_matches("http://")).unwrap();
    let ends = [client.try_clone().unwrap(), engine.try_clone().unwrap()];
    for (mut from, mut into) in [(client.try_clone().unwrap(), engine.try_clone().unwrap()), (engine, client)]
    {
        thread::spawn(move || {
            drop(copy(&mut from, &mut into));
            drop(into.shutdown(Shutdown::Write));
        });
    }
    ends
}
