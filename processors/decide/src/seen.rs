//! Messages seen, in buckets by time, so that duplicates fall; and what came ahead of its message.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Millis;
use schemas::ids::MessageId;
use schemas::state::{STATE_VERSION, SeenBucket};

use crate::entries::Stored;
use crate::hash;

/// Most ids of a bucket: an entry is written whole whenever it changes.
const BUCKET_IDS: usize = 128;

/// What is remembered of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It was seen.
    Seen,
    /// It was taken back before it was seen.
    Recalled,
    /// Its rejection came before it was seen.
    Withdrawn,
}

impl Mark {
    fn of(self, id: &MessageId) -> u64 {
        let kind: &[u8] = match self {
            Self::Seen => b"",
            Self::Recalled => b"recalled\n",
            Self::Withdrawn => b"withdrawn\n",
        };
        hash::number(&[kind, id.as_str().as_bytes()])
    }
}

/// Buckets by the time at which they begin and their number at that time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) Arc<BTreeMap<(Millis, u32), Arc<SeenBucket>>>);

impl Seen {
    /// The mark was put within the horizon.
    pub(crate) fn has(&self, mark: Mark, id: &MessageId) -> bool {
        self.has_number(mark.of(id))
    }

    fn has_number(&self, number: u64) -> bool {
        self.0.values().any(|bucket| bucket.ids.binary_search(&number).is_ok())
    }

    /// Bytes of all buckets, with keys that begin with so many.
    pub(crate) fn stored(&self, key: usize) -> usize {
        // A key has the kind, the time and the number behind the conversation.
        self.0.values().map(|bucket| key + 24 + bucket.size()).sum()
    }

    /// Puts a mark, once, and drops every bucket whose last mark is older than the horizon.
    pub(crate) fn put(&mut self, mark: Mark, id: &MessageId, now: Millis, horizon: Millis) {
        let number = mark.of(id);
        if self.has_number(number) {
            return;
        }
        let width = width(horizon);
        let start = now - now.rem_euclid(width);
        let buckets = Arc::make_mut(&mut self.0);
        while buckets.first_key_value().is_some_and(|((from, _), _)| from + width < now - horizon) {
            buckets.pop_first();
        }
        let last = buckets.range((start, 0)..=(start, u32::MAX)).next_back();
        let key = match last {
            Some((key, bucket)) if bucket.ids.len() < BUCKET_IDS => *key,
            Some(((_, number), _)) => (start, number + 1),
            None => (start, 0),
        };
        let fresh = || Arc::new(SeenBucket { version: STATE_VERSION, ids: Vec::new() });
        let bucket = Arc::make_mut(buckets.entry(key).or_insert_with(fresh));
        if let Err(place) = bucket.ids.binary_search(&number) {
            bucket.ids.insert(place, number);
        }
    }
}

/// For how long a mark is kept at most.
pub(crate) fn kept_for(horizon: Millis) -> Millis {
    horizon + 2 * width(horizon)
}

fn width(horizon: Millis) -> Millis {
    (horizon / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Millis = 60_000;

    fn id(n: usize) -> MessageId {
        MessageId::new(format!("acme#support/chat/{n}")).unwrap()
    }

    #[test]
    fn a_message_is_remembered_for_the_horizon_and_not_much_longer() {
        let mut seen = Seen::default();
        seen.put(Mark::Seen, &id(1), 1_000_000, HORIZON);
        seen.put(Mark::Seen, &id(2), 1_000_000 + HORIZON, HORIZON);
        assert!(seen.has(Mark::Seen, &id(1)));
        seen.put(Mark::Seen, &id(3), 1_000_000 + kept_for(HORIZON), HORIZON);
        assert!(!seen.has(Mark::Seen, &id(1)));
        assert!(seen.has(Mark::Seen, &id(2)) && seen.has(Mark::Seen, &id(3)));
    }

    #[test]
    fn marks_of_different_kinds_are_different() {
        let mut seen = Seen::default();
        seen.put(Mark::Recalled, &id(1), 0, HORIZON);
        assert!(seen.has(Mark::Recalled, &id(1)));
        assert!(!seen.has(Mark::Seen, &id(1)) && !seen.has(Mark::Withdrawn, &id(1)));
    }

    #[test]
    fn a_full_bucket_is_followed_by_another() {
        let mut seen = Seen::default();
        for n in 0..300 {
            seen.put(Mark::Seen, &id(n), 5, HORIZON);
            seen.put(Mark::Seen, &id(n / 2), 5, HORIZON);
        }
        assert_eq!(seen.0.len(), 3);
        assert!((0..300).all(|n| seen.has(Mark::Seen, &id(n))));
        assert!(seen.0.values().all(|bucket| bucket.ids.is_sorted() && bucket.ids.len() <= BUCKET_IDS));
    }
}
