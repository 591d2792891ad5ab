//! A reply: one message, or the events of a stream that put one together.

use serde_json::Value;

use crate::reply::{Fields, ParsedReply, ProviderError};

/// Generation ended because the window was full.
const WINDOW_FULL: &str = "model_context_window_exceeded";

/// Reads a message or an event. What is not known here is left alone: new kinds of events may come at any time.
pub(super) fn read(document: &Fields, parsed: &mut ParsedReply) {
    match text(document, "type") {
        Some("message") => message(document, parsed),
        Some("message_start") => {
            parsed.piece();
            object(document, "message").into_iter().for_each(|start| message(start, parsed));
        }
        Some("content_block_start") => {
            parsed.piece();
            object(document, "content_block").into_iter().for_each(|block| said(block, parsed));
        }
        Some("content_block_delta") => {
            parsed.piece();
            object(document, "delta").into_iter().for_each(|delta| said(delta, parsed));
        }
        Some("message_delta") => {
            parsed.piece();
            object(document, "delta").into_iter().for_each(|delta| ended(delta, parsed));
            object(document, "usage").into_iter().for_each(|counts| parsed.count_more(counts));
        }
        Some("message_stop") => {
            parsed.piece();
            parsed.end();
        }
        Some("content_block_stop" | "ping") => parsed.piece(),
        // An error; or a gateway's own form of an answer.
        _ => parsed.add(document),
    }
}

fn message(message: &Fields, parsed: &mut ParsedReply) {
    text(message, "id").into_iter().for_each(|id| parsed.identify(id));
    text(message, "model").into_iter().for_each(|model| parsed.model(model));
    object(message, "usage").into_iter().for_each(|counts| parsed.count_more(counts));
    let blocks = message.get("content").and_then(Value::as_array);
    blocks.into_iter().flatten().filter_map(Value::as_object).for_each(|block| said(block, parsed));
    ended(message, parsed);
}

/// A block of content, or more of one.
fn said(block: &Fields, parsed: &mut ParsedReply) {
    match text(block, "type") {
        Some("text" | "text_delta") => text(block, "text").into_iter().for_each(|piece| parsed.say(piece)),
        Some("thinking" | "thinking_delta") => {
            text(block, "thinking").into_iter().for_each(|piece| parsed.think(piece));
        }
        // Signatures, hidden thoughts, tools.
        _ => {}
    }
}

fn ended(fields: &Fields, parsed: &mut ParsedReply) {
    match text(fields, "stop_reason") {
        None => {}
        Some("refusal") => {
            parsed.finish("refusal");
            parsed.block("refusal");
        }
        Some(WINDOW_FULL) => {
            parsed.finish(WINDOW_FULL);
            parsed.fail(ProviderError { code: Some(WINDOW_FULL.to_owned()), ..ProviderError::default() });
        }
        Some(word) => parsed.finish(word),
    }
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

fn object<'a>(fields: &'a Fields, name: &str) -> Option<&'a Fields> {
    fields.get(name)?.as_object()
}
