//! Checks of a REST send, in the order of the documentation's table.

use super::message::Target;
use super::rest_error::RestError;
use serde_json::{Map, Value};

/// Most bytes of body and ext together.
const LARGEST: usize = 5 * 1_024;

/// A send that passed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// The body with its `type`, as users receive it.
    pub(crate) body: Map<String, Value>,
    pub(crate) ext: Option<Value>,
}

/// Validates the bytes of a send.
///
/// # Errors
/// The reply that the server gives for the first rule that is broken.
pub(crate) fn validate(target: Target, bytes: &[u8]) -> Result<Accepted, RestError> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| RestError::invalid_body())?;
    let from = match fields.get("from") {
        None => "admin".to_owned(),
        Some(Value::String(from)) if from.is_empty() => {
            return Err(RestError::message("param from can't be empty", Some(14_001)));
        }
        Some(Value::String(from)) => from.clone(),
        Some(_) => return Err(RestError::invalid_body()),
    };
    let to = recipients(&fields)?;
    let Some(kind) = fields.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty()) else {
        return Err(RestError::message("param type can't be empty", None));
    };
    let Some(content) = fields.get("body").and_then(Value::as_object).filter(|body| !body.is_empty()) else {
        return Err(RestError::message("param body can't be empty", Some(14_005)));
    };
    let ext = fields.get("ext");
    if ext.is_some_and(|ext| !ext.is_object()) {
        return Err(RestError::message("param ext must be JSONObject", None));
    }
    if to.len() > target.limit() {
        let text = format!("params to's size can't exceed limit {}", target.limit());
        return Err(RestError::message(&text, None));
    }
    if encoded_len(content) + ext.map_or(0, encoded_len) > LARGEST {
        return Err(RestError::message("message is too large", Some(14_007)));
    }
    let mut body = Map::new();
    body.insert("type".into(), kind.into());
    body.extend(content.clone());
    Ok(Accepted { from, to, body, ext: ext.cloned() })
}

fn recipients(fields: &Map<String, Value>) -> Result<Vec<String>, RestError> {
    let empty = || RestError::message("param to can't be empty", Some(14_002));
    let to = match fields.get("to") {
        None | Some(Value::Null) => return Err(empty()),
        Some(Value::Array(to)) if to.is_empty() => return Err(empty()),
        Some(Value::Array(to)) => to,
        Some(_) => return Err(RestError::invalid_body()),
    };
    let names = to.iter().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<Vec<_>>>().ok_or_else(RestError::invalid_body)
}

fn encoded_len(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX / 2, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::{Target, validate};
    use serde_json::{Value, json};

    fn refusal(request: &Value) -> (u16, String, Option<u32>) {
        let error = validate(Target::Groups, request.to_string().as_bytes()).unwrap_err();
        (error.status.as_u16(), error.description, error.code)
    }

    #[test]
    fn a_complete_send_is_accepted_with_its_type_inside_the_body() {
        let request =
            json!({"from": "bot", "to": ["g1"], "type": "txt", "body": {"msg": "hi"}, "ext": {"a": 1}});
        let accepted = validate(Target::Groups, request.to_string().as_bytes()).unwrap();
        assert_eq!(json!(accepted.body), json!({"type": "txt", "msg": "hi"}));
        assert_eq!(accepted.ext, Some(json!({"a": 1})));
        let request = json!({"to": ["g1"], "type": "txt", "body": {"msg": "hi"}});
        assert_eq!(validate(Target::Groups, request.to_string().as_bytes()).unwrap().from, "admin");
    }

    #[test]
    fn the_first_broken_rule_of_the_table_names_the_refusal() {
        let text = |text: &str, code| (400, text.to_owned(), code);
        assert_eq!(refusal(&json!({"from": ""})), text("param from can't be empty", Some(14_001)));
        assert_eq!(refusal(&json!({"to": []})), text("param to can't be empty", Some(14_002)));
        assert_eq!(refusal(&json!({"to": ["g"]})), text("param type can't be empty", None));
        assert_eq!(
            refusal(&json!({"to": ["g"], "type": "txt"})),
            text("param body can't be empty", Some(14_005))
        );
        let body = json!({"msg": "x"});
        assert_eq!(
            refusal(&json!({"to": ["g"], "type": "txt", "body": body, "ext": null})),
            text("param ext must be JSONObject", None)
        );
        assert_eq!(
            refusal(&json!({"to": ["a", "b", "c", "d"], "type": "txt", "body": body})),
            text("params to's size can't exceed limit 3", None)
        );
        assert_eq!(validate(Target::Users, b"{").unwrap_err().error, "invalid_request_body");
        assert_eq!(validate(Target::Users, br#"{"to":"bob"}"#).unwrap_err().error, "invalid_request_body");
    }

    #[test]
    fn five_kilobytes_of_body_and_ext_are_the_limit() {
        let overhead = r#"{"msg":""}"#.len() + "{}".len();
        let send = |len: usize| {
            json!({"to": ["u"], "type": "txt", "body": {"msg": "x".repeat(len)}, "ext": {}}).to_string()
        };
        assert!(validate(Target::Users, send(5_120 - overhead).as_bytes()).is_ok());
        let refused = validate(Target::Users, send(5_121 - overhead).as_bytes()).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (400, Some(14_007)));
    }
}
