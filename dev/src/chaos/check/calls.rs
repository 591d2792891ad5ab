//! Model calls: none runs again once its outcome is committed, and what runs again says so.

use super::evidence::{Evidence, Found, some, sum};
use crate::chaos::faults::Kind;
use crate::chaos::role::Role;
use crate::proof::Clause;
use dev::rig::model::Call;
use schemas::answered::Answered;
use std::collections::BTreeMap;

/// Calls that are younger than this at a fault may run again without the mark `rerun`: admission is committed within 250 ms, and that
/// commit may take as long as a transaction may be open.
const UNMARKED_MS: i64 = 5_250;

#[derive(Default)]
struct Tally {
    /// Calls that the provider reset on a kept connection and that went out again within their attempt.
    resent: usize,
    /// Calls that were made and are in no outcome.
    unseen: usize,
    /// Those of them that the provider bills.
    unseen_billed: usize,
    /// Outcomes that are marked as reruns.
    marked: usize,
    /// Those of them for which the provider has a call that is in no outcome.
    marked_and_made: usize,
    /// Unseen calls whose outcome is not marked: they were young.
    young: usize,
    committed_again: Vec<String>,
    unexplained: Vec<String>,
    unmarked: Vec<String>,
}

/// Compares the providers' invoice with the outcomes.
pub(crate) fn calls(evidence: &Evidence) -> Found {
    let mut by_request: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    let (mut problems, mut tally, mut recorded) = (Vec::new(), Tally::default(), 0);
    for call in &evidence.calls {
        let request = call.attempt().map(|(request, _)| request).unwrap_or_default();
        by_request.entry(request).or_default().push(call);
    }
    for (at, outcome) in evidence.log.outcomes() {
        let request = outcome.request.to_string();
        let mut made = by_request.remove(request.as_str()).unwrap_or_default();
        let all = made.clone();
        made.retain(|call| !went_out_again(call, &all));
        tally.resent += all.len() - made.len();
        recorded += outcome.attempts.len();
        tally.take(evidence, outcome, at, &made);
    }
    let stray: Vec<&str> = by_request.into_keys().collect();
    if !stray.is_empty() {
        problems.push(format!("called without any outcome: requests {}", some(stray)));
    }
    for (what, ids) in [
        ("called again after the outcome was committed", &tally.committed_again),
        ("called again without a fault", &tally.unexplained),
        ("called again, old, and not marked as rerun", &tally.unmarked),
    ] {
        if !ids.is_empty() {
            problems.push(format!("{what}: requests {}", some(ids)));
        }
    }
    let billed = evidence.calls.iter().filter(|call| call.billed).count();
    let figure = format!(
        "{} calls, {billed} billed, {recorded} recorded; {} in no outcome ({} billed) after faults; {} outcomes marked as \
         reruns, {} of them with such a call; {} calls ran again unmarked, younger than {UNMARKED_MS} ms; {} went out again after \
         a reset of a kept connection; {} committed calls repeated",
        evidence.calls.len(),
        tally.unseen,
        tally.unseen_billed,
        tally.marked,
        tally.marked_and_made,
        tally.young,
        tally.resent,
        tally.committed_again.len()
    );
    let sums = [
        ("calls billed", sum(billed)),
        ("calls recorded", sum(recorded)),
        ("committed calls repeated", sum(tally.committed_again.len())),
        ("marked rerun", sum(tally.marked)),
        ("billed and in no outcome", sum(tally.unseen_billed)),
    ];
    Found::new(
        Clause { name: "called", figure, source: "the providers' invoice, topic events", problems },
        sums,
    )
}

/// A kept connection that is reset before a byte of a reply is no attempt: the same call goes out over a new one.
fn went_out_again(call: &Call, made: &[&Call]) -> bool {
    let is_its_repetition = |other: &&Call| other.request_id == call.request_id && other.number > call.number;
    call.end == "reset" && !call.billed && made.iter().any(is_its_repetition)
}

impl Tally {
    /// The calls of one request, and its outcome, which was written `at` that time.
    fn take(&mut self, evidence: &Evidence, outcome: &Answered, at: i64, made: &[&Call]) {
        let (request, rerun) = (outcome.request.to_string(), outcome.rerun);
        if made.iter().any(|call| call.started_at > at) {
            self.committed_again.push(request.clone());
        }
        // Attempts that never reached the provider are recorded too.
        let unseen = made.len().saturating_sub(outcome.attempts.len());
        self.unseen += unseen;
        self.unseen_billed += made.iter().take(unseen).filter(|call| call.billed).count();
        self.marked += usize::from(rerun);
        self.marked_and_made += usize::from(rerun && unseen > 0);
        for call in made.iter().take(unseen) {
            // The first call of the run that is recorded; the run that was cut off may have made several.
            let again = made.get(unseen).map_or(at, |call| call.started_at);
            match evidence.done.faults.explain(Role::Call, call.started_at, again) {
                None => self.unexplained.push(format!("{request} at {} and {again}", call.started_at)),
                Some(_) if rerun => {}
                Some(fault) if fault.kind == Kind::Kill && fault.from - call.started_at > UNMARKED_MS => {
                    self.unmarked.push(request.clone());
                }
                Some(_) => self.young += 1,
            }
        }
    }
}
