//! Finds the record that ends the process again and again, from what previous owners committed.
//!
//! After the first unclean end in a row everything runs at once, because most ends are no record's fault. A record that may
//! have run at the last two ends is a suspect and in quarantine: the core runs suspects one after the other while
//! everything else goes on. When the process ends again, the suspect that was on trial is condemned if nothing else can
//! have been the cause:
//!
//! - at the third end, when this end and the one before came within moments of a start, and the last record to start was a
//!   suspect. Whatever else was running had already run for longer.
//! - at the fourth end or later, when no other suspect had run. What ends the process late cannot be told from a long call
//!   that is hit from outside; that takes one end more.
//!
//! If records that are no suspects ran beside it, the same must be seen twice in a row, and none of them at both ends.
//!
//! Once one is condemned, the others are free. A suspect that had not started before the next end stays a suspect and comes
//! after those that had.

use std::collections::BTreeSet;

use super::limits::Limits;
use crate::call::progress::{History, Progress, Ran};

/// A record is condemned after this many ends of its process, at the least.
pub(crate) const FATAL_ENDS: u32 = 3;
/// Reason of the dead letter of such a record.
pub(crate) const CRASH: &str = "crash";
/// There are suspects once some record may have run at this many ends in a row.
const REPEATED: u8 = 2;
/// From this many ends on a trial lasts until its record ends.
const STUBBORN: u8 = 3;
/// A start counts as new for a trial's time divided by this. What was cleared by its time has run that much longer.
const FRESH_PART: u64 = 4;

/// What may have run at the last end.
#[derive(Debug)]
enum Present {
    Below(i64),
    These(BTreeSet<i64>),
}

/// The quarantine of one partition, under an owner that may end uncleanly as well.
#[derive(Debug)]
pub(super) struct Quarantine {
    ends: u8,
    present: Present,
    quick: bool,
    accused: Option<i64>,
    pub(super) condemned: Option<i64>,
    suspects: BTreeSet<i64>,
    /// Fronts of lanes that wait for their trial.
    held: BTreeSet<i64>,
    trial: Option<i64>,
    /// Records that are no suspects have run in this process since its start.
    pub(super) company: bool,
    /// No trial before then, so that whatever else ends the process at its start has done so.
    pub(super) quiet_until: u64,
    /// A start counts as new until then, if one does.
    fresh_until: u64,
    /// What is committed says that a start is new.
    told_fresh: bool,
}

impl Quarantine {
    /// Judges what is committed and marks the records in it for this life. `end` is where the log ended when the
    /// partition was assigned.
    pub(super) fn judge(progress: &mut Progress, end: i64, now: u64, limits: &Limits) -> Option<Self> {
        let before = progress.history.take().filter(|_| limits.quarantine > 0);
        let clean = progress.clean;
        let (judged, present) = match before {
            Some(history) if clean => {
                (history, Present::These(with(progress, &[Ran::Twice, Ran::Quarantined])))
            }
            Some(history) => {
                let present = with(progress, &[Ran::Twice, Ran::Now]);
                (sentence(progress, &history), Present::These(present))
            }
            // Calls that were young at the end are not known to have been admitted.
            None if !clean && limits.quarantine > 0 => {
                (History { ends: 1, ..History::default() }, Present::Below(progress.high.max(end)))
            }
            None => (History::default(), Present::Below(0)),
        };
        let suspects = with(progress, &[Ran::Quarantined]);
        let over = match &present {
            Present::Below(bound) => *bound <= progress.base,
            Present::These(present) => present.is_empty() && suspects.is_empty(),
        };
        for (offset, mark) in &mut progress.incomplete {
            mark.ran = match suspects.contains(offset) {
                _ if over => Ran::default(),
                true => Ran::Quarantined,
                false => Ran::Idle,
            };
        }
        (!over).then_some(Self {
            ends: judged.ends,
            present,
            quick: judged.quick,
            company: false,
            accused: judged.accused,
            condemned: judged.condemned,
            suspects,
            held: BTreeSet::new(),
            trial: None,
            quiet_until: now + limits.patience,
            fresh_until: 0,
            told_fresh: false,
        })
    }

    /// Whether a record runs only on trial.
    pub(super) fn suspects(&self, offset: i64) -> bool {
        self.suspects.contains(&offset)
    }

    /// Whether it may have run at the last end.
    pub(super) fn was_present(&self, offset: i64) -> bool {
        match &self.present {
            Present::Below(bound) => offset < *bound,
            Present::These(present) => present.contains(&offset),
        }
    }

    /// What its mark is once it has started.
    pub(super) fn ran(&self, offset: i64) -> Ran {
        if self.suspects(offset) || self.was_present(offset) { Ran::Twice } else { Ran::Now }
    }

    /// Its mark in the last commit of an owner that ends in order.
    pub(super) fn left(&self, offset: i64) -> Ran {
        if self.suspects(offset) { Ran::Quarantined } else { self.ran(offset) }
    }

    /// How many records wait for their trial.
    pub(super) fn waiting(&self) -> usize {
        self.held.len()
    }

    pub(super) fn hold(&mut self, offset: i64) {
        self.held.insert(offset);
    }

    /// It ends without a trial.
    pub(super) fn let_go(&mut self, offset: i64) {
        self.held.remove(&offset);
    }

    pub(super) fn held(&self) -> impl Iterator<Item = i64> {
        self.held.iter().copied()
    }

    /// Begins the trial of one alone.
    pub(super) fn try_alone(&mut self, offset: i64) {
        self.try_in_group(offset);
        self.trial = Some(offset);
    }

    /// Begins the trial of one together with others.
    pub(super) fn try_in_group(&mut self, offset: i64) {
        self.held.remove(&offset);
        (self.trial, self.company) = (None, false);
    }

    /// Whether its trials last until their records end.
    pub(super) fn is_stubborn(&self) -> bool {
        self.ends >= STUBBORN
    }

    /// A record starts, or is to be announced.
    pub(super) fn starts(&mut self, offset: i64, now: u64, limits: &Limits) {
        if self.counts(offset) {
            self.fresh_until = now + limits.patience / FRESH_PART;
        }
    }

    /// Whether an end that follows its start at once may be its doing.
    fn counts(&self, offset: i64) -> bool {
        if self.ends >= REPEATED { self.suspects(offset) } else { self.was_present(offset) }
    }

    /// When what is committed about a start becomes untrue.
    pub(super) fn stale_at(&self) -> Option<u64> {
        self.told_fresh.then_some(self.fresh_until)
    }

    /// A commit that said so took effect.
    pub(super) fn told(&mut self, fresh: bool) {
        self.told_fresh = fresh;
    }

    /// As it is to be committed with `progress`; `None` once everything is done that may have run at the last end.
    pub(super) fn history(&self, progress: &Progress, now: u64) -> Option<History> {
        let left = |offset: &i64| progress.incomplete.contains_key(offset);
        let concerned = |offset: &i64| self.was_present(*offset) || self.suspects(*offset);
        let unread =
            matches!(self.present, Present::Below(bound) if progress.base < bound && !progress.clean);
        if !unread && !progress.incomplete.keys().any(concerned) {
            return None;
        }
        let runs = !progress.clean;
        Some(History {
            ends: self.ends,
            quick: self.quick,
            fresh: runs && now < self.fresh_until,
            trial: self.trial.filter(left).filter(|_| runs),
            company: runs && self.company,
            accused: self.accused.filter(left),
            condemned: self.condemned.filter(left),
        })
    }
}

/// What follows from an unclean end of a life with a history: who is held as a suspect in the next one.
fn sentence(progress: &mut Progress, life: &History) -> History {
    let mut ran_twice = Vec::new();
    for (&offset, mark) in &mut progress.incomplete {
        if mark.ran == Ran::Twice && life.condemned != Some(offset) {
            ran_twice.push(offset);
            mark.ran = Ran::Quarantined;
        }
    }
    let on_trial = life.trial.filter(|offset| ran_twice.contains(offset));
    let late = life.ends >= STUBBORN && ran_twice.len() == 1;
    let at_once = life.ends >= REPEATED && life.quick && life.fresh;
    let suspect = on_trial.filter(|_| late || at_once);
    // Its company may have done it, unless the same is seen again and nobody else was there both times.
    let seen_again = life.accused == suspect && ran_twice.len() == 1;
    let guilty = suspect.filter(|_| !life.company || seen_again);
    if guilty.is_some() {
        // It is found: nobody else has to wait.
        progress.incomplete.values_mut().for_each(|mark| mark.ran = Ran::Idle);
    }
    let ends = match life.ends {
        _ if with(progress, &[Ran::Quarantined]).is_empty() => 1,
        ends if ran_twice.is_empty() => ends,
        ends => ends.saturating_add(1),
    };
    History {
        ends,
        quick: life.fresh,
        accused: suspect.filter(|_| guilty.is_none()),
        condemned: guilty.or(life.condemned),
        ..History::default()
    }
}

/// The incompletes that are marked so.
fn with(progress: &Progress, marks: &[Ran]) -> BTreeSet<i64> {
    let marked = progress.incomplete.iter().filter(|(_, mark)| marks.contains(&mark.ran));
    marked.map(|(&offset, _)| offset).collect()
}
