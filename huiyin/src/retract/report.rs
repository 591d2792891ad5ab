//! What the command prints: places and numbers, never what was said.

use serde_json::json;

use super::books::{Books, Said};
use crate::table;
use crate::timestamp::told;

/// For people.
pub(super) fn text(chosen: &[&Said], ordered: bool) -> String {
    let row = |said: &&Said| {
        let answer = &said.answer;
        let unknown = usize::from(answer.parts).saturating_sub(said.sent.len() + said.unsent.len());
        [
            told(answer.decided_at),
            answer.lane.conversation.to_string(),
            answer.message.easemob_id().to_owned(),
            answer.parts.to_string(),
            said.sent.len().to_string(),
            unknown.to_string(),
            if said.is_retracted { "before".to_owned() } else { String::new() },
        ]
    };
    let header = ["LET OUT", "CONVERSATION", "QUESTION", "PARTS", "SENT", "UNKNOWN", "TAKEN BACK"];
    let rows: Vec<_> = chosen.iter().map(row).collect();
    let mut text = if rows.is_empty() { String::new() } else { table::aligned(header, &rows) };
    let parts: usize = chosen.iter().map(|said| usize::from(said.answer.parts)).sum();
    text.push_str(&format!("{} answers in {parts} parts\n", chosen.len()));
    text.push_str(match (chosen.is_empty(), ordered) {
        (true, _) => "nothing to take back\n",
        (false, true) => "ordered: the results come into `deliveries`, and so into the table `replies`\n",
        (false, false) => "nothing was ordered: --yes does it\n",
    });
    text
}

/// For programs.
pub(super) fn json(chosen: &[&Said], ordered: bool) -> serde_json::Result<String> {
    let answer = |said: &&Said| {
        let part = |(part, id)| json!({ "part": part, "answer": id, "easemob_id": said.sent.get(&part) });
        json!({
            "turn": said.answer.turn,
            "conversation": said.answer.lane.conversation,
            "question": said.answer.message,
            "let_out_at": told(said.answer.decided_at),
            "parts": Books::parts(said).map(part).collect::<Vec<_>>(),
            "taken_back_before": said.is_retracted,
        })
    };
    let answers: Vec<_> = chosen.iter().map(answer).collect();
    Ok(serde_json::to_string(&json!({ "ordered": ordered, "answers": answers }))? + "\n")
}
