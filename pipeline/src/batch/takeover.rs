//! Where an assigned partition goes on.

use super::assigned::Start;
use super::metadata;
use crate::kafka::Committed;
use crate::{Refusal, StartPolicy, start};

/// Decides from what is committed and from the log's start and last stable offset. `knows` tells which row builders
/// there are.
///
/// # Errors
/// [`Refusal`] when going on would lose rows or store them twice.
pub(super) fn decide(
    committed: &Committed,
    (low, end): (i64, i64),
    policy: StartPolicy,
    incarnation: &str,
    knows: impl FnOnce(u32) -> bool,
) -> Result<Start, Refusal> {
    let read = |position, text: Option<&str>| {
        let pending = metadata::open(incarnation, text, position)?;
        match &pending {
            Some(pending) if !knows(pending.version) => Err(Refusal::Builder(pending.version)),
            Some(pending) if low > pending.first || end <= pending.last => {
                Err(Refusal::Gone { first: pending.first, last: pending.last })
            }
            Some(_) | None => Ok(pending),
        }
    };
    Ok(match policy.start(committed, &(low..=end), read)? {
        start::Start::Fresh(position) => Start { position, pending: None, fresh: true },
        start::Start::Committed(position, pending) => Start { position, pending, fresh: false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::pending::Pending;
    use crate::kafka::Partition;

    fn committed(next: Option<i64>, metadata: Option<String>) -> Committed {
        Committed { partition: Partition { topic: "t".into(), index: 0 }, next, metadata }
    }

    fn pending() -> Pending {
        Pending { first: 10, last: 19, version: 3, records: 10, tables: Vec::new() }
    }

    fn at_ten(bounds: (i64, i64), known: u32) -> Result<Option<Pending>, Refusal> {
        let committed = committed(Some(10), Some(metadata::seal("i", Some(&pending())).unwrap()));
        decide(&committed, bounds, StartPolicy::Refuse, "i", |version| version == known)
            .map(|start| start.pending)
    }

    #[test]
    fn a_pending_range_is_taken_over_only_when_its_builder_and_all_its_records_are_there() {
        assert_eq!(at_ten((0, 20), 3), Ok(Some(pending())));
        assert_eq!(at_ten((0, 20), 4), Err(Refusal::Builder(3)));
        assert_eq!(at_ten((11, 40), 3), Err(Refusal::Gone { first: 10, last: 19 }));
        assert_eq!(at_ten((0, 19), 3), Err(Refusal::Gone { first: 10, last: 19 }));
    }

    #[test]
    fn without_a_commit_the_policy_decides_and_the_position_is_committed_first() {
        let start = |policy| decide(&committed(None, None), (5, 9), policy, "i", |_| true);
        let position = |policy| start(policy).map(|start| (start.position, start.fresh));
        assert_eq!(position(StartPolicy::Earliest), Ok((5, true)));
        assert_eq!(position(StartPolicy::Latest), Ok((9, true)));
        assert_eq!(position(StartPolicy::Refuse), Err(Refusal::NoCommit));
    }

    #[test]
    fn an_offset_that_the_log_has_left_behind_is_refused() {
        let idle = metadata::seal("i", None).unwrap();
        let start = |bounds| {
            decide(&committed(Some(10), Some(idle.clone())), bounds, StartPolicy::Earliest, "i", |_| true)
                .map(|start| start.position)
        };
        assert_eq!(start((10, 10)), Ok(10));
        assert_eq!(start((11, 20)), Err(Refusal::OutOfRange { next: 10, start: 11, end: 20 }));
        assert_eq!(start((0, 9)), Err(Refusal::OutOfRange { next: 10, start: 0, end: 9 }));
    }
}
