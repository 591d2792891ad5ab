//! How many calls of a replay run at a time, and how fast they start. Production's own calls to the same targets go on beside them, and neither
//! knows of the other: these limits are what keeps room for production.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Limits of a replay's calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Most calls that run at a time.
    pub at_once: NonZeroUsize,
    /// Calls that start within a second, spread evenly; as many as there are if absent.
    pub per_second: Option<f64>,
}

/// Keeps calls to their limits.
#[derive(Debug)]
pub struct Gate {
    room: Semaphore,
    /// Time from one start to the next; none without a pace.
    between: Duration,
    /// When the next call may start.
    next: Mutex<Option<Instant>>,
}

impl Gate {
    /// A gate that nobody has gone through.
    pub fn new(limits: Limits) -> Self {
        let between = limits.per_second.filter(|pace| *pace > 0.0 && pace.is_finite());
        Self {
            room: Semaphore::new(limits.at_once.get().min(Semaphore::MAX_PERMITS)),
            between: between.map_or(Duration::ZERO, |pace| {
                Duration::try_from_secs_f64(1.0 / pace).unwrap_or(Duration::MAX)
            }),
            next: Mutex::default(),
        }
    }

    /// Waits for room and for its turn. Whoever holds what is returned runs.
    pub async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.room.acquire().await.ok()?;
        if !self.between.is_zero() {
            let mut next = self.next.lock().await;
            if let Some(at) = *next {
                tokio::time::sleep_until(at).await;
            }
            *next = Instant::now().checked_add(self.between);
        }
        Some(permit)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn gate(at_once: usize, per_second: Option<f64>) -> Arc<Gate> {
        Arc::new(Gate::new(Limits { at_once: NonZeroUsize::new(at_once).unwrap(), per_second }))
    }

    #[tokio::test(start_paused = true)]
    async fn calls_start_evenly_at_their_pace() {
        let (gate, began) = (gate(100, Some(4.0)), Instant::now());
        for number in 0..9 {
            drop(gate.enter().await.unwrap());
            assert_eq!(began.elapsed().as_millis(), number * 250);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_run_at_a_time_than_may() {
        let gate = gate(2, None);
        let (_one, two) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(tokio::time::timeout(Duration::from_secs(9), gate.enter()).await.is_err());
        drop(two);
        assert!(gate.enter().await.is_some());
    }
}
