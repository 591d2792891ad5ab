//! What each key has had of an endpoint lately.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// After this time a turn counts half.
const HALF: Duration = Duration::from_secs(30);
/// So long after its last turn a key is forgotten.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Whether a call may take what is kept for keys that have had little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its key has had at most half of what the busiest one has had, or there are no others.
    Quiet,
    /// Its key has had its part.
    Busy,
}

#[derive(Debug, Default)]
pub(super) struct Lately(HashMap<Arc<str>, Had>);

#[derive(Debug, Clone, Copy)]
struct Had {
    cost: f64,
    at: Instant,
}

impl Lately {
    /// Notes a turn that costs so much.
    pub(super) fn note(&mut self, key: &Arc<str>, cost: u64, now: Instant) {
        self.0.retain(|_, had| now.saturating_duration_since(had.at) < REMEMBERED);
        let had = self.0.entry(Arc::clone(key)).or_insert(Had { cost: 0.0, at: now });
        *had = Had { cost: had.now(now) + cost as f64, at: now };
    }

    pub(super) fn standing(&self, key: &Arc<str>, now: Instant) -> Standing {
        self.standings(now)(key)
    }

    /// The standing of every key at this time.
    pub(super) fn standings(&self, now: Instant) -> impl Fn(&Arc<str>) -> Standing {
        // Of the busiest key, and of the busiest of the others.
        let (mut first, mut second) = (0.0, 0.0);
        for cost in self.0.values().map(|had| had.now(now)) {
            if cost > first {
                (first, second) = (cost, first);
            } else if cost > second {
                second = cost;
            }
        }
        move |key| {
            let own = self.0.get(key).map_or(0.0, |had| had.now(now));
            let others = if own < first { first } else { second };
            if others <= 0.0 || own * 2.0 <= others { Standing::Quiet } else { Standing::Busy }
        }
    }
}

impl Had {
    fn now(self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at);
        if since >= REMEMBERED {
            0.0
        } else {
            self.cost * 0.5_f64.powf(since.as_secs_f64() / HALF.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_quiet_while_it_is_alone_and_while_it_has_had_half_of_the_busiest() {
        let (flood, other): (Arc<str>, Arc<str>) = ("flood".into(), "other".into());
        let now = Instant::now();
        let mut lately = Lately::default();
        (0..8).for_each(|_| lately.note(&flood, 10, now));
        assert_eq!(lately.standing(&flood, now), Standing::Quiet, "nobody else is there");
        for _ in 0..4 {
            assert_eq!(lately.standing(&other, now), Standing::Quiet);
            lately.note(&other, 10, now);
            assert_eq!(lately.standing(&flood, now), Standing::Busy);
        }
        lately.note(&other, 10, now);
        assert_eq!(lately.standing(&other, now), Standing::Busy, "as busy as the flood by half");
        let later = now + HALF;
        (0..8).for_each(|_| lately.note(&flood, 10, later));
        assert_eq!(lately.standing(&other, later), Standing::Quiet, "what was long ago counts less");
        assert_eq!(lately.standing(&flood, later + REMEMBERED), Standing::Quiet, "the other is forgotten");
    }
}
