//! Fields of a request's body, with complaints about those that are wrong.

use super::request::Turn;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The object that a body holds.
pub(crate) type Fields = Map<String, Value>;

/// What is wrong with a request, before its vendor words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The field.
    pub(crate) param: Option<&'static str>,
    pub(crate) message: String,
}

impl Complaint {
    /// Something is wrong with the request as a whole.
    pub(crate) fn general(message: impl Into<String>) -> Self {
        Self { param: None, message: message.into() }
    }

    /// Something is wrong with one field.
    pub(crate) fn about(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), message: message.into() }
    }
}

/// The object that the bytes hold.
pub(crate) fn object(bytes: &[u8]) -> Result<Fields, Complaint> {
    serde_json::from_slice(bytes).map_err(|_| Complaint::general("body is not a JSON object"))
}

/// A field that is there and not `null`.
pub(crate) fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// The name in `model`.
pub(crate) fn model(fields: &Fields) -> Result<String, Complaint> {
    let name = given(fields, "model").and_then(Value::as_str);
    let missing = || Complaint::about("model", "you must provide a model parameter");
    name.map(str::to_owned).ok_or_else(missing)
}

/// The messages, of which there must be one.
pub(crate) fn turns(list: Option<&Value>) -> Result<Vec<Turn>, Complaint> {
    let complain = |text: &str| Complaint::about("messages", text);
    let messages = list.and_then(Value::as_array).ok_or_else(|| complain("missing messages"))?;
    let turns = messages.iter().map(turn).collect::<Option<Vec<_>>>();
    let turns = turns.ok_or_else(|| complain("a message is malformed"))?;
    if turns.is_empty() { Err(complain("messages is empty")) } else { Ok(turns) }
}

fn turn(message: &Value) -> Option<Turn> {
    let role = message.get("role")?.as_str()?.to_owned();
    let content = message.get("content")?;
    Some(Turn { images: images(content)?, ..Turn::new(role, text(content)?) })
}

/// Pictures of a content, as OpenAI's wire and its relatives have them, or as Anthropic's has them; `None` if one has no address that could
/// be fetched.
fn images(content: &Value) -> Option<usize> {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let address = |part: &Value| match part.get("type").and_then(Value::as_str) {
        Some("image_url") => Some(part.pointer("/image_url/url").and_then(Value::as_str).map(str::to_owned)),
        Some("image") => {
            let is_address = part.pointer("/source/type").and_then(Value::as_str) == Some("url");
            let url = part.pointer("/source/url").and_then(Value::as_str);
            Some(url.filter(|_| is_address).map(str::to_owned))
        }
        _ => None,
    };
    let shown: Vec<Option<String>> = parts.iter().filter_map(address).collect();
    let is_fetched = |url: &Option<String>| url.as_ref().is_some_and(|url| url.starts_with("https://"));
    shown.iter().all(is_fetched).then_some(shown.len())
}

/// The text of a content, which is a string or a list of parts.
pub(crate) fn text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// `true` or `false`.
pub(crate) fn flag(fields: &Fields, name: &'static str) -> Result<Option<bool>, Complaint> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let wrong = || Complaint::about(name, format!("'{name}' must be a boolean"));
    value.as_bool().map(Some).ok_or_else(wrong)
}

/// A number within a range.
pub(crate) fn number(
    fields: &Fields,
    name: &'static str,
    range: RangeInclusive<f64>,
) -> Result<Option<f64>, Complaint> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| range.contains(number));
    let wrong = || {
        let (low, high) = range.clone().into_inner();
        Complaint::about(name, format!("'{name}' must be a number from {low} to {high}, not {value}"))
    };
    number.map(Some).ok_or_else(wrong)
}

/// A whole number within a range.
pub(crate) fn integer(
    fields: &Fields,
    name: &'static str,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, Complaint> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let number = value.as_u64().filter(|number| range.contains(number));
    let wrong = || {
        let (low, high) = range.clone().into_inner();
        Complaint::about(name, format!("'{name}' must be a whole number from {low} to {high}, not {value}"))
    };
    number.map(Some).ok_or_else(wrong)
}

/// Complains about the first field that is not on the list.
pub(crate) fn only<'a>(fields: &'a Fields, known: &[&str]) -> Result<(), &'a str> {
    fields.keys().find(|name| !known.contains(&name.as_str())).map_or(Ok(()), |name| Err(name))
}

#[cfg(test)]
mod tests {
    use super::{Complaint, flag, integer, number, object, only, turns};
    use serde_json::json;

    #[test]
    fn content_may_be_text_or_parts() {
        let list = json!([{"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
        let turns = turns(Some(&list)).unwrap();
        assert_eq!((turns[1].role.as_str(), turns[1].text.as_str()), ("user", "ab"));
    }

    #[test]
    fn pictures_are_counted_in_either_form_and_must_have_an_address() {
        let images = |part: serde_json::Value| {
            let list = json!([{"role": "user", "content": [part, {"type": "text", "text": "a"}]}]);
            turns(Some(&list)).map(|turns| (turns[0].images, turns[0].text.clone()))
        };
        let one = Ok((1, "a".to_owned()));
        assert_eq!(images(json!({"type": "image_url", "image_url": {"url": "https://h/x"}})), one);
        assert_eq!(images(json!({"type": "image", "source": {"type": "url", "url": "https://h/x"}})), one);
        for bad in [
            json!({"type": "image_url", "image_url": "https://h/x"}),
            json!({"type": "image_url", "image_url": {"url": "file:///x"}}),
            json!({"type": "image", "source": {"type": "base64", "url": "https://h/x"}}),
        ] {
            assert!(images(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn messages_that_are_none_are_named() {
        let message = |list: Option<serde_json::Value>| turns(list.as_ref()).unwrap_err().message;
        assert_eq!(message(None), "missing messages");
        assert_eq!(message(Some(json!([]))), "messages is empty");
        assert_eq!(message(Some(json!([{}]))), "a message is malformed");
        assert_eq!(object(b"[]"), Err(Complaint::general("body is not a JSON object")));
    }

    #[test]
    fn a_value_outside_its_range_or_of_another_type_is_named_with_its_field() {
        let fields = object(br#"{"t":2.5,"n":-1,"b":"yes","none":null}"#).unwrap();
        assert_eq!(number(&fields, "t", 0.0..=2.5), Ok(Some(2.5)));
        let wrong = number(&fields, "t", 0.0..=2.0).unwrap_err();
        assert_eq!(wrong.message, "'t' must be a number from 0 to 2, not 2.5");
        assert_eq!(integer(&fields, "n", 0..=9).unwrap_err().param, Some("n"));
        assert_eq!(flag(&fields, "b").unwrap_err().param, Some("b"));
        assert_eq!((integer(&fields, "none", 0..=9), flag(&fields, "absent")), (Ok(None), Ok(None)));
        assert_eq!(only(&fields, &["t", "n", "b"]), Err("none"));
    }
}
