//! The prompt: first line, history, the person's turn.

use std::borrow::Cow;

use schemas::conversation::{ChatKind, Lane};
use schemas::request::{PromptLine, Role};
use schemas::state::{HistoryTurn, WaitingMessage};
use schemas::text::Text;

/// Stands for a question where the bot spoke first: many models want the first word to be a user's.
const UNASKED: &str = "…";

/// Says what a summary is.
const SUMMED_UP: &str = "[Summary of what was said before / 此前对话的摘要]";

/// How many people speak in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speakers {
    /// One person, whose name need not be said.
    One,
    /// Several people share the lane, so the prompt says who speaks.
    Several,
}

impl Speakers {
    /// Of a lane.
    pub(crate) fn of(lane: &Lane) -> Self {
        let one = lane.sender.is_some() || lane.conversation.kind() == ChatKind::Chat;
        if one { Self::One } else { Self::Several }
    }
}

/// What a turn asks, in one text, which is shared where one message says it.
fn said_text(asked: &[WaitingMessage], speakers: Speakers) -> Text {
    match (asked, speakers) {
        ([WaitingMessage { text: text @ Text::Plain(_), media: None, .. }], Speakers::One) => text.clone(),
        _ => said(asked, speakers).into_owned().into(),
    }
}

/// What a turn asks, in one text.
pub(crate) fn said(asked: &[WaitingMessage], speakers: Speakers) -> Cow<'_, str> {
    if let ([message], Speakers::One) = (asked, speakers) {
        return text_of(message);
    }
    let line = |message: &WaitingMessage| {
        let text = text_of(message);
        match speakers {
            Speakers::One => text.into_owned(),
            Speakers::Several => format!("{}: {text}", message.sender),
        }
    };
    Cow::Owned(asked.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// What a message says: what has no text is told by its kind and caption.
fn text_of(message: &WaitingMessage) -> Cow<'_, str> {
    let text = message.text.plain().unwrap_or_default();
    let kind = message.kind.label();
    match message.media {
        None => Cow::Borrowed(text),
        Some(_) if text.is_empty() => Cow::Owned(format!("[{kind}]")),
        Some(_) => Cow::Owned(format!("[{kind}] {text}")),
    }
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
    speakers: Speakers,
) -> Vec<PromptLine> {
    let history = history.into_iter();
    // A question and its answer for each turn, the system's line and what is asked.
    let mut lines = Vec::with_capacity(2 * history.size_hint().1.unwrap_or_default() + 2);
    if !system.is_empty() {
        lines.push(PromptLine::new(Role::System, system));
    }
    for turn in history {
        if turn.summary {
            person_says(&mut lines, format!("{SUMMED_UP}\n{}", answer(turn)).into());
            continue;
        }
        match lines.last_mut() {
            // What a person wrote by hand in the bot's name goes on with what the bot said: roles take turns.
            Some(PromptLine { role: Role::Assistant, text, .. }) if turn.asked.is_empty() => {
                *text = Text::from(format!("{}\n\n{}", text.plain().unwrap_or_default(), answer(turn)));
                continue;
            }
            // Its words answer what was said to it while it had no answer of its own.
            Some(PromptLine { role: Role::User, .. }) if turn.asked.is_empty() => {}
            _ if turn.asked.is_empty() => lines.push(PromptLine::new(Role::User, UNASKED)),
            _ => person_says(&mut lines, said_text(&turn.asked, speakers)),
        }
        // What was said while a person had the conversation has no answer of its own.
        if !answer(turn).is_empty() || turn.by_hand.is_some() {
            let answer = turn.answer.clone().filter(|answer| answer.plain().is_some());
            lines.push(PromptLine::new(Role::Assistant, answer.unwrap_or_else(|| Text::from(""))));
        }
    }
    person_says(&mut lines, said_text(asked, speakers));
    lines
}

/// Adds what a person says. Roles take turns, so that it goes on with what a person said before.
fn person_says(lines: &mut Vec<PromptLine>, said: Text) {
    match lines.last_mut() {
        Some(PromptLine { role: Role::User, text, .. }) => {
            let said = said.plain().unwrap_or_default();
            *text = Text::from(format!("{}\n{said}", text.plain().unwrap_or_default()));
        }
        _ => lines.push(PromptLine::new(Role::User, said)),
    }
}
