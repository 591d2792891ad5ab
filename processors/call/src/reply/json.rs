//! A lenient JSON parser: it reads replies that a strict one refuses for a detail that nobody needs.
//!
//! Beyond the standard it takes numbers that are none (`NaN`, `-Infinity`), half surrogates, control characters in strings,
//! unknown escapes, superfluous commas, and any depth. It makes nothing up: a value without its end is no value. If a name
//! occurs twice, the last value holds.

use serde_json::{Map, Number, Value};

/// Deepest nesting that is read; what lies deeper is taken for null.
const DEPTH: u8 = 64;

/// The value that a text begins with, and what stands behind it.
pub(super) fn value(text: &str) -> Option<(Value, &str)> {
    let mut strict = serde_json::Deserializer::from_str(text).into_iter();
    if let Some(Ok(value)) = strict.next() {
        return Some((value, text.get(strict.byte_offset()..)?));
    }
    let mut reader = Reader { rest: text };
    let value = reader.value(DEPTH)?;
    Some((value, reader.rest))
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u8) -> Option<Value> {
        match self.peek()? {
            '{' | '[' if depth == 0 => self.pass_over(),
            '{' => self.object(depth - 1),
            '[' => self.array(depth - 1),
            '"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: u8) -> Option<Value> {
        self.take('{');
        let mut fields = Map::new();
        loop {
            while self.take(',') {}
            if self.take('}') {
                return Some(Value::Object(fields));
            }
            let name = self.string()?;
            if !self.take(':') {
                return None;
            }
            fields.insert(name, self.value(depth)?);
            self.between('}')?;
        }
    }

    fn array(&mut self, depth: u8) -> Option<Value> {
        self.take('[');
        let mut items = Vec::new();
        loop {
            while self.take(',') {}
            if self.take(']') {
                return Some(Value::Array(items));
            }
            items.push(self.value(depth)?);
            self.between(']')?;
        }
    }

    /// After an item stands a comma or the end.
    fn between(&mut self, end: char) -> Option<()> {
        (self.take(',') || self.peek()? == end).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        if !self.take('"') {
            return None;
        }
        let mut text = String::new();
        loop {
            let special = self.rest.find(['"', '\\'])?;
            let (plain, rest) = self.rest.split_at(special);
            text.push_str(plain);
            self.rest = rest.get(1..)?;
            if rest.starts_with('"') {
                return Some(text);
            }
            self.escape(&mut text)?;
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, text: &mut String) -> Option<()> {
        let kind = self.rest.chars().next()?;
        self.rest = self.rest.get(kind.len_utf8()..)?;
        match kind {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '"' | '\\' | '/' | '\'' => text.push(kind),
            'u' => {
                let unit = self.unit();
                text.push(unit.and_then(|unit| self.scalar(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => text.extend(['\\', other]),
        }
        Some(())
    }

    /// The character of a code unit, with the second half of its surrogate pair if one follows.
    fn scalar(&mut self, unit: u16) -> Option<char> {
        let mut ahead = Reader { rest: self.rest.strip_prefix("\\u").unwrap_or_default() };
        let pair = [unit, ahead.unit().unwrap_or_default()];
        if let (0xd800..0xdc00, Some(Ok(whole))) = (unit, char::decode_utf16(pair).next()) {
            self.rest = ahead.rest;
            return Some(whole);
        }
        char::from_u32(unit.into())
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.rest = &self.rest[4..];
        u16::from_str_radix(digits, 16).ok()
    }

    /// A value without quotes.
    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| c.is_whitespace() || ",:]}{[\"".contains(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Some(match word {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            "null" | "None" | "undefined" => Value::Null,
            number => match number.parse::<Number>() {
                Ok(number) => Value::Number(number),
                // A number that is none, or beyond every type.
                Err(_) => number.parse::<f64>().ok().and_then(Number::from_f64).map_or_else(
                    || number.parse::<f64>().ok().map(|_| Value::Null),
                    |number| Some(Value::Number(number)),
                )?,
            },
        })
    }

    /// Passes over what is nested too deeply.
    fn pass_over(&mut self) -> Option<Value> {
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = self.rest.get(at + 1..)?;
                return Some(Value::Null);
            }
        }
        None
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Option<Value> {
        value(text).map(|(value, _)| value)
    }

    #[test]
    fn what_a_strict_parser_refuses_is_read_where_the_meaning_is_plain() {
        let cases = [
            (
                r#"{"a": NaN, "b": [-Infinity, Infinity, 1e999], "c": 1}"#,
                json!({"a": null, "b": [null, null, null], "c": 1}),
            ),
            (
                r#"{"a": "x\ud83dy", "b": "\udc00", "c": "\ud83d\ude00"}"#,
                json!({"a": "x\u{fffd}y", "b": "\u{fffd}", "c": "😀"}),
            ),
            (r#"{"a": "\ud83d\u0041", "n": NaN}"#, json!({"a": "\u{fffd}A", "n": null})),
            ("{\"a\": \"two\nlines\tand \u{1}\"}", json!({"a": "two\nlines\tand \u{1}"})),
            (r#"{"a": "\alpha \'q\' \u12", "b": 1}"#, json!({"a": "\\alpha 'q' \u{fffd}12", "b": 1})),
            (r#"{"a": [1, 2,], "b": {"c": 3,},}"#, json!({"a": [1, 2], "b": {"c": 3}})),
            (
                r#"{"a": True, "b": None, "c": undefined, "d": +1}"#,
                json!({"a": true, "b": null, "c": null, "d": 1.0}),
            ),
            (r#"{"a": 1, "a": 2, "x": NaN}"#, json!({"a": 2, "x": null})),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_end_or_no_meaning_is_no_value() {
        for text in [
            "",
            " ",
            "{",
            r#"{"a""#,
            r#"{"a": "x"#,
            r#"{"a": 1 "b": 2}"#,
            "{a: 1}",
            "hello",
            "{\"a\": nope}",
            "[1",
            "]",
            "\"\\",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_stands_behind_the_value_is_handed_back() {
        assert_eq!(value("{\"a\": NaN} data: [DONE]").unwrap().1, " data: [DONE]");
        assert_eq!(value("{\"a\": 1}{\"b\"").unwrap().1, "{\"b\"");
    }

    #[test]
    fn what_is_nested_too_deeply_costs_itself_only() {
        let deep = format!("{}\"]}}\"{}", "[{\"x\":".repeat(5_000), "}]".repeat(5_000));
        let read = read(&format!("{{\"deep\": {deep}, \"text\": \"here\"}}")).unwrap();
        assert_eq!(read["text"], "here");
        assert!(value(&"[".repeat(100_000)).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_json_is_read_as_what_it_is(text in "\\PC{0,20}", number in any::<i64>(), halves in -1_000_000..1_000_000_i32) {
            let document = json!({"t": text, "list": [number, f64::from(halves) / 2.0, null, true, {"k": text}]});
            let written = document.to_string();
            let mut reader = Reader { rest: &written };
            prop_assert_eq!(reader.value(DEPTH), Some(document));
            prop_assert_eq!(reader.rest, "");
        }

        #[test]
        fn no_text_at_all_is_a_panic(text in "[\\[\\]{}\",:\\\\u0-9a-fdD8\n N-]{0,60}") {
            let _ = value(&text);
        }
    }
}
