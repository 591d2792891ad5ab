//! JSON of which nothing is overlooked: a name that comes twice is an error, since another reader may take the other
//! value, and what only our parser would refuse (half a surrogate pair, bytes that are no UTF-8) is repaired.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// Reads a text whole.
///
/// # Errors
/// When it is no JSON, nested too deeply, has a number beyond every type, or a name twice in one object.
pub(super) fn read(text: &str) -> Result<Value, serde_json::Error> {
    let first = serde_json::from_str(text);
    let Unique(value) = match first {
        Err(_) if text.contains("\\u") => serde_json::from_str(&paired(text)).or(first),
        first => first,
    }?;
    Ok(value)
}

/// The body as text; what is no UTF-8 becomes the replacement character.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body)
}

/// The numbers and texts that stand directly in an object, however it goes on inside the others.
pub(super) fn shallow(text: &str) -> Option<Map<String, Value>> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let plain = |raw: &RawValue| {
        serde_json::from_str(raw.get()).ok().filter(|v: &Value| v.is_string() || v.is_number())
    };
    Some(fields.into_iter().filter_map(|(name, raw)| Some((name, plain(raw)?))).collect())
}

/// A text as whoever decodes its `\u` escapes, at whatever depth of quoting, would read it.
pub(super) fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("\\\\") {
        text = text.replace("\\\\", "\\");
    }
    rewritten(&text, |decoded, _| decoded.unwrap_or(char::REPLACEMENT_CHARACTER).to_string())
}

/// A text whose halves of surrogate pairs are replaced.
fn paired(text: &str) -> String {
    rewritten(text, |decoded, spelt| decoded.map_or("\\ufffd", |_| spelt).to_owned())
}

/// Replaces each `\u` escape, a pair being one, by what `by` makes of its character, if it is one, and its spelling.
fn rewritten(text: &str, by: impl Fn(Option<char>, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let pair = unit(escape).map(|first| (first, escape.get(6..).and_then(unit)));
        let (decoded, length) = match pair {
            None => {
                // Another escape: its second character is no backslash of its own.
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&escape[..length]);
                rest = &escape[length..];
                continue;
            }
            Some((high @ 0xd800..0xdc00, Some(low @ 0xdc00..0xe000))) => {
                (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12)
            }
            Some((unit, _)) => (char::from_u32(unit), 6),
        };
        out.push_str(&by(decoded, &escape[..length]));
        rest = &escape[length..];
    }
    out.push_str(rest);
    out
}

/// The number of a `\uXXXX` that the text begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// A value in which no object has a name twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is beyond every type"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some((name, Unique(value))) = fields.next_entry()? {
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom("a name comes twice"));
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_what_stands_there() {
        let text = r#"{"a":[1,-2,1.5,true,null,"赌"],"id":1501234567890123457,"b":{"a":1}}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        for bad in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"b":2,"a":3}}]"#, "1e999", "{", "", "[1]x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&("[".repeat(200) + &"]".repeat(200))).is_err());
    }

    #[test]
    fn half_a_pair_is_replaced_and_whole_ones_stay() {
        let read = |text: &str| read(text).unwrap();
        assert_eq!(read(r#""\ud83d\ude00 \ud83d x""#), json!("😀 \u{fffd} x"));
        assert_eq!(read(r#""\ude00\ud83d""#), json!("\u{fffd}\u{fffd}"));
        assert_eq!(read(r#""\\ud83d \ud83d""#), json!("\\ud83d \u{fffd}"));
        assert_eq!(read(r#"{"\ud83d":1}"#), json!({"\u{fffd}": 1}));
    }

    #[test]
    fn the_outside_is_read_whatever_is_inside() {
        let inside = "[".repeat(100_000) + "1e999";
        let text = format!(
            r#"{{"callId":"c","timestamp":5,"payload":{inside}{},"x":{{"a":1,"a":2}}}}"#,
            "]".repeat(100_000)
        );
        assert_eq!(Value::Object(shallow(&text).unwrap()), json!({"callId": "c", "timestamp": 5}));
        assert_eq!(shallow("[]"), None);
    }

    #[test]
    fn escapes_are_decoded_at_any_depth_of_quoting() {
        assert_eq!(
            unescaped(r#"{"a":"\u8d4c\\u535a \\\\\\\\ud83d\\\\\\\\ude00 \n \u12"#),
            "{\"a\":\"赌博 😀 \\n \\u12"
        );
    }
}
