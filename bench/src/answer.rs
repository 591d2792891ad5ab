//! What the stand-in of a model answers, in one piece or in many.

use super::stand_ins::REPLY;
use axum::body::Bytes;
use serde_json::{Value, json};

const TEXT: &str = "您好，左耳连不上多半是两只耳机没有同步，请先同时长按两侧按键十秒复位。";

/// The answer to the question of that number.
fn text(number: u64) -> String {
    format!("{REPLY}{number}# {TEXT}")
}

fn usage() -> Value {
    json!({ "prompt_tokens": 120, "completion_tokens": 60, "total_tokens": 180 })
}

/// The answer in one piece.
pub(super) fn whole(number: u64) -> Value {
    let message = json!({ "role": "assistant", "content": text(number) });
    json!({
        "id": format!("chatcmpl-{number}"), "object": "chat.completion", "created": 1_735_689_600, "model": "bench",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }], "usage": usage(),
    })
}

/// The answer as a stream in pieces of about the same length. The last one also ends it, with the count of tokens.
pub(super) struct Pieces {
    number: u64,
    text: Vec<char>,
    count: usize,
    /// How many were taken.
    taken: usize,
}

impl Pieces {
    /// All that is to be said, in so many pieces.
    pub(super) fn new(number: u64, count: u32) -> Self {
        let text = text(number).chars().collect();
        Self { number, text, count: usize::try_from(count).unwrap_or(usize::MAX).max(1), taken: 0 }
    }

    /// Everything was said.
    pub(super) fn is_over(&self) -> bool {
        self.taken >= self.count
    }

    /// One event, written without a detour over JSON values: ten thousand streams share the cores with what is measured.
    fn event(&self, choices: &str, usage: &str) -> String {
        let head = r#""object":"chat.completion.chunk","created":1735689600,"model":"bench""#;
        format!(
            "data: {{\"id\":\"chatcmpl-{}\",{head},\"choices\":[{choices}],\"usage\":{usage}}}\n\n",
            self.number
        )
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.is_over() {
            return None;
        }
        let border = |piece: usize| self.text.len().saturating_mul(piece) / self.count;
        let piece: String = self.text.get(border(self.taken)..border(self.taken + 1))?.iter().collect();
        self.taken += 1;
        // Nothing in the text needs to be escaped.
        let choice = format!(
            r#"{{"index":0,"delta":{{"role":"assistant","content":"{piece}"}},"finish_reason":null}}"#
        );
        let mut frames = self.event(&choice, "null");
        if self.is_over() {
            frames += &self.event(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#, "null");
            frames += &self.event("", &usage().to_string());
            frames += "data: [DONE]\n\n";
        }
        Some(frames.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_says_the_whole_answer_in_its_pieces_and_ends() {
        for count in [1, 7, 20] {
            let frames: Vec<Bytes> = Pieces::new(42, count).collect();
            assert_eq!(frames.len(), usize::try_from(count).unwrap());
            let all = frames.concat();
            let all = std::str::from_utf8(&all).unwrap();
            let said = all.lines().filter_map(|line| {
                let chunk: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
                Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned())
            });
            assert_eq!(said.collect::<String>(), text(42));
            assert!(all.ends_with("data: [DONE]\n\n"));
        }
    }
}
