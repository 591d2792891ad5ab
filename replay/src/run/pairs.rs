//! Decisions that were folded beside those that were recorded.

use schemas::decision::Decision;

use crate::recorded::Recorded;
use crate::results::DriftCause;

/// A decision of each side, of which one may be missing.
pub(super) type Different<'a> = (Option<&'a Decision>, Option<&'a Decision>);

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
        let mut unpaired: Vec<Option<&Decision>> = folded.iter().copied().map(Some).collect();
        let mut equal = vec![None; recorded.len()];
        let mut different = Vec::new();
        for (index, _) in recorded.iter().enumerate().filter(|(_, recorded)| recorded.decision.is_none()) {
            unpaired[index] = None;
            equal[index] = Some(index);
        }
        for (index, theirs) in recorded.iter().enumerate() {
            let Some(theirs) = theirs.decision.as_deref() else { continue };
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
                different.push((ours, Some(theirs)));
            }
        }
        different.extend(unpaired.into_iter().flatten().map(|ours| (Some(ours), None)));
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

/// Why a decision differs that should not.
pub(super) fn cause(ours: Option<&Decision>, theirs: Option<&Decision>) -> DriftCause {
    let dictionary =
        |decision: &Decision| decision.verdict.as_ref().map(|verdict| verdict.dictionary.clone());
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.bundle != theirs.bundle => DriftCause::Bundle,
        // The version of a dictionary follows from its bundle and from the engine, which is code.
        (Some(ours), Some(theirs)) if dictionary(ours) != dictionary(theirs) => DriftCause::Code,
        _ => DriftCause::Unexplained,
    }
}
