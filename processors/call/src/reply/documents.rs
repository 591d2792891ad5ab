//! From the bytes of a body to its JSON documents: one, or those of a stream that nobody asked for.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::json::value;

/// The JSON documents of a body, in order.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) values: Vec<Value>,
    /// They are pieces of one answer.
    pub(super) streamed: bool,
    /// The stream says that it has come to its end.
    pub(super) ended: bool,
    /// A piece cannot be read, so that the answer may have a hole.
    pub(super) damaged: bool,
}

impl Documents {
    pub(super) fn of(body: &[u8]) -> Self {
        let text = decoded(body);
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
        if text.starts_with('<') {
            return Self::default();
        }
        match start(text) {
            Some((at, Start::Event)) => Self::of_events(&text[at..]),
            Some((at, Start::Json)) => Self::of_json(&text[at..]),
            None => Self::default(),
        }
    }

    /// One document, and whatever stands behind it is left; or pieces of a stream, one after the other.
    fn of_json(text: &str) -> Self {
        let mut documents = Self::default();
        let mut rest = text;
        while let Some((value, behind)) = value(rest) {
            documents.push(value);
            rest = behind.trim_start();
            let more = documents.values.last().is_some_and(is_piece) || documents.values.len() > 1;
            if !more {
                return documents;
            }
        }
        documents.damaged = rest.starts_with('{') && !documents.values.is_empty();
        // A single event that is no piece of a completion is a whole answer.
        let is_one = |value: &Value| {
            value.get("object").is_some_and(|it| it == "chat.completion.chunk") || value.get("done").is_some()
        };
        documents.streamed =
            documents.damaged || documents.values.len() > 1 || documents.values.iter().any(is_one);
        documents
    }

    /// Server-sent events, as the HTML standard has them, and leniently: with or without a space behind `data:`, an
    /// empty line between events or none, several documents in one.
    fn of_events(text: &str) -> Self {
        let text = if text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n").into()
        } else {
            Cow::Borrowed(text)
        };
        let mut documents = Self { streamed: true, ..Self::default() };
        for block in text.split("\n\n") {
            let (mut data, mut is_error) = (String::new(), false);
            for line in block.lines() {
                if let Some(piece) = line.trim_start().strip_prefix("data:") {
                    data.push_str(piece);
                    data.push('\n');
                } else if let Some(name) = line.strip_prefix("event:") {
                    is_error = name.trim() == "error";
                }
            }
            documents.event(data.trim(), is_error);
        }
        documents
    }

    fn event(&mut self, data: &str, is_error: bool) {
        let mut rest = data;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("[DONE]") {
                self.ended = true;
                rest = behind.trim_start();
            } else if let Some((value, behind)) = value(rest) {
                let named = is_error && value.get("error").is_none();
                self.push(if named { json!({ "error": value }) } else { value });
                rest = behind.trim_start();
            } else {
                self.damaged |= rest.starts_with('{');
                return;
            }
        }
    }

    fn push(&mut self, value: Value) {
        match value {
            Value::Array(items) => self.values.extend(items),
            // A document that was encoded twice.
            Value::String(text) => self.values.extend(super::json::value(&text).map(|(value, _)| value)),
            value => self.values.push(value),
        }
    }
}

/// A piece of a stream: more will follow.
fn is_piece(value: &Value) -> bool {
    let choice = value.get("choices").and_then(|choices| choices.get(0));
    let delta = choice.is_some_and(|choice| choice.get("delta").is_some() && choice.get("message").is_none());
    delta || value.get("done") == Some(&Value::Bool(false))
}

#[derive(Clone, Copy)]
enum Start {
    Json,
    Event,
}

/// Where the first line with content begins: empty lines, comments and words of a gateway may stand before it.
fn start(text: &str) -> Option<(usize, Start)> {
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let indent = line.len() - line.trim_start().len();
        match line.trim_start() {
            content if content.starts_with(['{', '[', '"']) => return Some((at + indent, Start::Json)),
            content if content.starts_with("data:") || content.starts_with("event:") => {
                return Some((at + indent, Start::Event));
            }
            _ => at += line.len(),
        }
    }
    None
}

/// UTF-8, or UTF-16 that says so by its mark; damage becomes U+FFFD.
fn decoded(body: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match body {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        body => String::from_utf8_lossy(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: impl AsRef<[u8]>) -> Vec<Value> {
        Documents::of(body.as_ref()).values
    }

    #[test]
    fn what_stands_around_one_document_is_left_alone() {
        let bodies = [
            "\u{feff}{\"a\": 1}",
            "\n\n  {\"a\": 1}\n",
            ": processing\n\n: processing\n\n{\"a\": 1}",
            "Processing your request\n{\"a\": 1}",
            "{\"a\": 1}\n\ndata: [DONE]\n\n",
            "{\"a\": 1}</body></html>",
            "{\"a\": 1}{\"b\": 2}",
            "[{\"a\": 1}]",
            "\"{\\\"a\\\": 1}\"",
            "\0\0{\"a\": 1}",
        ];
        for body in bodies {
            assert_eq!(of(body), [json!({"a": 1})], "{body:?}");
        }
    }

    #[test]
    fn utf_16_is_read_by_its_mark_and_damaged_bytes_are_replaced() {
        let text = "\u{feff}{\"a\": \"环\"}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for body in [little, big] {
            assert_eq!(of(body), [json!({"a": "环"})]);
        }
        assert_eq!(of(b"{\"a\": \"x\xff\xe7y\"}"), [json!({"a": "x\u{fffd}\u{fffd}y"})]);
    }

    #[test]
    fn pages_and_words_hold_no_document() {
        for body in
            ["", "   ", "<html>{\"a\": 1}</html>", "<!doctype html>\n{\"a\": 1}", "upstream error", "OK"]
        {
            assert!(of(body).is_empty(), "{body:?}");
        }
    }

    #[test]
    fn events_are_read_in_every_spelling() {
        let streams = [
            "data: {\"a\": 1}\n\ndata: {\"a\": 2}\n\ndata: [DONE]\n\n",
            "data:{\"a\": 1}\n\ndata:{\"a\": 2}\n\ndata:[DONE]\n\n",
            "data: {\"a\": 1}\r\n\r\ndata: {\"a\": 2}\r\n\r\ndata: [DONE]\r\n\r\n",
            "data: {\"a\": 1}\r\rdata: {\"a\": 2}\r\rdata: [DONE]\r\r",
            "data: {\"a\": 1}\ndata: {\"a\": 2}\ndata: [DONE]",
            ": ping\n\nid: 1\nevent: result\n:HTTP_STATUS/200\ndata: {\"a\": 1}\n\nretry: 5\n\ndata: {\"a\":\ndata:  2}\n\ndata: [DONE]\n",
            "\u{feff}\n\nevent: x\ndata: {\"a\": 1}\n\ndata: ping\n\ndata: {\"a\": 2} [DONE]\n\n",
        ];
        for stream in streams {
            let read = Documents::of(stream.as_bytes());
            assert_eq!(read.values, [json!({"a": 1}), json!({"a": 2})], "{stream:?}");
            assert!(read.streamed && read.ended && !read.damaged, "{stream:?}");
        }
    }

    #[test]
    fn a_piece_that_cannot_be_read_is_a_hole() {
        for stream in
            ["data: {\"a\": 1}\n\ndata: {\"a\": \n\ndata: {\"a\": 3}\n\n", "data: {\"a\": 1}\n\ndata: {\"a"]
        {
            assert!(Documents::of(stream.as_bytes()).damaged, "{stream:?}");
        }
    }

    #[test]
    fn an_event_of_errors_is_an_error() {
        assert_eq!(
            of("event: error\ndata: {\"message\": \"busy\"}\n\n"),
            [json!({"error": {"message": "busy"}})]
        );
    }

    #[test]
    fn lines_of_pieces_are_a_stream() {
        let piece = |text: &str| format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n");
        let read = Documents::of((piece("a") + &piece("b") + "{\"choices\":[{\"del").as_bytes());
        assert_eq!((read.values.len(), read.streamed, read.damaged), (2, true, true));
        assert!(!Documents::of((piece("a") + &piece("b")).as_bytes()).damaged);
        assert!(!Documents::of(piece("a").as_bytes()).streamed);
    }
}
