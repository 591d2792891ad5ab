//! How much one sender may send. The number of senders that are remembered is bounded: the ones that sent least recently are
//! forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemas::ids::{AppKey, UserId};
use tokio::time::Instant;

use crate::config::SenderLimit;

/// For each sender the time up to which its rate is used up.
pub(crate) struct SenderRates {
    interval: Duration,
    burst: Duration,
    /// Most senders of a generation.
    generation: usize,
    senders: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<(AppKey, UserId), Instant>,
    old: HashMap<(AppKey, UserId), Instant>,
}

impl SenderRates {
    pub(crate) fn new(limit: SenderLimit) -> Self {
        let interval = Duration::from_secs(1) / limit.per_second.max(1);
        Self {
            interval,
            burst: interval * limit.burst.max(1),
            generation: (limit.remembered / 2).max(1),
            senders: Mutex::default(),
        }
    }

    /// Whether one more message of that sender may pass; counts it if so.
    pub(crate) fn allow(&self, app: &AppKey, sender: &UserId) -> bool {
        let now = Instant::now();
        let key = (app.clone(), sender.clone());
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let known = senders.young.get(&key).or_else(|| senders.old.get(&key)).copied();
        let used = known.map_or(now, |used| used.max(now));
        let allowed = used + self.interval <= now + self.burst;
        if senders.young.len() >= self.generation && !senders.young.contains_key(&key) {
            senders.old = std::mem::take(&mut senders.young);
        }
        senders.young.insert(key, if allowed { used + self.interval } else { used });
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(remembered: usize) -> SenderRates {
        SenderRates::new(SenderLimit { per_second: 2, burst: 3, remembered })
    }

    fn allow(rates: &SenderRates, sender: &str) -> bool {
        rates.allow(&AppKey::new("acme#support").unwrap(), &UserId::new(sender).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_has_a_burst_and_then_a_rate_of_its_own() {
        let rates = rates(100);
        assert_eq!([(); 5].map(|()| allow(&rates, "alice")), [true, true, true, false, false]);
        assert!(allow(&rates, "bob"));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!([(); 2].map(|()| allow(&rates, "alice")), [true, false]);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!([(); 4].map(|()| allow(&rates, "alice")), [true, true, true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_stays_bounded_and_keeps_who_sent_last() {
        let rates = rates(20);
        for n in 0..1_000 {
            allow(&rates, &format!("user{n}"));
            allow(&rates, "alice");
        }
        let senders = rates.senders.lock().unwrap();
        assert!(senders.young.len() + senders.old.len() <= 20);
        drop(senders);
        assert!(!allow(&rates, "alice"));
    }
}
