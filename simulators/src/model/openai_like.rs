//! The body of `OpenAI`'s chat completions, as it and those that imitate it write it.

use super::completion::{Completion, Finish};
use super::dialect::Piece;
use super::framing::StreamFrame;
use super::request::UsagePlace;
use super::tokens::Usage;
use serde_json::{Value, json};

/// Why an answer ended.
pub(crate) fn finish_reason(completion: &Completion) -> &'static str {
    match completion.finish {
        Finish::Stop | Finish::Refused => "stop",
        Finish::Length => "length",
        Finish::Filtered => "content_filter",
    }
}

/// The message of a whole answer; thoughts stand beside the content where they are shown.
pub(crate) fn message(completion: &Completion, shows_thoughts: bool) -> Value {
    let mut message = json!({ "role": "assistant", "content": completion.content() });
    if shows_thoughts && !completion.thought.is_empty() {
        message["reasoning_content"] = json!(completion.thought);
    }
    message
}

/// The body of a whole answer but for its usage.
pub(crate) fn whole(completion: &Completion, message: &Value) -> Value {
    let reason = finish_reason(completion);
    json!({
        "id": completion.id, "object": "chat.completion", "created": completion.created, "model": completion.model,
        "choices": [{ "index": 0, "message": message, "finish_reason": reason, "logprobs": null }],
    })
}

/// What was spent.
pub(crate) fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total(),
        "prompt_tokens_details": { "cached_tokens": usage.cached_tokens, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0 },
    })
}

/// The body of a chunk with one choice.
pub(crate) fn chunk(completion: &Completion, delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": completion.id, "object": "chat.completion.chunk", "created": completion.created,
        "model": completion.model,
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": null }],
    })
}

/// The delta of a piece.
pub(crate) fn delta(piece: Piece<'_>) -> Value {
    let name = if piece.is_thought { "reasoning_content" } else { "content" };
    json!({ name: piece.text })
}

/// The chunk of a piece, with what is spent so far where every chunk tells it.
pub(crate) fn piece(completion: &Completion, piece: Piece<'_>) -> Value {
    let mut chunk = chunk(completion, &delta(piece), None);
    if piece.usage_place == UsagePlace::EveryChunk {
        chunk["usage"] = usage(piece.usage);
    }
    chunk
}

/// The first chunk, which has the role.
pub(crate) fn opening(completion: &Completion) -> Vec<StreamFrame> {
    let delta = json!({ "role": "assistant", "content": "" });
    vec![StreamFrame::data(chunk(completion, &delta, None).to_string())]
}

/// The last chunks: why it ended, and what was spent.
pub(crate) fn closing(completion: &Completion, place: UsagePlace) -> Vec<StreamFrame> {
    closing_with(completion, chunk(completion, &json!({}), Some(finish_reason(completion))), place)
}

/// The same with another chunk that says why it ended.
pub(crate) fn closing_with(completion: &Completion, mut last: Value, place: UsagePlace) -> Vec<StreamFrame> {
    let spent = usage(completion.usage);
    if matches!(place, UsagePlace::LastChoice | UsagePlace::EveryChunk) {
        last["usage"] = spent.clone();
    }
    let mut frames = vec![StreamFrame::data(last.to_string())];
    if place == UsagePlace::OwnChunk {
        let mut chunk = chunk(completion, &json!({}), None);
        chunk["choices"] = json!([]);
        chunk["usage"] = spent;
        frames.push(StreamFrame::data(chunk.to_string()));
    }
    frames
}

/// `[DONE]`.
pub(crate) fn done() -> StreamFrame {
    StreamFrame::data("[DONE]")
}

/// Where a request wants its usage: `stream_options.include_usage`.
pub(crate) fn usage_place(fields: &super::fields::Fields) -> UsagePlace {
    let options = fields.get("stream_options");
    let wanted = |name: &str| options.and_then(|options| options.get(name)?.as_bool()).unwrap_or_default();
    let every = wanted("continuous_usage_stats") || wanted("chunk_include_usage");
    match (wanted("include_usage"), every) {
        (_, true) => UsagePlace::EveryChunk,
        (true, false) => UsagePlace::OwnChunk,
        (false, false) => UsagePlace::Absent,
    }
}
