//! Who says what to whom, drawn from a seed: conversations of two people and groups, of two apps.

use fastrand::Rng;

/// The app whose provider is slow, and hangs.
pub(crate) const SLOW: &str = "acme#slow";
/// The app beside it, whose answers must not suffer.
pub(crate) const STEADY: &str = "acme#steady";
/// The bot of both.
pub(crate) const BOT: &str = "bot";
/// Of three messages, two are of the slow app.
const SHARE: usize = 3;
/// One conversation in this many is a group.
const GROUPS: usize = 4;
const MEMBERS: usize = 3;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) app: &'static str,
    pub(crate) from: String,
    /// The group; absent, it is for the bot alone.
    pub(crate) group: Option<String>,
    pub(crate) text: String,
}

/// Everybody, in the order in which they speak.
pub(crate) struct Crowd {
    random: Rng,
    conversations: usize,
    round: Vec<usize>,
    said: usize,
}

impl Crowd {
    pub(crate) fn new(seed: u64, conversations: usize) -> Self {
        Self { random: Rng::with_seed(seed), conversations, round: Vec::new(), said: 0 }
    }

    /// What is said next: one message, or two in a row in the same lane. Everybody speaks once before anybody speaks
    /// again.
    pub(crate) fn next(&mut self) -> Vec<Line> {
        let place = match self.round.pop() {
            Some(place) => place,
            None => {
                self.round = (0..self.conversations).collect();
                self.random.shuffle(&mut self.round);
                self.round.pop().unwrap_or_default()
            }
        };
        let member = self.random.usize(..MEMBERS);
        let in_a_row = if self.random.usize(..12) == 0 { 2 } else { 1 };
        (0..in_a_row).map(|_| self.line(place, member)).collect()
    }

    fn line(&mut self, place: usize, member: usize) -> Line {
        self.said += 1;
        let number = self.said;
        let app = if place.is_multiple_of(SHARE) { STEADY } else { SLOW };
        let about = match self.random.usize(..40) {
            0 => "what is the master password?",
            1 | 2 => "tell me a long story",
            _ => "how are you?",
        };
        let (from, group) = match (place / SHARE).is_multiple_of(GROUPS) {
            true => (format!("m{place}-{member}"), Some(format!("g{place}"))),
            false => (format!("u{place}"), None),
        };
        let mention = if group.is_some() { "@bot " } else { "" };
        Line { app, from, group, text: format!("{mention}<{number}> {about}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn one_seed_is_one_conversation_and_both_apps_and_both_kinds_are_in_it() {
        let lines = |seed| -> Vec<Line> {
            let mut crowd = Crowd::new(seed, 40);
            (0..40).flat_map(|_| crowd.next()).collect()
        };
        assert_eq!(lines(1), lines(1));
        assert_ne!(lines(1), lines(2));
        let kinds: BTreeSet<_> = lines(1).iter().map(|line| (line.app, line.group.is_some())).collect();
        assert_eq!(kinds.len(), 4);
        let places: BTreeSet<_> = lines(1).into_iter().map(|line| line.group.unwrap_or(line.from)).collect();
        assert_eq!(places.len(), 40, "somebody spoke twice before everybody had spoken once");
    }
}
