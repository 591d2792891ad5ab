//! What ends a command that asks models: both signals mean the same.

use tokio::signal::unix::{SignalKind, signal};

/// Done when somebody ends the command, by SIGINT (a terminal's Ctrl-C) or SIGTERM (a scheduler's).
///
/// # Errors
/// When signals cannot be listened to.
pub(super) async fn ended() -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}
