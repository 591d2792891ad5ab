//! Claims of apps: signed for a person, a tier and a time, and believed of nothing else.

use std::sync::Arc;

use common::Secret;
use hmac::{Hmac, KeyInit, Mac};
use ingest::config::ClaimRule;
use schemas::event::{Event, Message};
use schemas::ids::AppKey;
use schemas::tier::TierClaim;
use serde_json::{Value, json};

use crate::line::{APP, Line, chat, ingest, now, post, question, signed};
use crate::publisher::{Memory, Mood};

const OLD: &str = "an-old-secret-of-32-characters-and-more";
const NEW: &str = "a-new-secret-of-32-characters-and-more";
const TIERS: &str = "record = \"all\"\n[[app.tier]]\nname = \"gold\"\n[[app.tier]]\nname = \"silver\"\n";

/// A line that believes claims under both secrets.
fn line() -> Line {
    let memory = Arc::new(Memory::new(Mood::Acknowledges));
    let publisher = Arc::clone(&memory);
    let (ingest, bundle) = ingest(TIERS, publisher, "test.", |config| {
        let secrets = vec![Secret::new(OLD), Secret::new(NEW)];
        let rule = ClaimRule { field: "huiyin_tier".into(), secrets };
        config.claims.insert(AppKey::new(APP).unwrap(), rule);
    });
    Line { ingest, memory, bundle }
}

fn signature(secret: &str, app: &str, user: &str, tier: &str, expires: i64) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("huiyin-tier\n{app}\n{user}\n{tier}\n{expires}").as_bytes());
    base16ct::lower::encode_string(&mac.finalize().into_bytes())
}

fn claim(secret: &str, user: &str, tier: &str, expires: i64) -> Value {
    let signature = signature(secret, APP, user, tier, expires);
    json!({"user": user, "tier": tier, "expires": expires, "signature": signature})
}

fn soon() -> i64 {
    now() / 1_000 + 3_600
}

fn with(mut callback: Value, claim: &Value) -> Value {
    callback["payload"]["ext"]["huiyin_tier"] = claim.clone();
    callback
}

/// What is recorded of a question with this claim.
async fn recorded(claim: &Value) -> Message {
    let line = line();
    line.before(with(question("hi"), claim)).await;
    let Some(Event::Message(message)) = line.memory.events().pop() else { panic!("it is recorded") };
    message
}

fn texts(message: &Message) -> String {
    serde_json::to_string(message).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_a_secret_of_the_app_signed_is_recorded_without_its_signature() {
    for secret in [OLD, NEW] {
        let expires = soon();
        let claim = claim(secret, "Alice", "gold", expires);
        for form in [claim.clone(), json!(claim.to_string())] {
            let message = recorded(&form).await;
            assert_eq!(message.claim, Some(TierClaim { tier: "gold".into(), expires_at: expires * 1_000 }));
            let (record, signature) = (texts(&message), claim["signature"].as_str().unwrap());
            assert!(!record.contains(signature) && !record.contains("huiyin_tier"), "{record}");
            let raw: Value = serde_json::from_str(message.raw.as_ref().unwrap().plain().unwrap()).unwrap();
            assert_eq!((&raw["payload"]["bodies"][0]["msg"], &raw["security"]), (&json!("hi"), &Value::Null));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_app_did_not_sign_is_not_believed_and_is_a_text_like_any_other() {
    let good = claim(NEW, "alice", "silver", soon());
    let changed = |field: &str, value: Value| {
        let mut claim = good.clone();
        claim[field] = value;
        claim
    };
    let expires = good["expires"].as_i64().unwrap();
    let another_app = json!({"user": "alice", "tier": "silver", "expires": expires,
        "signature": signature(NEW, "acme#other", "alice", "silver", expires)});
    for forged in [
        changed("tier", json!("gold")),
        changed("expires", json!(expires + 1)),
        changed("user", json!("alice\n")),
        changed("signature", json!("00")),
        changed("signature", json!("")),
        claim("a-secret-that-the-app-never-had-so-far", "alice", "gold", soon()),
        another_app,
        json!("gold"),
        json!({"tier": "gold"}),
        json!([1]),
        json!(true),
    ] {
        let message = recorded(&forged).await;
        assert_eq!(message.claim, None, "{forged}");
        assert!(message.raw.as_ref().unwrap().plain().unwrap().contains("huiyin_tier"));
    }
    let hidden =
        with(question("hi"), &json!({"user": "赌博", "tier": "gold", "expires": 1, "signature": "x"}));
    assert_eq!(line().before(hidden).await, json!({"valid": false, "code": "blocked"}));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_has_ended_or_is_of_somebody_else_counts_for_nothing_and_leaves_no_signature() {
    let now = now() / 1_000;
    for bad in [
        claim(NEW, "alice", "gold", now - 1),
        claim(NEW, "alice", "gold", now * 1_000),
        claim(NEW, "bob", "gold", soon()),
        claim(NEW, "alice ", "gold", soon()),
        claim(NEW, "alice", "brass", soon()),
    ] {
        let message = recorded(&bad).await;
        assert_eq!(message.claim, None, "{bad}");
        assert!(!texts(&message).contains(bad["signature"].as_str().unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_holds_at_the_time_that_easemob_gave_the_message_however_late_it_comes() {
    let line = line();
    let hour = 3_600_000;
    let sent = now() - 48 * hour;
    let claim = claim(NEW, "alice", "gold", sent / 1_000 + 60);
    line.send(post("/post", signed(with(question("hi"), &claim), sent).to_string())).await;
    let Some(Event::Missed(message)) = line.memory.events().pop() else { panic!("it was missed") };
    assert_eq!(message.claim.map(|claim| claim.tier).as_deref(), Some("gold"));
}

#[tokio::test(start_paused = true)]
async fn among_people_a_claim_is_taken_out_and_means_nothing() {
    let line = line();
    line.before(with(chat("alice", "bob", "hi"), &claim(NEW, "alice", "gold", soon()))).await;
    let Some(Event::Message(message)) = line.memory.events().pop() else { panic!("all are recorded") };
    assert!(message.claim.is_none() && !texts(&message).contains("signature"), "{}", texts(&message));
}

#[tokio::test(start_paused = true)]
async fn without_a_rule_the_field_is_a_field_like_any_other() {
    let line = Line::new(TIERS, Mood::Acknowledges);
    line.before(with(question("hi"), &claim(NEW, "alice", "gold", soon()))).await;
    let Some(Event::Message(message)) = line.memory.events().pop() else { panic!("it is recorded") };
    assert!(message.claim.is_none() && texts(&message).contains("signature"));
}

#[tokio::test(start_paused = true)]
async fn the_signature_is_what_the_document_says() {
    // printf 'huiyin-tier\nacme#support\nalice\ngold\n1735693200' | openssl dgst -sha256 -hmac a-new-secret-of-32-characters-and-more
    assert_eq!(
        signature(NEW, APP, "alice", "gold", 1_735_693_200),
        "f57e5ead2bf9210c1ca26dba1e71f7049c215931fd56e8319f510cf1ec8c6ab7"
    );
}
