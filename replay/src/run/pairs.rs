//! Decisions that were folded beside those that were recorded.

use schemas::decision::Decision;

use crate::recorded::Recorded;
use crate::results::DriftCause;

/// A decision of each side, of which one may be missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Different<'a> {
    pub(super) ours: Option<&'a Decision>,
    pub(super) theirs: Option<&'a Decision>,
    /// Another version of the program made theirs.
    is_of_other_version: bool,
}

/// The decisions on one input, paired.
pub(super) struct Pairs<'a> {
    /// Of each recorded decision the folded one that is equal to it.
    pub(super) equal: Vec<Option<usize>>,
    /// Folded and recorded ones that differ.
    pub(super) different: Vec<Different<'a>>,
}

impl<'a> Pairs<'a> {
    /// Pairs decisions by conversation: one clock fires timers of many.
    pub(super) fn of(folded: &[&'a Decision], recorded: &'a [Recorded]) -> Self {
        if recorded.len() == folded.len() && recorded.iter().all(|recorded| recorded.decision.is_none()) {
            return Self { equal: (0..recorded.len()).map(Some).collect(), different: Vec::new() };
        }
        let mut unpaired: Vec<Option<&Decision>> = folded.iter().copied().map(Some).collect();
        let mut equal = vec![None; recorded.len()];
        let mut different = Vec::new();
        for (index, _) in recorded.iter().enumerate().filter(|(_, recorded)| recorded.decision.is_none()) {
            unpaired[index] = None;
            equal[index] = Some(index);
        }
        for (index, recorded) in recorded.iter().enumerate() {
            let Some(theirs) = recorded.decision.as_deref() else { continue };
            let is_pair = |ours: &Option<&Decision>| {
                ours.is_some_and(|ours| {
                    ours.offset == theirs.offset && ours.conversation == theirs.conversation
                })
            };
            let place = unpaired.iter().position(is_pair);
            let ours = place.and_then(|place| unpaired[place].take());
            if ours.is_some_and(|ours| is_renamed(ours, theirs)) {
                equal[index] = place;
            } else {
                let is_of_other_version = recorded.is_of_other_version;
                different.push(Different { ours, theirs: Some(theirs), is_of_other_version });
            }
        }
        let alone = |ours| Different { ours: Some(ours), theirs: None, is_of_other_version: false };
        different.extend(unpaired.into_iter().flatten().map(alone));
        Self { equal, different }
    }

    /// How many decisions there are, of either side.
    pub(super) fn count(&self) -> u64 {
        let equal = self.equal.iter().flatten().count();
        (equal + self.different.len()) as u64
    }
}

/// Where fewer timers fire by one clock, the same timer has another number.
fn is_renamed(ours: &Decision, theirs: &Decision) -> bool {
    ours.input == "clock" && Decision { id: theirs.id, ..ours.clone() } == *theirs
}

impl Different<'_> {
    /// Why a decision differs that should not.
    pub(super) fn cause(&self) -> DriftCause {
        let dictionary = |decision: &Decision| Some(decision.verdict.as_ref()?.dictionary.clone());
        match self.ours.zip(self.theirs) {
            Some((ours, theirs)) if ours.bundle != theirs.bundle => DriftCause::Bundle,
            // The version of a dictionary follows from its bundle and from the engine, which is code.
            Some((ours, theirs)) if dictionary(ours) != dictionary(theirs) => DriftCause::Code,
            _ if self.is_of_other_version => DriftCause::Code,
            _ => DriftCause::Unexplained,
        }
    }
}
