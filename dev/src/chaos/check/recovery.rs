//! How soon everything runs again after the first kill of a process of call.

use super::evidence::{Evidence, Found};
use crate::chaos::crowd::STEADY;
use crate::chaos::schedule::Window;
use crate::proof::Clause;
use std::collections::BTreeMap;

/// Within this time of the process's start its last call is to run again.
const REPEATED_WITHIN_MS: i64 = 3_000;
/// A new request is to wait no longer for its first call.
const NEW_WITHIN_MS: i64 = 3_000;

/// Calls that the kill cut off, and requests that came just after it.
pub(crate) fn recovery(evidence: &Evidence) -> Found {
    let window = evidence.done.windows.iter().find(|(window, ..)| *window == Window::Recovery);
    let (from, to) = window.map_or((0, 0), |(_, from, to)| (*from, *to));
    let mut starts: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for call in &evidence.calls {
        let request = call.attempt().map(|(request, _)| request).unwrap_or_default();
        starts.entry(request).or_default().push(call.started_at);
    }
    let first_after = |request: &str, at: i64| {
        starts.get(request).into_iter().flatten().copied().filter(|start| *start >= at).min()
    };
    // The kill comes just before the start. The provider notices the cut connection at once, or when it wants to answer.
    let cut = evidence.calls.iter().filter(|call| {
        call.end == "client_gone"
            && call.started_at < from
            && call.ended_at.is_some_and(|at| at >= from - 500)
    });
    let again = cut.filter_map(|call| Some(first_after(call.attempt()?.0, from)? - from));
    let again: Vec<i64> = again.filter(|after| *after < to - from).collect();
    let new = evidence.log.requests.iter().filter(|request| {
        (from..to - NEW_WITHIN_MS).contains(&request.at)
            && request.value.lane.conversation.app().as_str() == STEADY
    });
    let waits: Vec<i64> =
        new.filter_map(|new| Some(first_after(&new.value.id.to_string(), new.at)? - new.at)).collect();
    let (last, longest) = (again.iter().max().copied(), waits.iter().max().copied());
    let mut problems = Vec::new();
    match (last, longest) {
        (Some(last), Some(longest)) => {
            if last > REPEATED_WITHIN_MS {
                problems.push(format!("the last call ran again {last} ms after the process was started"));
            }
            if longest > NEW_WITHIN_MS {
                problems.push(format!("a new request of {STEADY} waited {longest} ms for its first call"));
            }
        }
        _ => problems.push(format!("{} calls and {} new requests tell nothing", again.len(), waits.len())),
    }
    let (last, longest) = (last.unwrap_or_default(), longest.unwrap_or_default());
    let figure = format!(
        "after the first kill of call {} calls ran again, the last {last} ms after the process was started; {} new requests of \
         {STEADY} waited {longest} ms at most for their first call",
        again.len(),
        waits.len()
    );
    let sums = [("last call again ms", last.into()), ("longest wait after a kill ms", longest.into())];
    let source = "the providers' invoice, topic requests";
    Found::new(Clause { name: "recovered", figure, source, problems }, sums)
}
