//! What call would tell of its targets.

use std::time::Duration;

use schemas::conditions::{Condition, Standing, TargetConditions};

use crate::timestamp::lasted;

/// How a target is, as the log is told of it.
pub(crate) fn condition(state: Standing, wait: Duration) -> Condition {
    Condition { state, until: None, waiting_ms: call::rehearse::told_wait(wait) }
}

/// The same of a target, with the apps that meet something else.
pub(crate) fn all_in_words(target: &TargetConditions) -> String {
    let own = target.apps.iter().map(|(app, own)| format!("{} for {app}", in_words(own)));
    [in_words(&target.for_all)].into_iter().chain(own).collect::<Vec<_>>().join(", ")
}

/// The same in words, such as `open, waiting 8s`.
pub(crate) fn in_words(condition: &Condition) -> String {
    let waiting =
        (condition.waiting_ms > 0).then(|| format!("waiting {}", lasted(condition.waiting_ms.into())));
    let state =
        (condition.state != Standing::Ok || waiting.is_none()).then(|| condition.state.label().to_owned());
    state.into_iter().chain(waiting).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_told_as_call_tells_it_and_in_words() {
        let of = |state, seconds| in_words(&condition(state, Duration::from_secs(seconds)));
        assert_eq!(of(Standing::Ok, 0), "ok");
        assert_eq!(of(Standing::Open, 0), "open");
        assert_eq!(of(Standing::Cooling, 7), "cooling, waiting 4s");
        assert_eq!(of(Standing::Ok, 9), "waiting 8s");
    }
}
