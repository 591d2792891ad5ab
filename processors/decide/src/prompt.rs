//! The prompt: template, history, user's turn; and the room that it has.

use catalogue::estimate::{TOKENS_PER_LINE, tokens};
use schemas::request::{PromptLine, Role};
use schemas::state::{HistoryTurn, WaitingMessage};
use schemas::text::Text;

use crate::parts::json_size;

/// Most bytes of all lines as JSON, so that a request stays well below what the topic takes.
const MOST_BYTES: u64 = 512 * 1_024;

/// Stands for a question where the bot spoke first: many models want the first word to be a user's.
const UNASKED: &str = "…";

/// What is left of the smallest window of a chain, in estimated tokens, and of a record, in bytes of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PromptBudget {
    tokens: u64,
    bytes: u64,
}

impl PromptBudget {
    /// The room of a window of that many tokens, what the answer may take already off.
    pub(crate) fn of_window(tokens: u32) -> Self {
        Self { tokens: u64::from(tokens), bytes: MOST_BYTES }
    }

    /// What is left after one more line; `None` when it does not fit.
    pub(crate) fn less(self, line: &str) -> Option<Self> {
        // Estimates are upper bounds for the vocabularies that were measured; 15 % are for those that were not.
        let estimate = (u64::from(tokens(line)) * 115).div_ceil(100) + u64::from(TOKENS_PER_LINE);
        Some(Self {
            tokens: self.tokens.checked_sub(estimate)?,
            bytes: self.bytes.checked_sub(json_size(line) as u64)?,
        })
    }

    /// Half of it.
    pub(crate) fn half(self) -> Self {
        Self { tokens: self.tokens / 2, bytes: self.bytes / 2 }
    }
}

/// What a turn asks, in one text; with the senders' names where several people share the lane.
pub(crate) fn said(asked: &[WaitingMessage], shared: bool) -> String {
    let line = |m: &WaitingMessage| {
        let text = m.text.plain().unwrap_or_default();
        if shared { format!("{}: {text}", m.sender) } else { text.to_owned() }
    };
    asked.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The answer of a turn of history; empty while it is in flight.
pub(crate) fn answer(turn: &HistoryTurn) -> &str {
    turn.answer.as_ref().and_then(Text::plain).unwrap_or_default()
}

/// All lines, in order.
pub(crate) fn lines<'a>(
    system: &str,
    history: impl IntoIterator<Item = &'a HistoryTurn>,
    asked: &[WaitingMessage],
    shared: bool,
) -> Vec<PromptLine> {
    let line = |role, text: &str| PromptLine { role, text: Text::from(text) };
    let mut lines = Vec::new();
    if !system.is_empty() {
        lines.push(line(Role::System, system));
    }
    for turn in history {
        match lines.last_mut() {
            // What a person wrote by hand in the bot's name goes on with what the bot said: roles take turns.
            Some(PromptLine { role: Role::Assistant, text }) if turn.asked.is_empty() => {
                *text = Text::from(format!("{}\n\n{}", text.plain().unwrap_or_default(), answer(turn)));
                continue;
            }
            _ if turn.asked.is_empty() => lines.push(line(Role::User, UNASKED)),
            _ => lines.push(line(Role::User, &said(&turn.asked, shared))),
        }
        lines.push(line(Role::Assistant, answer(turn)));
    }
    lines.push(line(Role::User, &said(asked, shared)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_its_estimate_with_a_reserve() {
        // 100 Chinese characters: 110 tokens estimated, 127 with the reserve, 4 for the line.
        let text = "问".repeat(100);
        assert_eq!(
            PromptBudget::of_window(131).less(&text),
            Some(PromptBudget { tokens: 0, bytes: MOST_BYTES - 300 })
        );
        assert_eq!(PromptBudget::of_window(130).less(&text), None);
    }

    #[test]
    fn a_line_that_fits_the_window_may_still_be_too_large_for_a_record() {
        let line = "\u{1}".repeat(90_000);
        assert_eq!(PromptBudget::of_window(u32::MAX).less(&line), None);
    }
}
