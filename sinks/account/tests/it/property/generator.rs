//! A random log: what every step writes, with few apps, people, models and hours, so that sums have many parts.

use std::collections::BTreeMap;

use fastrand::Rng;
use pipeline::Record;
use schemas::topic::Topic;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scene::{example, record};

/// 2025-01-01 22:00 UTC: the log goes over midnight.
const START: i64 = 1_735_768_800_000;
/// Five hours.
const LONG: i64 = 5 * 3_600_000;

const APPS: [&str; 2] = ["acme#support", "acme#shop"];
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
const MODELS: [&str; 3] = ["m-1", "m-2", "m-3"];

/// Records of each topic, in the order of their offsets, with gaps as transactions leave them.
pub(super) fn log(random: &mut Rng) -> BTreeMap<&'static str, Vec<Record>> {
    let mut log: BTreeMap<&'static str, Vec<Record>> = BTreeMap::new();
    let mut offset = 0;
    for _ in 0..random.usize(60..140) {
        let (topic, value) = any(random);
        offset += random.i64(1..4);
        log.entry(topic.name()).or_default().push(record(topic, offset, &value));
    }
    log
}

fn any(random: &mut Rng) -> (Topic, Value) {
    match random.u8(0..12) {
        0..4 => (Topic::Events, answered(random)),
        4..7 => (Topic::Decisions, decision(random)),
        7 => (Topic::Events, message(random)),
        8 => (Topic::Deliveries, delivery(random)),
        9 => (Topic::Ledger, settle(random)),
        10 => (Topic::Ledger, correction(random)),
        _ => (Topic::Events, signal(random)),
    }
}

fn one<'a>(random: &mut Rng, of: &[&'a str]) -> &'a str {
    of[random.usize(..of.len())]
}

fn at(random: &mut Rng) -> i64 {
    START + random.i64(0..LONG)
}

fn id(random: &mut Rng) -> String {
    Uuid::from_u128(random.u128(..)).to_string()
}

/// App, user and message.
fn who(random: &mut Rng) -> (&'static str, &'static str, String) {
    let (app, user) = (one(random, &APPS), one(random, &USERS));
    (app, user, format!("{app}/chat/{}", random.u64(1..)))
}

fn answered(random: &mut Rng) -> Value {
    let mut end = example!("events/valid-answered-routed.json");
    let (app, user, message) = who(random);
    let begun = at(random);
    for name in ["id", "request", "turn"] {
        end[name] = json!(id(random));
    }
    (end["lane"], end["message"]) = (json!(format!("{app}/chat/bot/{user}")), json!(message));
    (end["started_at"], end["ended_at"], end["decided_at"]) =
        (json!(begun), json!(begun + 9_000), json!(begun - 40));
    end["user"] = json!(user);
    end["route"]["rule"] = json!(one(random, &["hard", "chain"]));
    let failed = end["attempts"][0].clone();
    let done = end["attempts"][1].clone();
    let tries = random.usize(0..3);
    let mut attempts = vec![failed; tries];
    if random.u8(0..5) > 0 {
        attempts.push(done);
    } else {
        end["outcome"] = json!({"end": "expired"});
    }
    for (number, attempt) in attempts.iter_mut().enumerate() {
        attempt["number"] = json!(number + 1);
        attempt["started_at"] = json!(begun + 1_000 * i64::try_from(number).unwrap());
        attempt["model"] = json!(one(random, &MODELS));
        attempt["duration_ms"] = json!(random.u32(1..5_000));
        if attempt.get("usage").is_some() {
            attempt["usage"]["input"] = json!(random.u32(64..4_000));
            attempt["usage"]["output"] = json!(random.u32(1..900));
            attempt["cost"] = json!({"currency": one(random, &["CNY", "USD"]), "pico": random.i64(0..1_000_000_000_000_000)});
            if random.u8(0..4) == 0 {
                attempt.as_object_mut().unwrap().remove("cost");
            }
        }
    }
    if attempts.is_empty() {
        end["outcome"] = json!({"end": one(random, &["expired", "cancelled"])});
    }
    end["attempts"] = json!(attempts);
    end
}

fn decision(random: &mut Rng) -> Value {
    let mut decision = example!("decisions/valid-routed.json");
    let (app, user, message) = who(random);
    let conversation = format!("{app}/chat/bot/{user}");
    decision["id"] = json!(id(random));
    decision["turn"] = json!(id(random));
    (decision["conversation"], decision["lane"]) = (json!(conversation), json!(conversation));
    (decision["sender"], decision["message"], decision["at"]) =
        (json!(user), json!(message), json!(at(random)));
    decision["input"] = json!(one(random, &["message", "message", "missed", "answered", "clock"]));
    decision["ruling"] = json!(one(random, &["asked", "blocked", "waits", "noted", "lost"]));
    if random.u8(0..3) == 0 {
        decision["rating"] = json!(random.u8(1..6));
    }
    decision
}

fn message(random: &mut Rng) -> Value {
    let mut message = example!("events/valid-message.json");
    let (app, user, id) = who(random);
    (message["id"], message["conversation"]) = (json!(id), json!(format!("{app}/chat/bot/{user}")));
    (message["sender"], message["received_at"]) = (json!(user), json!(at(random)));
    let finding = |random: &mut Rng| {
        json!({"rule": one(random, &["g", "s"]), "category": "c", "severity": 3, "action": "mask",
            "spans": [[1, 3], [5, 6]], "more": random.u32(0..3), "shadow": random.bool()})
    };
    let findings: Vec<Value> = (0..random.usize(0..4)).map(|_| finding(random)).collect();
    message["verdict"]["findings"] = json!({ "list": findings });
    message
}

fn delivery(random: &mut Rng) -> Value {
    let mut delivery = example!("deliveries/valid-sent.json");
    let (app, user, message) = who(random);
    (delivery["lane"], delivery["message"]) = (json!(format!("{app}/chat/bot/{user}")), json!(message));
    delivery["answer"] = json!(id(random));
    let begun = at(random);
    for (name, after) in [("decided_at", 0), ("started_at", 10), ("ended_at", 200)] {
        delivery[name] = json!(begun + after);
    }
    delivery
}

fn settle(random: &mut Rng) -> Value {
    let mut entry = example!("ledger/valid-settle.json");
    let (app, user, message) = who(random);
    (entry["app"], entry["user"], entry["message"]) = (json!(app), json!(user), json!(message));
    (entry["id"], entry["at"]) = (json!(id(random)), json!(at(random)));
    entry["amount"]["pico"] = json!(random.i64(0..1_000_000_000));
    entry
}

fn correction(random: &mut Rng) -> Value {
    let mut correction = example!("ledger/valid-correction.json");
    let (app, _, message) = who(random);
    (correction["app"], correction["call"]["message"]) = (json!(app), json!(message));
    (correction["id"], correction["call"]["started_at"]) = (json!(id(random)), json!(at(random)));
    correction["call"]["model"] = json!(one(random, &MODELS));
    correction["amount"] = json!({"currency": one(random, &["CNY", "USD"]), "pico": random.i64(1..1_000_000) * if random.bool() { 1 } else { -1 }});
    correction
}

fn signal(random: &mut Rng) -> Value {
    let (app, user, _) = who(random);
    let conversation = format!("{app}/chat/bot/{user}");
    let mut signal = match random.u8(0..3) {
        0 => example!("events/valid-feedback.json"),
        1 => example!("events/valid-reaction.json"),
        _ => return example!("events/valid-act.json"),
    };
    (signal["conversation"], signal["at"]) = (json!(conversation), json!(at(random)));
    if signal["type"] == "reaction" {
        signal["user"] = json!(user);
    }
    signal
}
