//! JSON lines as most tools for evaluation and tuning read them: `messages` with roles, and beside them the answer that was given.

use serde_json::json;

use super::{Dataset, facts, messages};

pub(super) fn lines(dataset: &Dataset) -> Result<String, serde_json::Error> {
    let line = |turn| {
        let messages: Vec<_> = messages(turn)
            .into_iter()
            .map(|said| json!({ "role": said.role, "content": said.text }))
            .collect();
        let line =
            json!({ "id": turn.turn, "messages": messages, "answer": turn.answer, "metadata": facts(turn) });
        Ok(serde_json::to_string(&line)? + "\n")
    };
    dataset.turns.iter().map(line).collect()
}
