//! OpenAI's moderation wire: `POST /moderations`.

use catalogue::Reviewer;
use outbound::{Failure, Request};
use schemas::review::Level;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Ask, Said, Wire};

pub(super) struct Moderation;

#[derive(Deserialize)]
struct Reply {
    results: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    flagged: bool,
    #[serde(default)]
    categories: Map<String, Value>,
    #[serde(default)]
    category_scores: Map<String, Value>,
}

impl Wire for Moderation {
    fn call(&self, ask: &Ask<'_>, name: &str) -> Result<Request, Failure> {
        let mut body = json!({ "input": ask.held.text });
        if let Reviewer::Moderation { model: Some(model), .. } = ask.reviewer {
            body["model"] = model.as_str().into();
        }
        let call =
            Request::post_json(ask.desk.url.clone(), body.to_string()).header("x-client-request-id", name)?;
        if ask.desk.secret.is_empty() { Ok(call) } else { call.bearer(ask.desk.secret.expose()) }
    }

    /// One text was sent, so there is one result. A category that is true speaks, whatever `flagged` says.
    fn read(&self, body: &[u8]) -> Option<Said> {
        let reply: Reply = serde_json::from_slice(body).ok()?;
        let [verdict] = &reply.results[..] else { return None };
        let score =
            |name: &str| verdict.category_scores.get(name).and_then(Value::as_f64).unwrap_or_default();
        let hit = verdict.categories.iter().filter(|(_, is_hit)| **is_hit == Value::Bool(true));
        let worst = hit.map(|(name, _)| name.as_str()).max_by(|a, b| score(a).total_cmp(&score(b)));
        let level = if verdict.flagged || worst.is_some() { Level::Unsafe } else { Level::Safe };
        Some(Said::new(level, worst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Option<(Level, Option<String>)> {
        let said = Moderation.read(body.to_string().as_bytes());
        said.map(|said| (said.level, said.category))
    }

    #[test]
    fn what_is_flagged_is_unsafe_and_named_by_its_worst_category() {
        let verdict = json!({ "flagged": true, "categories": { "hate": true, "violence": true, "self-harm/intent": false },
            "category_scores": { "hate": 0.4, "violence": 0.9, "self-harm/intent": 0.99 } });
        assert_eq!(read(&json!({ "results": [verdict] })), Some((Level::Unsafe, Some("violence".into()))));
        assert_eq!(read(&json!({ "id": "m", "results": [{ "flagged": false }] })), Some((Level::Safe, None)));
        assert_eq!(read(&json!({ "results": [{ "flagged": true }] })), Some((Level::Unsafe, None)));
    }

    #[test]
    fn a_reply_that_contradicts_itself_is_read_as_the_stricter_of_both() {
        let lie = json!({ "results": [{ "flagged": false, "categories": { "hate": true } }] });
        assert_eq!(read(&lie), Some((Level::Unsafe, Some("hate".into()))));
    }

    #[test]
    fn anything_else_says_nothing() {
        for body in [
            json!({}),
            json!({ "results": [] }),
            json!({ "results": [{ "flagged": false }, { "flagged": false }] }),
            json!({ "results": [{ "flagged": "false" }] }),
            json!({ "results": [{ "flagged": null }] }),
            json!({ "results": [{ "categories": {} }] }),
            json!({ "results": { "flagged": false } }),
            json!("safe"),
        ] {
            assert_eq!(read(&body), None, "{body}");
        }
        assert_eq!(Moderation.read(b"<html>"), None);
    }
}
