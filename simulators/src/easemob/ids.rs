//! Message and callback ids, deterministic by seed.

use crate::random::Random;

/// First message id; 19 digits leave room for centuries of messages.
const FIRST: u64 = 1_500_000_000_000_000_000;

/// Source of ids.
#[derive(Debug)]
pub(crate) struct Ids {
    random: Random,
    last: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 2);
        let last = FIRST + random.next() % 100_000_000_000_000_000;
        Self { random, last }
    }

    /// The next message id: 19 digits, always growing, with gaps as on a shared server.
    pub(crate) fn message(&mut self) -> String {
        self.last += 1 + self.random.next() % 100_000;
        self.last.to_string()
    }

    /// A callback id as used before sending: `{appkey}_{uuid}`.
    pub(crate) fn callback(&mut self, app: &str) -> String {
        format!("{app}_{}", self.random.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn message_ids_have_nineteen_digits_grow_and_repeat_by_seed() {
        let draw = |seed| {
            let mut ids = Ids::new(seed);
            (0..1_000).map(|_| ids.message()).collect::<Vec<_>>()
        };
        let ids = draw(7);
        assert!(ids.iter().all(|id| id.len() == 19));
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(ids, draw(7));
        assert_ne!(ids.first(), draw(8).first());
    }
}
