//! Whether a request went over a connection that had served before.
//!
//! A server closes connections that rest, and the closing may cross a request that is on its way: that request finds a dead
//! connection, the server never sees it, and nothing is wrong but the time. The HTTP library repeats it by itself only if not a byte was
//! written, and tells nobody whether the connection was an old one, so that is found out here: where no connection was made for a
//! request, it went over a kept one.

use std::{cell::Cell, future::Future};

tokio::task_local! {
    /// Whether a connection was made for the request that this task is about.
    static MADE: Cell<bool>;
}

/// Over what a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// A connection that was made for it, or perhaps so.
    Fresh,
    /// One that had been kept.
    Kept,
}

/// To be called by the client whenever a connection is ready. One that is made in the background, because a kept one became
/// free meanwhile, is nobody's.
pub(crate) fn made() {
    // An error says that this is outside a request, where nobody asks.
    MADE.try_with(|made| made.set(true)).unwrap_or_default();
}

/// Sends a request, and tells over what it went.
pub(crate) async fn watch<T>(sending: impl Future<Output = T>) -> (T, Over) {
    let watched = async {
        let sent = sending.await;
        let over = if MADE.with(Cell::get) { Over::Fresh } else { Over::Kept };
        (sent, over)
    };
    MADE.scope(Cell::new(false), watched).await
}
