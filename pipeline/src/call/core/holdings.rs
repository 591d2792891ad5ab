//! What is admitted and not committed, of one partition or of the whole instance, and which share has how much of it.

use std::collections::HashMap;

use super::limits::RESUME_PERCENT;
use super::offset_ledger::Entry;
use crate::call::handler::Share;

/// Percent of a limit from which on a record needs one share that holds less than its part.
pub(super) const ALL: usize = 80;
/// Percent of a limit from which on every share of a record must hold less than its part.
const ANY: usize = 90;
/// What crowds stays for long: a held partition is read again as soon as what was shed is committed.
const CROWDED_RESUME_PERCENT: usize = 95;

/// Records and bytes that are held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Holdings {
    records: usize,
    /// Outcomes included.
    bytes: usize,
    /// Records that are to run; the others were dead on arrival and count against no share.
    runnable: usize,
    shares: HashMap<Share, usize>,
}

impl Holdings {
    pub(super) fn records(&self) -> usize {
        self.records
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a record that is admitted.
    pub(super) fn admit(&mut self, entry: &Entry) {
        self.records += 1;
        self.bytes += entry.bytes;
        if let Some(work) = &entry.work {
            self.add(&work.shares);
        }
    }

    /// Adds the bytes of an outcome.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Takes out a record whose outcome is committed.
    pub(super) fn retire(&mut self, entry: &Entry) {
        self.records -= 1;
        self.bytes -= entry.bytes;
        if let Some(work) = &entry.work {
            self.remove(&work.shares);
        }
    }

    /// Takes out everything that a partition held.
    pub(super) fn forget(&mut self, gone: &Self) {
        self.records -= gone.records;
        self.bytes -= gone.bytes;
        self.runnable -= gone.runnable;
        gone.shares.iter().for_each(|(share, &held)| self.reduce(share, held));
    }

    fn add(&mut self, shares: &[Share]) {
        self.runnable += 1;
        for share in shares {
            *self.shares.entry(share.clone()).or_default() += 1;
        }
    }

    fn remove(&mut self, shares: &[Share]) {
        self.runnable -= 1;
        shares.iter().for_each(|share| self.reduce(share, 1));
    }

    fn reduce(&mut self, share: &Share, by: usize) {
        let Some(held) = self.shares.get_mut(share) else { return };
        *held -= by;
        if *held == 0 {
            self.shares.remove(share);
        }
    }

    fn is_part(&self, held: usize, percent: usize) -> bool {
        held * 100 >= self.runnable * percent
    }

    /// Whether a record of these shares must leave the rest to others when `fill` percent are used. `percent` is the part
    /// from which on a share crowds.
    pub(super) fn sheds(&self, shares: &[Share], percent: usize, fill: usize) -> bool {
        let crowds = |share: &Share| self.shares.get(share).is_some_and(|&held| self.is_part(held, percent));
        match fill {
            0..ALL => false,
            ALL..ANY => !shares.is_empty() && shares.iter().all(crowds),
            ANY.. => shares.iter().any(crowds),
        }
    }

    /// Whether a partition that is held stays so when `fill` percent are used.
    pub(super) fn keeps_held(&self, percent: Option<usize>, fill: usize) -> bool {
        let crowded = |percent| self.shares.values().any(|&held| self.is_part(held, percent));
        fill >= RESUME_PERCENT && (fill >= CROWDED_RESUME_PERCENT || !percent.is_some_and(crowded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(names: &[&'static str]) -> Vec<Share> {
        names.iter().map(|name| Share { kind: "any", name: (*name).into() }).collect()
    }

    #[test]
    fn the_step_between_all_and_any_is_for_those_who_share_one_of_two() {
        let mut holdings = Holdings::default();
        (0..9).for_each(|_| holdings.add(&shares(&["app", "target"])));
        holdings.add(&shares(&["other", "target"]));
        let sheds = |names: &[&'static str], fill| holdings.sheds(&shares(names), 50, fill);
        for (names, from) in [
            (&["app", "target"][..], ALL),
            (&["app", "elsewhere"], ANY),
            (&["other", "target"], ANY),
            (&["other", "elsewhere"], 101),
            (&[], 101),
        ] {
            for fill in [0, ALL - 1, ALL, ANY - 1, ANY, 100] {
                assert_eq!(sheds(names, fill), fill >= from, "{names:?} at {fill}");
            }
        }
    }

    #[test]
    fn what_is_taken_out_is_forgotten() {
        let (mut all, mut one) = (Holdings::default(), Holdings::default());
        for holdings in [&mut all, &mut one] {
            holdings.add(&shares(&["a", "x"]));
            holdings.add(&shares(&["a"]));
            holdings.remove(&shares(&["a", "x"]));
        }
        all.add(&shares(&["b"]));
        all.forget(&one);
        assert_eq!((all.runnable, all.shares), (1, HashMap::from([(shares(&["b"])[0].clone(), 1)])));
    }

    #[test]
    fn a_hold_ends_earlier_where_somebody_crowds() {
        let mut holdings = Holdings::default();
        for name in ["a", "a", "b", "c", "d"] {
            holdings.add(&shares(&[name]));
        }
        let ends_below =
            |percent| (0..=100).rev().find(|&fill| !holdings.keeps_held(percent, fill)).map(|fill| fill + 1);
        assert_eq!(ends_below(Some(40)), Some(CROWDED_RESUME_PERCENT));
        assert_eq!(ends_below(Some(41)), Some(RESUME_PERCENT));
        assert_eq!(ends_below(None), Some(RESUME_PERCENT));
    }
}
