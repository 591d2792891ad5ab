//! Every message judged before delivery.

use super::{Clause, Course};
use dev::rig::easemob::Callback;
use schemas::event::{CallbackReply, Event, Message};
use serde_json::Value;
use std::collections::BTreeMap;

/// Compares the texts that Easemob asked about with what it was told and with what topic `events` holds.
pub(crate) fn judged(callbacks: &[Callback], events: &[Event], course: Course) -> Clause {
    let disturbed = course == Course::Disturbed;
    let (mut messages, mut missed) = (BTreeMap::new(), Vec::new());
    for event in events {
        match event {
            Event::Message(message) => drop(messages.entry(message.id.easemob_id()).or_insert(message)),
            Event::Missed(message) => missed.push(message.id.easemob_id()),
            _ => {}
        }
    }
    missed.retain(|id| !messages.contains_key(id));
    let before = callbacks.iter().filter(|callback| callback.stage == "pre");
    let texts = before.filter_map(|callback| Some((callback, id_of_text(&callback.request)?)));
    let (forged, honest): (Vec<_>, Vec<_>) = texts.partition(|(callback, _)| callback.status == Some(401));
    let mut problems: Vec<String> =
        missed.iter().map(|id| format!("message {id} was delivered unasked")).collect();
    if disturbed {
        problems.clear();
    }
    let (mut in_time, mut unanswered, mut stopped) = (0, 0, 0);
    for (callback, id) in &honest {
        let recorded_late = missed.contains(&id.as_str());
        if disturbed && (!is_verdict(callback) || callback.is_unavailable() || recorded_late) {
            unanswered += 1;
            continue;
        }
        let record = messages.get(id.as_str()).copied();
        stopped += usize::from(record.is_some_and(|message| message.reply == CallbackReply::Block));
        match problem(callback, id, record) {
            None => in_time += 1,
            Some(what) => problems.push(what),
        }
    }
    let published = forged.iter().filter(|(_, id)| messages.contains_key(id.as_str())).count();
    if published > 0 {
        problems.push(format!("{published} forged callbacks are in the topic"));
    }
    if honest.is_empty() {
        problems.push("Easemob asked about nothing".to_owned());
    }
    let slowest = honest.iter().map(|(callback, _)| callback.latency_ms).fold(0.0, f64::max);
    let figure = format!(
        "{in_time} of {} callbacks with text got their verdict in time, the slowest in {slowest:.0} ms; {stopped} stopped; \
         {} forged refused; \
         {unanswered} unanswered; {} missed",
        honest.len(),
        forged.len() - published,
        missed.len()
    );
    Clause { name: "judged", figure, source: "Easemob's callbacks, topic events", problems }
}

fn problem(callback: &Callback, id: &str, record: Option<&Message>) -> Option<String> {
    let expected: &[CallbackReply] = match callback.outcome.as_str() {
        Some("pass") => &[CallbackReply::Pass],
        Some("intercept") => &[CallbackReply::Intercept, CallbackReply::Block],
        _ => return Some(format!("message {id} got no verdict in time: {}", callback.outcome)),
    };
    match record {
        None => Some(format!("message {id} was judged and is not in the topic")),
        Some(message) if !expected.contains(&message.reply) => Some(format!(
            "message {id}: Easemob was told {}, the topic says {}",
            callback.outcome,
            message.reply.label()
        )),
        Some(_) => None,
    }
}

fn is_verdict(callback: &Callback) -> bool {
    matches!(callback.outcome.as_str(), Some("pass" | "intercept"))
}

/// Id of the message, if it carries a text.
fn id_of_text(request: &str) -> Option<String> {
    let request: Value = serde_json::from_str(request).ok()?;
    let bodies = request.pointer("/payload/bodies").and_then(Value::as_array)?;
    let has_text = bodies.iter().any(|body| body["type"] == "txt" || body["filename"].is_string());
    has_text.then(|| request["msg_id"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use serde_json::json;

    fn callback(msg_id: &str, status: u16, outcome: &str) -> Callback {
        let request = json!({ "msg_id": msg_id, "payload": { "bodies": [{ "type": "txt", "msg": "hi" }] } })
            .to_string();
        serde_json::from_value(json!({ "stage": "pre", "request": request, "status": status,
            "latency_ms": 3.2, "outcome": outcome }))
        .unwrap()
    }

    #[test]
    fn a_text_that_was_passed_and_recorded_is_judged() {
        let events = [Event::Message(samples::message("1", CallbackReply::Pass))];
        let clause =
            judged(&[callback("1", 200, "pass"), callback("2", 401, "status")], &events, Course::Undisturbed);
        assert!(clause.problems.is_empty(), "{clause:?}");
        assert!(
            clause.line().contains("1 of 1 callbacks") && clause.line().contains("1 forged"),
            "{clause:?}"
        );
    }

    #[test]
    fn what_was_stopped_is_counted_in_texts_and_in_names_of_files() {
        let block = |id: &str| Event::Message(samples::message(id, CallbackReply::Block));
        let request =
            json!({ "msg_id": "2", "payload": { "bodies": [{ "type": "file", "filename": "a" }] } });
        let file = Callback { request: request.to_string(), ..callback("2", 200, "intercept") };
        let clause = judged(
            &[callback("1", 200, "intercept"), file, callback("3", 200, "pass")],
            &[block("1"), block("2"), Event::Message(samples::message("3", CallbackReply::Pass))],
            Course::Undisturbed,
        );
        assert!(
            clause.line().contains("3 of 3 callbacks") && clause.line().contains("2 stopped"),
            "{clause:?}"
        );
    }

    #[test]
    fn whatever_was_not_judged_in_time_or_recorded_otherwise_is_not_ok() {
        let passed = [Event::Message(samples::message("1", CallbackReply::Pass))];
        let missed = [Event::Missed(samples::message("1", CallbackReply::None))];
        let cases: [(&[Callback], &[Event]); 6] = [
            (&[callback("1", 200, "timeout")], &passed),
            (&[callback("1", 200, "pass")], &[]),
            (&[callback("1", 200, "intercept")], &passed),
            (&[callback("1", 200, "pass")], &missed),
            (&[callback("1", 401, "status"), callback("1", 200, "pass")], &passed),
            (&[], &[]),
        ];
        for (callbacks, events) in cases {
            let clause = judged(callbacks, events, Course::Undisturbed);
            assert!(clause.line().contains("NOT ok"), "{clause:?}");
        }
    }

    #[test]
    fn after_a_crash_what_nobody_answered_is_counted_and_anything_else_is_still_a_fault() {
        let missed = [Event::Missed(samples::message("1", CallbackReply::None))];
        let down = callback("1", 200, "connect");
        let clause = judged(std::slice::from_ref(&down), &missed, Course::Disturbed);
        assert!(clause.problems.is_empty() && clause.line().contains("1 unanswered; 1 missed"), "{clause:?}");
        let lost = judged(&[down, callback("2", 200, "pass")], &missed, Course::Disturbed);
        assert!(lost.line().contains("NOT ok"), "{lost:?}");
    }
}
