//! JSON, read so that no text is overlooked. A name that comes twice in an object is an error, since another reader may take the
//! other value. Half a surrogate pair and bytes that are no UTF-8 are repaired, since other readers accept them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::value::{Fields, Json};

/// Objects with at most so many names are checked for a name that comes twice by comparing all pairs; larger ones are sorted.
const FEW: usize = 16;

/// Reads a whole text.
///
/// # Errors
/// When it is no JSON, nested too deeply, has a number beyond every type, or a name twice in one object.
pub(crate) fn read(text: &str) -> Result<Json<'_>, serde_json::Error> {
    match serde_json::from_str(text) {
        Err(error) if text.contains("\\u") => {
            serde_json::from_str::<Json<'_>>(&paired(text)).map(Json::into_owned).map_err(|_| error)
        }
        read => read,
    }
}

/// The body as text; what is no UTF-8 becomes the replacement character.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    // There is hardly ever anything to repair, and checking first is several times faster.
    str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}

/// The numbers and texts that stand directly in an object, even if its other values cannot be read.
pub(super) fn shallow(text: &str) -> Option<Fields<'_>> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let plain = fields.into_iter().filter_map(|(name, raw)| {
        let json = serde_json::from_str(raw.get()).ok()?;
        matches!(json, Json::Text(_) | Json::Number(_)).then(|| (name.into(), json))
    });
    Some(Fields(plain.collect()))
}

/// A text with its `\u` escapes decoded, however often it was quoted.
pub(super) fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("\\\\") {
        text = text.replace("\\\\", "\\");
    }
    rewritten(&text, |decoded, _| decoded.unwrap_or(char::REPLACEMENT_CHARACTER).to_string())
}

/// A text in which the escape of half a surrogate pair is replaced by that of the replacement character.
fn paired(text: &str) -> String {
    rewritten(text, |decoded, spelt| decoded.map_or("\\ufffd", |_| spelt).to_owned())
}

/// Replaces each `\u` escape by what `by` makes of its character and its spelling. A surrogate pair is one escape; half a pair has
/// no character.
fn rewritten(text: &str, by: impl Fn(Option<char>, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let pair = unit(escape).map(|first| (first, escape.get(6..).and_then(unit)));
        let (decoded, length) = match pair {
            None => {
                // Another escape: its second character, which may be a backslash, begins none.
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

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<'a>(PhantomData<Json<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'a>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'a>, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("a number is beyond every type"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'a>, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element()? {
            read.push(item);
        }
        Ok(Json::List(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json<'a>, A::Error> {
        let mut read = Vec::new();
        while let Some((name, value)) = fields.next_entry::<Json<'a>, Json<'a>>()? {
            let Json::Text(name) = name else { return Err(A::Error::custom("a name is no text")) };
            read.push((name, value));
        }
        if has_twice(&read) {
            Err(A::Error::custom("a name comes twice"))
        } else {
            Ok(Json::Object(Fields(read)))
        }
    }
}

/// Whether a name comes twice. Most objects have few names, but one with thousands must not take quadratic time.
fn has_twice(fields: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    if fields.len() <= FEW {
        return fields.iter().enumerate().any(|(at, (name, _))| fields[..at].iter().any(|(n, _)| n == name));
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|two| two[0] == two[1])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(json: &Json<'_>) -> Value {
        serde_json::to_value(json).unwrap()
    }

    #[test]
    fn what_is_read_is_what_stands_there() {
        let text = r#"{"a":[1,-2,1.5,true,null,"赌"],"id":1501234567890123457,"b":{"a":1}}"#;
        assert_eq!(value(&read(text).unwrap()), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
        for bad in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"b":2,"a":3}}]"#, "1e999", "{", "", "[1]x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&("[".repeat(200) + &"]".repeat(200))).is_err());
    }

    #[test]
    fn a_name_that_comes_twice_among_many_is_found() {
        let object = |last: &str| {
            let names: String = (0..10_000).map(|n| format!("\"{n}\":{n},")).collect();
            format!("{{{names}\"{last}\":1}}")
        };
        assert!(read(&object("x")).is_ok());
        for twice in ["0", "5000", "9999"] {
            assert!(read(&object(twice)).is_err(), "{twice}");
        }
    }

    #[test]
    fn half_a_pair_is_replaced_and_whole_ones_stay() {
        let read = |text: &str| value(&read(text).unwrap());
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
        assert_eq!(value(&Json::Object(shallow(&text).unwrap())), json!({"callId": "c", "timestamp": 5}));
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
