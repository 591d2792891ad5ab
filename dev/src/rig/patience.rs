//! Bounded waiting that Ctrl-C ends.

use anyhow::{Context, Result, bail};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

const STEP: Duration = Duration::from_millis(50);

/// The person at the terminal wants to stop.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl Error for Interrupted {}

/// Waits for what others do, as long as nobody interrupts.
#[derive(Clone, Default)]
pub struct Patience {
    interrupted: Arc<AtomicBool>,
}

impl Patience {
    /// Ends with SIGINT, SIGTERM or SIGHUP from now on; none of them kills this process any more.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn until_signalled(runtime: &Runtime) -> Result<Self> {
        let patience = Self::default();
        let _entered = runtime.enter();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            let mut signals = signal(kind).context("listening for signals")?;
            let interrupted = Arc::clone(&patience.interrupted);
            runtime.spawn(async move {
                while signals.recv().await.is_some() {
                    interrupted.store(true, Ordering::Relaxed);
                }
            });
        }
        Ok(patience)
    }

    /// Whether somebody interrupted.
    pub fn is_over(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Forgets the interruption; the next one counts again.
    pub fn renew(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
    }

    /// Fails once somebody interrupted.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.is_over() { Err(Interrupted.into()) } else { Ok(()) }
    }

    /// Asks `probe` again and again until it gives something.
    ///
    /// # Errors
    /// [`Interrupted`], what `probe` fails with, or `what` when `bound` passes first.
    pub fn until<T>(
        &self,
        what: &str,
        bound: Duration,
        mut probe: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let begun = Instant::now();
        loop {
            self.check()?;
            if let Some(found) = probe().with_context(|| format!("waiting for {what}"))? {
                return Ok(found);
            }
            if begun.elapsed() > bound {
                bail!("expected {what}, saw nothing of it within {} s", bound.as_secs());
            }
            sleep(STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_the_end_is_given_back_and_what_never_comes_is_named() {
        let patience = Patience::default();
        let mut asked = 0;
        let found = patience.until("the third", Duration::from_secs(5), || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(found.unwrap(), 3);
        let missed = patience.until("rain", Duration::ZERO, || Ok(None::<()>)).unwrap_err().to_string();
        assert!(missed.contains("expected rain"), "{missed}");
    }

    #[test]
    fn an_interruption_ends_the_wait_at_once() {
        let patience = Patience::default();
        patience.interrupted.store(true, Ordering::Relaxed);
        let ended = patience.until("never", Duration::from_secs(60), || Ok(None::<()>)).unwrap_err();
        assert!(ended.is::<Interrupted>());
        patience.renew();
        patience.check().unwrap();
    }
}
