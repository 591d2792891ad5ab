//! What the judge says.

use serde::Deserialize;
use serde_json::Value;

use super::prompt::Order;
use crate::results::{Opinion, Preference, Strength};

/// Characters of a reason that are kept.
const MOST_REASON: usize = 300;

#[derive(Deserialize)]
struct Reply {
    better: Value,
    #[serde(default)]
    by: Value,
    #[serde(default)]
    why: Value,
}

/// Reads a reply: the last JSON object in it that says which answer is better, whatever stands around it (thoughts, a code fence). `None` for any
/// other text; a sentence about the answers is no reply. A preference without a strength is slight, and a strength without a preference
/// is a tie.
pub fn read(text: &str, order: Order) -> Option<Opinion> {
    let starts: Vec<usize> = text.match_indices('{').map(|(at, _)| at).collect();
    starts.into_iter().rev().find_map(|at| opinion(text.get(at..)?, order))
}

fn opinion(text: &str, order: Order) -> Option<Opinion> {
    let reply: Reply = serde_json::Deserializer::from_str(text).into_iter().next()?.ok()?;
    let place = place(&reply.better)?;
    let why = reply.why.as_str().unwrap_or_default().trim().chars().take(MOST_REASON).collect();
    let better = match (place, order) {
        (0, _) => return Some(Opinion { why, ..Opinion::tie() }),
        (1, Order::BaselineFirst) | (2, Order::CandidateFirst) => Preference::Baseline,
        _ => Preference::Candidate,
    };
    let by = number(&reply.by).filter(|by| *by >= 1).unwrap_or(1);
    Some(Opinion { better, by: Strength::new(u8::try_from(by).unwrap_or(u8::MAX)), why })
}

/// 1, 2, or 0 for a tie; also as text.
fn place(better: &Value) -> Option<u64> {
    let word = better.as_str().map(|word| word.trim().to_ascii_lowercase());
    match word.as_deref() {
        Some("tie") => Some(0),
        Some("answer_1") => Some(1),
        Some("answer_2") => Some(2),
        _ => number(better).filter(|place| *place <= 2),
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}
