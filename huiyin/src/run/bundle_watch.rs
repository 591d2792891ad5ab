//! Follows the bundle that was applied last, for the steps that read it outside the log: ingest and call.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use conversation::{Bundles, Ready};
use tokio::sync::watch;

/// How often the topic is asked.
const EVERY: Duration = Duration::from_secs(2);

/// The applied bundle, now and later.
pub(crate) struct Watched {
    /// All bundles by hash.
    pub(crate) bundles: Arc<Bundles>,
    /// The one that was applied last.
    pub(crate) current: watch::Receiver<Arc<Ready>>,
}

impl Watched {
    /// What is built from the bundle, built anew whenever another one is applied. One that cannot be built is
    /// reported, and the last good one stays. The engines are built before, on a thread that may block.
    pub(crate) fn derive<T: Send + Sync + 'static>(
        &self,
        build: impl Fn(&Ready) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<watch::Receiver<Arc<T>>> {
        let mut current = self.current.clone();
        let first = Arc::clone(&current.borrow_and_update());
        let (send, receive) = watch::channel(Arc::new(build(&first)?));
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = send.closed() => return,
                    changed = current.changed() => if changed.is_err() { return },
                }
                let ready = Arc::clone(&current.borrow_and_update());
                match build(&ready) {
                    Ok(built) => drop(send.send_replace(Arc::new(built))),
                    Err(error) => tracing::error!(error = format!("{error:#}"), "use applied bundle"),
                }
            }
        });
        Ok(receive)
    }
}

/// Reads the applied bundle and follows it.
pub(crate) async fn start(bundles: Bundles) -> anyhow::Result<Watched> {
    let bundles = Arc::new(bundles);
    let Some(ready) = read(&bundles).await? else {
        bail!("no bundle was applied to this deployment: `huiyin config apply` does it, or `run --apply`")
    };
    let mut hash = ready.hash.clone();
    tracing::info!(bundle = %hash, "bundle in force");
    let (send, current) = watch::channel(ready);
    let followed = Arc::clone(&bundles);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = send.closed() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            match read(&followed).await {
                Ok(Some(ready)) if ready.hash != hash => {
                    tracing::info!(bundle = %ready.hash, "another bundle was applied");
                    hash = ready.hash.clone();
                    drop(send.send_replace(ready));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(error = format!("{error:#}"), "look for another bundle"),
            }
        }
    });
    Ok(Watched { bundles, current })
}

async fn read(bundles: &Arc<Bundles>) -> anyhow::Result<Option<Arc<Ready>>> {
    let bundles = Arc::clone(bundles);
    Ok(tokio::task::spawn_blocking(move || bundles.current()).await.context("read applied bundle")??)
}
