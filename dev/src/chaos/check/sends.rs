//! Sends: each part is sent once, and again only where a fault cut the first send off. A reply of Easemob that was lost is no reason
//! to send again.

use super::evidence::{Evidence, Found, some, sum};
use crate::chaos::faults::{Fault, Kind};
use crate::chaos::role::Role;
use crate::proof::Clause;
use dev::rig::easemob::RestSend;
use schemas::delivery::{Delivery, DeliveryResult};
use std::collections::BTreeMap;

/// Sends that are younger than this at a fault may be repeated without the mark `rerun`: admission is committed within 250 ms, and that
/// commit may take as long as a transaction may be open.
const UNMARKED_MS: i64 = 5_250;

#[derive(Default)]
struct Tally {
    /// Repeated because a process was killed.
    by_kill: usize,
    /// Repeated because a process was stopped, or a broker killed.
    by_other: usize,
    unexplained: Vec<String>,
    unmarked: Vec<String>,
}

/// Compares deliveries with what Easemob took.
pub(crate) fn sends(evidence: &Evidence) -> Found {
    let log = &evidence.log;
    let mut by_part: BTreeMap<&str, Vec<&RestSend>> = BTreeMap::new();
    for send in &evidence.sends {
        by_part.entry(send.reply_id().unwrap_or_default()).or_default().push(send);
    }
    let (mut tally, mut problems) = (Tally::default(), Vec::new());
    let (mut ends, mut running): (BTreeMap<&str, usize>, Vec<(i64, i64)>) = Default::default();
    for delivery in &log.deliveries {
        let id = delivery.value.answer.to_string();
        let made = by_part.remove(id.as_str()).unwrap_or_default();
        *ends.entry(delivery.value.result.label()).or_default() += 1;
        if let Some(first) = made.first() {
            running.push((first.at, delivery.at));
        } else if matches!(delivery.value.result, DeliveryResult::Sent { .. }) {
            problems.push(format!("answer {id} is reported as sent and never was, or is reported twice"));
        }
        if made.iter().any(|send| send.at > delivery.at) {
            problems.push(format!("answer {id} was sent after its delivery was committed"));
        }
        tally.take(evidence, &delivery.value, &made);
    }
    let stray: Vec<&str> = by_part.into_keys().collect();
    if !stray.is_empty() {
        problems.push(format!("sent without a delivery: answers {}", some(stray)));
    }
    if log.deliveries.len() != log.answers.len() {
        problems.push(format!("{} deliveries of {} answers", log.deliveries.len(), log.answers.len()));
    }
    let kills =
        evidence.done.faults.0.iter().filter(|fault| fault.role == Some(Role::Deliver) && is_kill(fault));
    let in_flight: usize = kills.map(|fault| at_a_time(fault, &running)).sum();
    if tally.by_kill > in_flight {
        problems.push(format!("{} sends repeated, {in_flight} in flight at kills", tally.by_kill));
    }
    for (what, ids) in [
        ("sent again without a fault", &tally.unexplained),
        ("sent again, old, and not marked as rerun", &tally.unmarked),
    ] {
        if !ids.is_empty() {
            problems.push(format!("{what}: answers {}", some(ids)));
        }
    }
    let figure = format!(
        "{} sends of {} parts ({ends:?}): {} repeated after kills ({in_flight} were in flight then), {} after \
         stops and broker deaths, {} without a cause",
        evidence.sends.len(),
        log.deliveries.len(),
        tally.by_kill,
        tally.by_other,
        tally.unexplained.len()
    );
    let sums = [
        ("sends", sum(evidence.sends.len())),
        ("duplicated sends", sum(tally.by_kill + tally.by_other + tally.unexplained.len())),
        ("after kills", sum(tally.by_kill)),
        ("in flight at kills", sum(in_flight)),
    ];
    let source = "topics answers, deliveries; Easemob's REST log";
    Found::new(Clause { name: "sent", figure, source, problems }, sums)
}

impl Tally {
    /// The sends of the part that a delivery reports.
    fn take(&mut self, evidence: &Evidence, delivery: &Delivery, made: &[&RestSend]) {
        let id = delivery.answer;
        for pair in made.windows(2) {
            let [first, again] = pair else { continue };
            match evidence.done.faults.explain(Role::Deliver, first.at, again.at) {
                None => self.unexplained.push(format!("{id} at {} and {}", first.at, again.at)),
                Some(fault) => {
                    let by = if is_kill(fault) { &mut self.by_kill } else { &mut self.by_other };
                    *by += 1;
                    if !delivery.rerun && fault.kind == Kind::Kill && fault.from - first.at > UNMARKED_MS {
                        self.unmarked.push(id.to_string());
                    }
                }
            }
        }
    }
}

/// Whether the process ended.
fn is_kill(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Kill | Kind::Restart)
}

/// Sends that had been taken by Easemob and were not committed as delivered when the fault came.
fn at_a_time(fault: &Fault, running: &[(i64, i64)]) -> usize {
    let cut = |(from, to): &&(i64, i64)| fault.explains(Role::Deliver, *from, *to);
    running.iter().filter(cut).count()
}
