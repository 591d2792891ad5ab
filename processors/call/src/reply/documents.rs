//! From the bytes of a body to its JSON documents, while they come: one, those of server-sent events, or one behind the other,
//! each on a line of its own as a rule.
//!
//! The first line with content says which it is, whatever was asked for. However the bytes are split, the same documents come
//! out: lines and values are read once they are whole.

use serde_json::{Value, json};

use super::events::{Event, Events};
use super::json::value;
use super::scan::Scan;

/// Most bytes that are held of a document whose end has not come.
const MOST: usize = 16 << 20;

/// Takes documents as they come.
pub(super) type Take<'a> = &'a mut dyn FnMut(Value);

/// Reads the documents of one body.
#[derive(Debug, Default)]
pub(super) struct Documents {
    form: Form,
    /// What is not read yet.
    rest: Vec<u8>,
    /// How many there were.
    count: usize,
    /// They are pieces of one answer.
    pub(super) streamed: bool,
    /// The stream says that it has come to its end.
    pub(super) ended: bool,
    /// A piece cannot be read, so that the answer may have a hole.
    pub(super) damaged: bool,
    /// A document took more than one line.
    spread: bool,
    /// A document says that it is the last: what stands behind it is no part of the answer, whole or not.
    last: bool,
    /// The rest of a broken line is passed over.
    skips: bool,
}

#[derive(Debug, Default)]
enum Form {
    /// Nothing visible has come.
    #[default]
    Blank,
    /// Only words of a gateway and comments have come.
    Preamble,
    Json(Scan),
    Events(Events),
    /// It is read as a whole in the end.
    Utf16,
    /// Whatever follows is left.
    Left,
}

impl Documents {
    /// Reads the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], take: Take<'_>) {
        match &mut self.form {
            Form::Left => {}
            Form::Events(events) => {
                let mut found = Vec::new();
                events.feed(bytes, &mut found);
                let overflowed = events.overflowed;
                self.events(found, take);
                if overflowed {
                    self.give_up();
                }
            }
            Form::Blank | Form::Preamble | Form::Json(_) | Form::Utf16 => {
                self.rest.extend_from_slice(bytes);
                while self.goes_on(take) {}
                if self.rest.len() > MOST {
                    self.give_up();
                }
            }
        }
    }

    /// There are no more bytes.
    pub(super) fn end(&mut self, take: Take<'_>) {
        let rest = std::mem::take(&mut self.rest);
        match std::mem::replace(&mut self.form, Form::Left) {
            Form::Events(mut events) => {
                let mut found = Vec::new();
                events.end(&mut found);
                self.events(found, take);
            }
            Form::Json(_) => self.hole(&rest),
            Form::Utf16 => {
                self.form = Form::Blank;
                self.feed(utf16(&rest).as_bytes(), take);
                self.end(take);
            }
            Form::Blank | Form::Preamble | Form::Left => {}
        }
    }

    /// Whatever follows does not matter.
    pub(super) fn is_over(&self) -> bool {
        self.ended || matches!(self.form, Form::Left)
    }

    /// Takes one step through the rest; whether there may be another one.
    fn goes_on(&mut self, take: Take<'_>) -> bool {
        match &self.form {
            Form::Blank => self.blank(),
            Form::Preamble => self.preamble(take),
            Form::Json(_) => self.value(take),
            Form::Events(_) | Form::Utf16 | Form::Left => false,
        }
    }

    fn blank(&mut self) -> bool {
        match self.rest[..] {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                self.form = Form::Utf16;
                return false;
            }
            [] | [0xff | 0xfe] => return false,
            _ => {}
        }
        let text = readable(&self.rest);
        let content = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
        let (passed, is_page) = (text.len() - content.len(), content.starts_with('<'));
        let begins_with_half_a_character = content.is_empty() && self.rest.len() - passed < 4;
        self.rest.drain(..passed);
        if is_page {
            self.form = Form::Left;
        } else if !begins_with_half_a_character {
            self.form = Form::Preamble;
        }
        matches!(self.form, Form::Preamble)
    }

    /// Looks at one line: what is before the first one with content is passed over.
    fn preamble(&mut self, take: Take<'_>) -> bool {
        let end = self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let line = readable(&self.rest[..end.unwrap_or(self.rest.len())]);
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.starts_with(['{', '[', '"']) {
            self.rest.drain(..indent);
            self.form = Form::Json(Scan::default());
            return true;
        }
        if content.starts_with("data:") || content.starts_with("event:") {
            let events = self.rest.split_off(indent);
            self.rest = Vec::new();
            self.streamed = true;
            self.form = Form::Events(Events::default());
            self.feed(&events, take);
            return false;
        }
        if let Some(end) = end {
            self.rest.drain(..=end);
        }
        end.is_some()
    }

    /// Reads one value. Whatever stands behind it is left, unless it is a piece of a stream. Where every document so far had a line
    /// of its own, one that does not end with its line is broken, and the next line is read: it may tell what the call has cost.
    fn value(&mut self, take: Take<'_>) -> bool {
        if self.skips {
            return self.skip();
        }
        let blank = self.rest.len() - self.rest.trim_ascii_start().len();
        self.rest.drain(..blank);
        let Form::Json(scan) = &mut self.form else { return false };
        if self.rest.is_empty() {
            return false;
        }
        let begins = matches!(self.rest[0], b'{' | b'[' | b'"');
        let end = if begins { scan.end(&self.rest) } else { Some(0) };
        let (in_lines, took_lines) = (self.count > 0 && !self.spread && !self.last, scan.took_lines);
        if in_lines && took_lines {
            return self.skip();
        }
        let Some(end) = end else { return false };
        let Some(document) = value_of(&String::from_utf8_lossy(&self.rest[..end])) else {
            if in_lines && begins {
                return self.skip();
            }
            let rest = std::mem::take(&mut self.rest);
            self.hole(&rest);
            self.form = Form::Left;
            return false;
        };
        self.rest.drain(..end);
        self.spread |= took_lines;
        *scan = Scan::default();
        let is_piece = self.push(document, take);
        let goes_on = is_piece || self.count > 1;
        self.streamed |= self.count > 1;
        if !goes_on {
            self.form = Form::Left;
            self.rest = Vec::new();
        }
        goes_on
    }

    /// Passes over the rest of a broken line; whether its end has come.
    fn skip(&mut self) -> bool {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        self.rest.drain(..end.map_or(self.rest.len(), |end| end + 1));
        self.form = Form::Json(Scan::default());
        (self.damaged, self.streamed, self.skips) = (true, true, end.is_none());
        !self.skips
    }

    fn events(&mut self, events: Vec<Event>, take: Take<'_>) {
        events.into_iter().for_each(|event| self.event(&event, take));
    }

    fn event(&mut self, event: &Event, take: Take<'_>) {
        let mut rest = event.data.as_str();
        while !rest.is_empty() && !self.ended {
            if let Some(behind) = rest.strip_prefix("[DONE]") {
                self.ended = true;
                rest = behind;
            } else if let Some((value, behind)) = value(rest) {
                let named = event.is_error && value.get("error").is_none();
                self.push(if named { json!({ "error": value }) } else { value }, take);
                rest = behind.trim_start();
            } else {
                self.damaged |= rest.starts_with('{');
                return;
            }
        }
    }

    /// Hands a document on; whether its last one says that it is a piece, after which more will follow.
    fn push(&mut self, value: Value, take: Take<'_>) -> bool {
        match value {
            Value::Array(items) => {
                let pieces = items.into_iter().map(|item| self.one(item, take));
                pieces.last().unwrap_or_default()
            }
            // A document that was encoded twice.
            Value::String(text) => value_of(&text).is_some_and(|value| self.one(value, take)),
            value => self.one(value, take),
        }
    }

    fn one(&mut self, value: Value, take: Take<'_>) -> bool {
        self.count += 1;
        // A single one that is called a piece, or the last, without anything before it.
        self.streamed |= value.get("object").is_some_and(|it| it == "chat.completion.chunk")
            || value.get("done").is_some();
        self.last |= value.get("done") == Some(&Value::Bool(true));
        let is_piece = is_piece(&value);
        take(value);
        is_piece
    }

    /// What is left of a JSON body has no end or no meaning.
    fn hole(&mut self, rest: &[u8]) {
        if self.count > 0 && !self.last && rest.trim_ascii_start().starts_with(b"{") {
            self.damaged = true;
            self.streamed = true;
        }
    }

    /// A document is longer than anything that a model says.
    fn give_up(&mut self) {
        self.damaged = true;
        self.form = Form::Left;
        self.rest = Vec::new();
    }
}

fn value_of(text: &str) -> Option<Value> {
    value(text).map(|(value, _)| value)
}

/// A piece of a stream: more will follow.
fn is_piece(value: &Value) -> bool {
    let choice = value.get("choices").and_then(|choices| choices.get(0));
    let delta = choice.is_some_and(|choice| choice.get("delta").is_some() && choice.get("message").is_none());
    delta
        || value.get("done") == Some(&Value::Bool(false))
        || value.get("is_end") == Some(&Value::Bool(false))
}

/// The longest beginning that is UTF-8.
fn readable(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// UTF-16 that says so by its mark.
fn utf16(body: &[u8]) -> String {
    let unit: fn([u8; 2]) -> u16 =
        if body.starts_with(&[0xff, 0xfe]) { u16::from_le_bytes } else { u16::from_be_bytes };
    let units: Vec<u16> = body.chunks_exact(2).skip(1).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Read {
        values: Vec<Value>,
        documents: Documents,
    }

    /// Reads a body in pieces of this many bytes.
    fn read(body: &[u8], step: usize) -> Read {
        let (mut values, mut documents) = (Vec::new(), Documents::default());
        for piece in body.chunks(step) {
            documents.feed(piece, &mut |value| values.push(value));
        }
        documents.end(&mut |value| values.push(value));
        Read { values, documents }
    }

    fn of(body: impl AsRef<[u8]>) -> Vec<Value> {
        read(body.as_ref(), usize::MAX).values
    }

    fn marks(read: &Read) -> [bool; 3] {
        [read.documents.streamed, read.documents.ended, read.documents.damaged]
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
            for step in [usize::MAX, 1, 2, 3, 7] {
                let read = read(stream.as_bytes(), step);
                assert_eq!(read.values, [json!({"a": 1}), json!({"a": 2})], "{stream:?}");
                assert_eq!(marks(&read), [true, true, false], "{stream:?}");
            }
        }
    }

    #[test]
    fn a_piece_that_cannot_be_read_is_a_hole() {
        for stream in
            ["data: {\"a\": 1}\n\ndata: {\"a\": \n\ndata: {\"a\": 3}\n\n", "data: {\"a\": 1}\n\ndata: {\"a"]
        {
            assert!(read(stream.as_bytes(), usize::MAX).documents.damaged, "{stream:?}");
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
        let of = |body: String| read(body.as_bytes(), usize::MAX);
        let cut = of(piece("a") + &piece("b") + "{\"choices\":[{\"del");
        assert_eq!((cut.values.len(), marks(&cut)), (2, [true, false, true]));
        assert_eq!(marks(&of(piece("a") + &piece("b"))), [true, false, false]);
        assert_eq!(marks(&of(piece("a"))), [false, false, false]);
    }

    #[test]
    fn a_broken_line_is_a_hole_and_the_next_one_is_read() {
        let line = |number: u32| format!("{{\"done\": false, \"n\": {number}}}\n");
        for broken in [
            "{\"message\":{\"cont\n",
            "{\"n\": ]}\n",
            "{\"n\": tru} {\"n\": 7}\n",
            "[1, 2\n",
            "{\"n\": \"a\n",
        ] {
            let body = line(1) + broken + &line(2) + "{\"done\": true, \"n\": 3}\n";
            for step in [usize::MAX, 1, 2, 5] {
                let read = read(body.as_bytes(), step);
                let numbers: Vec<_> = read.values.iter().map(|value| value["n"].as_u64().unwrap()).collect();
                assert_eq!(
                    (numbers, marks(&read)),
                    (vec![1, 2, 3], [true, false, true]),
                    "{broken:?} {step}"
                );
            }
        }
        let spread = "{\"done\": false,\n \"n\": 1}\n{\"done\": true,\n \"n\": 2}\n";
        assert_eq!(
            marks(&read(spread.as_bytes(), usize::MAX)),
            [true, false, false],
            "lines are no borders here"
        );
    }

    /// A body in any of the forms, with everything that may stand around and within it.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(
            &[
                "data: {\"a\": \"环\\n\"}\n\n",
                "data:{\"a\": 1}\r\n\r\n",
                "data: {\"a\":\rdata: 2}\r\r",
                "data: {\"a\": 3}\ndata: {\"a\": 4}\n",
                "event: error\ndata: {\"code\": 1}\n\n",
                ": ping 🏓\n\n",
                "id: 1\nretry: 3\n\n",
                "data: {\"a\": \n\n",
                "data: [DONE]\n\n",
                "{\"done\": false, \"x\": \"}\"}\n",
                "{\"choices\": [{\"delta\": {\"content\": \"再见\"}}]}",
                "{\"done\": false, \"x\": {\"cont\n",
                "{\"done\": false,\n\"x\": 1}\n",
                "{\"a\": {\"b\": [1, 2]}}",
                "{\"error\": \"broke\"}\n",
                "\"{\\\"a\\\": 1}\"",
                "[{\"a\": 1}, {\"b\": NaN}]",
                "\u{feff}",
                " \r\n",
                "<p>",
                "words\n",
            ][..],
        );
        prop_oneof![
            9 => prop::collection::vec(piece, 0..8).prop_map(|all| all.concat().into_bytes()),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ]
    }

    proptest! {
        #[test]
        fn however_a_body_is_split_the_same_documents_come_out(body in body(), cuts in prop::collection::vec(1..9_usize, 1..9)) {
            let whole = read(&body, usize::MAX);
            let bytes = read(&body, 1);
            prop_assert_eq!((&whole.values, marks(&whole)), (&bytes.values, marks(&bytes)));
            let (mut values, mut documents, mut rest) = (Vec::new(), Documents::default(), &body[..]);
            for cut in cuts.iter().cycle() {
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                documents.feed(piece, &mut |value| values.push(value));
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            documents.end(&mut |value| values.push(value));
            prop_assert_eq!(whole.values, values);
        }
    }

    #[test]
    fn an_event_that_has_no_end_is_given_up_and_holds_no_memory() {
        let (mut taken, mut documents) = (0, Documents::default());
        documents.feed(b"data: {\"a\": 1}\n\ndata: {\"a\": \"", &mut |_| taken += 1);
        for _ in 0..100 {
            documents.feed(&[b'x'; 64 << 10], &mut |_| taken += 1);
        }
        assert!(documents.is_over() && documents.damaged && taken == 1);
        assert!(matches!(documents.form, Form::Left) && documents.rest.capacity() == 0);
    }
}
