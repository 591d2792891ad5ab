//! The gate: what is let out for a turn, in parts.

use catalogue::App;
use schemas::Millis;
use schemas::answer::{Answer, AnswerSource};
use schemas::conversation::Lane;
use schemas::ids::{AnswerId, MessageId, TurnId, UserId};
use schemas::state::WaitingMessage;
use schemas::text::Text;

use crate::parts;

/// Whose turn is answered, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Addressee {
    /// The turn.
    pub(crate) turn: TurnId,
    /// Its lane.
    pub(crate) lane: Lane,
    /// The bot that speaks.
    pub(crate) bot: UserId,
    /// The person who is answered.
    pub(crate) user: UserId,
    /// The message that opened the turn.
    pub(crate) message: MessageId,
}

impl Addressee {
    /// Of the turn that this message opens, or would open.
    pub(crate) fn of(opener: &WaitingMessage, lane: Lane) -> Self {
        Self {
            turn: TurnId::derive(opener.id.as_str(), opener.round as usize),
            lane,
            bot: opener.bot.clone(),
            user: opener.sender.clone(),
            message: opener.id.clone(),
        }
    }
}

/// A model's answer as people see it: with its last block closed and the label below it.
pub(crate) fn labelled(text: &str, label: &str) -> String {
    if label.is_empty() { text.to_owned() } else { format!("{}\n\n{label}", parts::closed(text)) }
}

/// The parts of an answer; none when there is nothing to say.
pub(crate) fn answers(
    app: &App,
    to: &Addressee,
    text: &str,
    source: &AnswerSource,
    now: Millis,
) -> Vec<Answer> {
    let texts = parts::split(text.trim_end(), app.part_bytes as usize);
    let count = u16::try_from(texts.len()).unwrap_or(u16::MAX);
    let part = |(number, text): (u16, String)| Answer {
        id: AnswerId::derive(&to.turn.to_string(), usize::from(number)),
        turn: to.turn,
        lane: to.lane.clone(),
        bot: to.bot.clone(),
        user: to.user.clone(),
        message: to.message.clone(),
        part: number,
        parts: count,
        text: Text::Plain(text),
        source: source.clone(),
        class: app.delivery,
        send_by: now + app.send_within_ms,
        decided_at: now,
    };
    (1..=count).zip(texts).map(part).collect()
}
