//! At most one answer per turn, sent once.

use super::Clause;
use dev::rig::easemob::RestSend;
use schemas::answer::{Answer, AnswerSource};
use schemas::decision::{Decision, Ruling};
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::{AnswerId, TurnId};
use std::collections::{BTreeMap, BTreeSet};

/// Compares the turns that were opened with the answers that were let out and with what Easemob was asked to send.
pub(crate) fn answered(
    decisions: &[Decision],
    answers: &[Answer],
    deliveries: &[Delivery],
    sends: &[RestSend],
) -> Clause {
    let turns = |is_it: fn(&Decision) -> bool| -> BTreeSet<TurnId> {
        decisions.iter().filter(|decision| is_it(decision)).filter_map(|decision| decision.turn).collect()
    };
    let asked = turns(|decision| decision.ruling == Ruling::Asked);
    let called_off = turns(|decision| matches!(decision.ruling, Ruling::Late | Ruling::Lost));
    let given: BTreeSet<TurnId> = answers.iter().map(|answer| answer.turn).collect();
    let open = asked.iter().filter(|turn| !given.contains(turn) && !called_off.contains(turn));
    let mut problems: Vec<String> =
        open.map(|turn| format!("turn {turn} was asked and has no end")).collect();
    // What the operator wrote may be said without asking anybody: to a command, or when a person takes over. A decision lets it out.
    let told = turns(|decision| decision.parts > 0);
    let by_model = |answer: &&Answer| matches!(answer.source, AnswerSource::Model { .. });
    let said: BTreeSet<TurnId> = answers.iter().filter(by_model).map(|answer| answer.turn).collect();
    let unasked: BTreeSet<TurnId> = given.difference(&asked).copied().collect();
    let never = unasked.iter().filter(|turn| said.contains(turn));
    problems.extend(never.map(|turn| format!("turn {turn} was answered and never asked")));
    // Of a take-over it names no turn, but says how many parts it lets out.
    let is_nameless = |answer: &&Answer| unasked.contains(&answer.turn) && !told.contains(&answer.turn);
    let nameless = answers.iter().filter(|answer| !by_model(answer)).filter(is_nameless).count();
    let parts = |decision: &Decision| usize::from(decision.parts);
    let let_out: usize = decisions.iter().filter(|decision| decision.turn.is_none()).map(parts).sum();
    if nameless != let_out {
        problems.push(format!(
            "{nameless} parts were told to nobody's turn, {let_out} by decisions without a turn"
        ));
    }
    problems.extend(repeated_parts(answers));
    let again: BTreeSet<AnswerId> =
        deliveries.iter().filter(|delivery| delivery.rerun).map(|delivery| delivery.answer).collect();
    let (sent, wrongly_sent) = compare_sends(answers, &again, sends);
    problems.extend(wrongly_sent);
    problems.extend(compare_deliveries(answers, deliveries));
    if asked.is_empty() {
        problems.push("no turn was asked".to_owned());
    }
    let figure = format!(
        "{} turns asked = {} answered + {} called off{}; {} parts let out, {sent} sent once, {} again after a crash",
        asked.len(),
        given.intersection(&asked).count(),
        asked.difference(&given).count(),
        if unasked.is_empty() { String::new() } else { format!("; {} told unasked", unasked.len()) },
        answers.len(),
        sends.len().saturating_sub(answers.len()),
    );
    Clause {
        name: "answered",
        figure,
        source: "topics decisions, answers, deliveries; Easemob's REST log",
        problems,
    }
}

fn repeated_parts(answers: &[Answer]) -> Vec<String> {
    let mut seen = BTreeMap::new();
    for answer in answers {
        *seen.entry((answer.turn, answer.part)).or_insert(0) += 1;
    }
    let repeated = seen.into_iter().filter(|(_, times)| *times > 1);
    repeated
        .map(|((turn, part), times)| format!("turn {turn}: part {part} was let out {times} times"))
        .collect()
}

/// How many answers Easemob was asked to send exactly once, and what is wrong with the others. Only answers in `again`, whose
/// delivery is marked as a rerun, may have been sent more often.
fn compare_sends(answers: &[Answer], again: &BTreeSet<AnswerId>, sends: &[RestSend]) -> (usize, Vec<String>) {
    let mut marks = BTreeMap::new();
    for mark in sends.iter().filter_map(RestSend::reply_id) {
        *marks.entry(mark).or_insert(0) += 1;
    }
    let (mut once, mut known, mut problems) = (0, 0, Vec::new());
    for answer in answers {
        let times = marks.get(answer.id.to_string().as_str());
        known += times.copied().unwrap_or_default();
        match times {
            Some(1) => once += 1,
            Some(_) if again.contains(&answer.id) => {}
            Some(times) => problems.push(format!("answer {} was sent {times} times", answer.id)),
            None => problems.push(format!("answer {} was never sent", answer.id)),
        }
    }
    if sends.len() != known {
        problems.push(format!("{} sends, {known} of them of an answer that was let out", sends.len()));
    }
    (once, problems)
}

fn compare_deliveries(answers: &[Answer], deliveries: &[Delivery]) -> Vec<String> {
    let ids: BTreeSet<_> = answers.iter().map(|answer| answer.id).collect();
    let sent = |delivery: &&Delivery| matches!(delivery.result, DeliveryResult::Sent { .. });
    let delivered: Vec<_> = deliveries.iter().filter(sent).map(|delivery| delivery.answer).collect();
    let distinct: BTreeSet<_> = delivered.iter().copied().collect();
    let mut problems = Vec::new();
    if distinct != ids {
        problems.push(format!("{} answers, {} of them reported as sent", ids.len(), distinct.len()));
    }
    if delivered.len() > distinct.len() {
        problems.push(format!("{} answers are reported as sent twice", delivered.len() - distinct.len()));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use serde_json::json;

    fn send(answer: &Answer) -> RestSend {
        let ext = json!({ "huiyin": { "reply_id": answer.id.to_string(), "part": 1 } });
        RestSend { ext: Some(ext), at: 0 }
    }

    #[test]
    fn one_answer_per_turn_sent_once_is_ok_and_a_late_outcome_needs_none() {
        let (asked, answer, delivery) = samples::answered_turn(0);
        let (other, ..) = samples::answered_turn(1);
        let late = Decision { ruling: Ruling::Late, ..other.clone() };
        let sends = [send(&answer)];
        let clause = answered(&[asked, other, late], &[answer], &[delivery], &sends);
        assert!(clause.problems.is_empty(), "{clause:?}");
        assert!(clause.line().contains("2 turns asked = 1 answered + 1 called off"), "{clause:?}");
    }

    #[test]
    fn what_the_operator_wrote_may_be_said_unasked_where_a_decision_says_so() {
        let (asked, answer, delivery) = samples::answered_turn(0);
        let (other, canned, report) = samples::answered_turn(1);
        let source = AnswerSource::Canned { reason: "command".to_owned() };
        let canned = Answer { source, ..canned };
        let told = Decision { ruling: Ruling::Noted, parts: 1, ..other.clone() };
        let silent = Decision { parts: 0, ..told.clone() };
        let sends = [send(&answer), send(&canned)];
        let both = [answer.clone(), canned.clone()];
        let reports = [delivery, report];
        let clause = answered(&[asked.clone(), told.clone()], &both, &reports, &sends);
        assert!(clause.problems.is_empty(), "{clause:?}");
        assert!(
            clause.line().contains("1 turns asked = 1 answered + 0 called off; 1 told unasked"),
            "{clause:?}"
        );
        let by_model = Answer { source: answer.source.clone(), ..canned };
        for clause in [
            answered(&[asked.clone(), silent], &both, &reports, &sends),
            answered(&[asked, told], &[answer, by_model], &reports, &sends),
        ] {
            assert!(!clause.problems.is_empty(), "{clause:?}");
        }
    }

    #[test]
    fn a_second_send_is_ok_only_where_the_delivery_says_that_it_may_have_been_one() {
        let (asked, answer, delivery) = samples::answered_turn(0);
        let rerun = Delivery { rerun: true, ..delivery };
        let sends = [send(&answer), send(&answer)];
        let clause = answered(&[asked], &[answer], &[rerun], &sends);
        assert!(clause.problems.is_empty() && clause.line().contains("1 again after a crash"), "{clause:?}");
    }

    #[test]
    fn a_turn_without_end_a_second_answer_and_a_second_send_are_not_ok() {
        let (asked, answer, delivery) = samples::answered_turn(0);
        let (other, stray, _) = samples::answered_turn(1);
        let again = Answer { id: stray.id, ..answer.clone() };
        let (one, two) = ([answer.clone()], [answer.clone(), again.clone()]);
        let reported = [delivery.clone()];
        let check =
            |decisions: &[&Decision], answers: &[Answer], reports: &[Delivery], sends: &[RestSend]| {
                let decisions: Vec<Decision> = decisions.iter().copied().cloned().collect();
                answered(&decisions, answers, reports, sends)
            };
        for clause in [
            check(&[], &[], &[], &[]),
            check(&[&asked, &other], &one, &reported, &[send(&answer)]),
            check(&[&other], &one, &reported, &[send(&answer)]),
            check(&[&asked], &two, &reported, &[send(&answer), send(&again)]),
            check(&[&asked], &one, &reported, &[send(&answer), send(&answer)]),
            check(&[&asked], &one, &reported, &[send(&answer), RestSend { ext: None, at: 0 }]),
            check(&[&asked], &one, &reported, &[]),
            check(&[&asked], &one, &[], &[send(&answer)]),
            check(&[&asked], &one, &[delivery.clone(), delivery], &[send(&answer)]),
        ] {
            assert!(clause.line().contains("NOT ok"), "{clause:?}");
        }
    }
}
