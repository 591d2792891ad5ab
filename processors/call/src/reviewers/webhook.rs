//! A server of the customer's own. Its calls are signed: HMAC-SHA256 over id, timestamp and body with full stops between them, in
//! hexadecimal. Whoever checks it refuses timestamps that are old and ids that it has seen, and so no call can be replayed.

use base16ct::lower::encode_string;
use common::Secret;
use hmac::{Hmac, KeyInit, Mac};
use outbound::{Class, Failure, Request};
use schemas::Millis;
use schemas::review::Level;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use super::{Ask, Said, Wire};

pub(super) struct Webhook;

#[derive(Deserialize)]
struct Reply {
    verdict: Level,
    category: Option<String>,
}

impl Wire for Webhook {
    fn call(&self, ask: &Ask<'_>, name: &str) -> Result<Request, Failure> {
        let request = ask.held.request;
        let app = request.lane.conversation.app().as_str();
        let body =
            json!({ "id": name, "app": app, "subject": ask.held.subject.label(), "text": ask.held.text });
        let body = body.to_string();
        let signature = signature(&ask.desk.secret, name, ask.now, &body)
            .ok_or_else(|| Failure::new(Class::BadRequest, "sign a call: the secret cannot be used"))?;
        Request::post_json(ask.desk.url.clone(), body)
            .header("x-huiyin-id", name)?
            .header("x-huiyin-timestamp", &ask.now.to_string())?
            .header("x-huiyin-signature", &signature)
    }

    fn read(&self, body: &[u8]) -> Option<Said> {
        let reply: Reply = serde_json::from_slice(body).ok()?;
        Some(Said::new(reply.verdict, reply.category.as_deref()))
    }
}

/// The signature of a call.
fn signature(secret: &Secret, id: &str, timestamp: Millis, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(encode_string(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_words_are_read_and_nothing_else() {
        let read = |body: &str| Webhook.read(body.as_bytes()).map(|said| (said.level, said.category));
        assert_eq!(read(r#"{"verdict": "safe"}"#), Some((Level::Safe, None)));
        let named = r#"{"verdict": "controversial", "category": "politics", "more": 1}"#;
        assert_eq!(read(named), Some((Level::Controversial, Some("politics".into()))));
        let free_text = r#"{"verdict": "unsafe", "category": "he wrote: bomb"}"#;
        assert_eq!(read(free_text), Some((Level::Unsafe, None)), "records take words only");
        for body in
            ["", "safe", "{}", r#"{"verdict": "Safe"}"#, r#"{"verdict": "ok"}"#, r#"{"verdict": true}"#, "[]"]
        {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn a_signature_covers_id_time_and_body() {
        let sign = |id, at, body| signature(&Secret::new("key"), id, at, body).unwrap();
        let first = sign("a-1", 5, "{}");
        assert_eq!(first.len(), 64);
        for other in [sign("a-2", 5, "{}"), sign("a-1", 6, "{}"), sign("a-1", 5, "{ }")] {
            assert_ne!(first, other);
        }
    }
}
