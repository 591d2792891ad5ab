//! Reads a request of Anthropic's Messages.

use crate::model::dialect::Arrival;
use crate::model::fields::{self, Complaint, Fields, given};
use crate::model::request::{CacheLife, CacheMarks, ChatRequest, Turn};
use serde_json::Value;

/// The version without sampling.
pub(crate) const NEW_VERSION: &str = "2026-10-21";
const VERSIONS: &[&str] = &["2023-06-01", NEW_VERSION];
/// The name under which a request keeps its version among its fields.
pub(crate) const VERSION: &str = "anthropic-version";

/// The version that a call asks for.
pub(crate) fn version(arrival: &Arrival) -> Result<&str, Complaint> {
    let missing = || Complaint::general("anthropic-version: header is required");
    let version = arrival.header(VERSION).ok_or_else(missing)?;
    let unknown = || Complaint::general(format!("anthropic-version: \"{version}\" is not a valid version"));
    VERSIONS.contains(&version).then_some(version).ok_or_else(unknown)
}

/// Reads a body.
pub(crate) fn body(bytes: &[u8], version: &str) -> Result<ChatRequest, Complaint> {
    let mut body = fields::object(bytes)?;
    let model = given(&body, "model").and_then(Value::as_str).map(str::to_owned);
    let model = model.ok_or_else(|| Complaint::general("model: Field required"))?;
    let missing = || Complaint::general("max_tokens: Field required");
    let cap = given(&body, "max_tokens").ok_or_else(missing)?.as_u64().filter(|cap| *cap > 0);
    let cap =
        cap.ok_or_else(|| Complaint::general("max_tokens: Input should be greater than or equal to 1"))?;
    if given(&body, "messages").is_none() {
        return Err(Complaint::general("messages: Field required"));
    }
    let turns = fields::turns(body.get("messages"))
        .map_err(|complaint| Complaint::general(format!("messages: {}", complaint.message)))?;
    let system = given(&body, "system").map(|system| {
        fields::text(system).ok_or_else(|| Complaint::general("system: Input should be a valid string"))
    });
    let system = system.transpose()?.map(|text| Turn { role: "system".into(), text });
    let cache = cache(&body)?;
    let thinking = given(&body, "thinking").and_then(|thinking| thinking.get("type")?.as_str());
    let thinking = thinking.map(|kind| kind != "disabled");
    let stream = fields::flag(&body, "stream")?.unwrap_or_default();
    body.insert(VERSION.into(), version.into());
    Ok(ChatRequest {
        model,
        turns: system.into_iter().chain(turns).collect(),
        cap: Some(cap),
        stream,
        thinking,
        cache,
        fields: body,
        ..ChatRequest::default()
    })
}

/// Most marks of a request.
const MOST_MARKS: usize = 4;

/// The beginnings that are marked to be cached.
fn cache(body: &Fields) -> Result<CacheMarks, Complaint> {
    let mut cache = CacheMarks::default();
    let messages = given(body, "messages").and_then(Value::as_array).into_iter().flatten();
    let of_message = |message: &Value| {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
        (role, message.get("content").cloned().unwrap_or_default())
    };
    let system = given(body, "system").map(|system| ("system".to_owned(), system.clone()));
    for (role, content) in system.into_iter().chain(messages.map(of_message)) {
        let blocks = match content {
            Value::Array(blocks) => blocks,
            text => vec![serde_json::json!({ "type": "text", "text": text })],
        };
        for block in blocks {
            let text = block.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            cache.blocks.push(Turn { role: role.clone(), text });
            if let Some(control) = block.get("cache_control").filter(|control| !control.is_null()) {
                cache.marks.push((cache.blocks.len(), life(control)?));
            }
        }
    }
    if let Some(control) = given(body, "cache_control") {
        cache.marks.push((cache.blocks.len(), life(control)?));
    }
    let count = cache.marks.len();
    if count > MOST_MARKS {
        let text =
            format!("A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {count}.");
        return Err(Complaint::general(text));
    }
    let grows =
        cache.marks.windows(2).any(|pair| (pair[0].1, pair[1].1) == (CacheLife::Minutes5, CacheLife::Hour1));
    if grows {
        return Err(Complaint::general(
            "cache_control: a ttl='1h' block must not come after a ttl='5m' block".to_owned(),
        ));
    }
    Ok(cache)
}

fn life(control: &Value) -> Result<CacheLife, Complaint> {
    let text = |name: &str| control.get(name).and_then(Value::as_str);
    match (text("type"), text("ttl").unwrap_or("5m")) {
        (Some("ephemeral"), "5m") => Ok(CacheLife::Minutes5),
        (Some("ephemeral"), "1h") => Ok(CacheLife::Hour1),
        _ => Err(Complaint::general("cache_control: type must be 'ephemeral' and ttl '5m' or '1h'")),
    }
}

#[cfg(test)]
mod tests {
    use super::{body, cache};
    use crate::model::fields::object;
    use crate::model::request::CacheLife;

    #[test]
    fn a_marked_beginning_is_cached() {
        let fields = object(
            br#"{"system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral","ttl":"1h"}}],
                "messages":[{"role":"user","content":"hi"}]}"#,
        );
        let cache = cache(&fields.unwrap()).unwrap();
        assert_eq!((cache.blocks.len(), cache.marks), (2, vec![(1, CacheLife::Hour1)]));
    }

    #[test]
    fn four_marks_are_taken_and_none_of_an_hour_behind_one_of_minutes() {
        let with = |ttls: &[&str]| {
            let block = |ttl: &&str| {
                format!(
                    r#"{{"type":"text","text":"a","cache_control":{{"type":"ephemeral","ttl":"{ttl}"}}}}"#
                )
            };
            let blocks: Vec<_> = ttls.iter().map(block).collect();
            let text = format!(r#"{{"messages":[{{"role":"user","content":[{}]}}]}}"#, blocks.join(","));
            cache(&object(text.as_bytes()).unwrap())
                .map(|cache| cache.marks.len())
                .map_err(|error| error.message)
        };
        assert_eq!(with(&["1h", "1h", "5m", "5m"]), Ok(4));
        assert!(with(&["5m"; 5]).unwrap_err().contains("Found 5"));
        assert!(with(&["5m", "1h"]).unwrap_err().contains("must not come after"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = |text: &str| body(text.as_bytes(), "2023-06-01").unwrap_err().message;
        assert_eq!(message("{}"), "model: Field required");
        assert_eq!(message(r#"{"model":"m"}"#), "max_tokens: Field required");
        assert_eq!(message(r#"{"model":"m","max_tokens":3}"#), "messages: Field required");
    }
}
