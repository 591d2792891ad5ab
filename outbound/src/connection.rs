//! Whether a request went over a connection that had served before.
//!
//! A server closes idle connections, and the closing may cross a request that is on its way: the request finds a dead
//! connection, and the server never sees it. The HTTP library repeats it only if not a byte was written, and does not say
//! whether the connection was an old one. It is found out here: if no connection was made for a request, it went over a kept
//! one.

use std::{cell::Cell, future::Future};

use futures_util::FutureExt as _;

tokio::task_local! {
    /// Whether a connection was made for the request that this task is about.
    static MADE: Cell<bool>;
}

/// The kind of connection that a request went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// A connection that was made for it, or perhaps so.
    Fresh,
    /// One that had been kept.
    Kept,
}

/// The client calls this whenever a connection is ready. A connection that is made in the background, because a kept one
/// became free meanwhile, belongs to no request.
pub(crate) fn made() {
    // An error says that this is outside a request, where nobody asks.
    MADE.try_with(|made| made.set(true)).unwrap_or_default();
}

/// Sends a request, and says what kind of connection it went over.
pub(crate) fn watch<T>(sending: impl Future<Output = T>) -> impl Future<Output = (T, Over)> {
    let watched = sending.map(|sent| (sent, if MADE.with(Cell::get) { Over::Fresh } else { Over::Kept }));
    MADE.scope(Cell::new(false), watched)
}
