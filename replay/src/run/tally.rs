//! What a run counts.

use crate::compare::Joined;

/// Differences that are described; the rest is only counted.
const DESCRIBED: usize = 10;

/// What a run counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records of the range that were folded.
    pub events: u64,
    /// Records before the range that were folded.
    pub warmed: u64,
    /// Decisions that stand beside recorded ones, where they should be equal.
    pub decisions: u64,
    /// Of them, those that differ, are missing or have no recorded one.
    pub different: u64,
    /// Of these, those in conversations that began cold: they are no drift.
    pub cold_different: u64,
    /// The first differences that are drift.
    pub differences: Vec<String>,
    /// Requests that were made.
    pub requests: u64,
    /// Of them, those that topic `requests` still has.
    pub kept: u64,
    /// Of these, those that are the same to the byte.
    pub same_bytes: u64,
    /// Of these, those with the same prompt, chain and parameters.
    pub same_content: u64,
    /// Requests without a recorded outcome, where models were not to be asked.
    pub not_recorded: u64,
    /// Requests that models were asked, in this run or an earlier one.
    pub live: u64,
    /// Records that the fold refuses.
    pub refused: u64,
    /// Recorded decisions that this version cannot read.
    pub unread: u64,
    /// Turns that were begun and not done when the run was stopped.
    pub left: u64,
    /// What the join found.
    pub joined: Joined,
}

impl Tally {
    /// Notes a difference that is drift.
    pub fn differs(&mut self, what: impl FnOnce() -> String) {
        if self.differences.len() < DESCRIBED {
            self.differences.push(what());
        }
    }

    /// Adds what another part of the run counted.
    pub fn add(&mut self, other: Self) {
        let Self { joined, differences, .. } = other;
        self.events += other.events;
        self.warmed += other.warmed;
        self.decisions += other.decisions;
        self.different += other.different;
        self.cold_different += other.cold_different;
        self.requests += other.requests;
        self.kept += other.kept;
        self.same_bytes += other.same_bytes;
        self.same_content += other.same_content;
        self.not_recorded += other.not_recorded;
        self.live += other.live;
        self.refused += other.refused;
        self.unread += other.unread;
        self.left += other.left;
        differences.into_iter().for_each(|what| self.differs(|| what));
        self.joined.conversations += joined.conversations;
        self.joined.cold += joined.cold;
        self.joined.turns += joined.turns;
        self.joined.closed += joined.closed;
        self.joined.cut_off += joined.cut_off;
        self.joined.baseline.plus(&joined.baseline);
        self.joined.candidate.plus(&joined.candidate);
        self.joined.live.plus(&joined.live);
    }
}
