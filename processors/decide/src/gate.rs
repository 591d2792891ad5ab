//! The gate: what is let out for a turn, in parts.

mod label;
mod once;

use catalogue::App;
use safety::is_blank;
use schemas::Millis;
use schemas::answer::{Answer, AnswerSource};
use schemas::conversation::{ChatKind, Lane};
use schemas::ids::{AnswerId, MessageId, TurnId, UserId};
use schemas::state::WaitingMessage;
use schemas::text::Text;

use crate::parts::{self, json_size};
use label::{ExplicitLabel, implicit, implicit_size};

/// Most bytes of ids that an answer mentions besides the first: the rest of Easemob's 5 KB is the text's.
const MOST_MENTIONS: usize = 2 * 1_024;
/// Largest part that fits Easemob's 5 KB beside the rest of `ext`, which holds one id and no implicit label. `part_bytes` is never larger.
const LARGEST_PART: usize = 4_600;

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
    /// Others who are answered as well.
    pub(crate) others: Vec<UserId>,
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
            others: Vec::new(),
            message: opener.id.clone(),
        }
    }

    /// Of a turn that was opened for these messages: all who wrote one, in their order.
    pub(crate) fn of_turn(turn: TurnId, asked: &[WaitingMessage], lane: Lane) -> Option<Self> {
        let mut to = Self { turn, ..Self::of(asked.first()?, lane) };
        let mut bytes = 0;
        for sender in asked.iter().map(|message| &message.sender) {
            if *sender == to.user || to.others.contains(sender) {
                continue;
            }
            bytes += mention_size(sender);
            if bytes > MOST_MENTIONS {
                break;
            }
            to.others.push(sender.clone());
        }
        Some(to)
    }
}

/// What is let out of a model's answer.
#[derive(Debug)]
pub(crate) struct LetOut<'a> {
    /// What people see.
    pub(crate) parts: Vec<String>,
    /// What of the model's words is in it.
    pub(crate) said: &'a str,
}

/// A model's answer as people see it, and not more of it than may be sent. In this order: what is said, its label, its parts. So every part
/// has the label and fits with it, outside of any code, which is closed in every part.
pub(crate) fn let_out<'a>(app: &App, to: &Addressee, asked: &[WaitingMessage], text: &'a str) -> LetOut<'a> {
    let text = text.trim_end();
    let Some(labels) = &app.labels else { return once::let_out(app, part_size(app, to, 0), text) };
    let label = ExplicitLabel::of(app, labels, text, asked);
    let limit = part_size(app, to, implicit_size(labels)).saturating_sub(label.size());
    let LetOut { mut parts, said } = bounded(app, limit, text);
    parts.retain(|part| !is_blank(part));
    LetOut { parts: parts.into_iter().map(|part| label.on(part)).collect(), said }
}

/// What may be said of a text, in parts of that size. The last one says so where something is left out.
fn bounded<'a>(app: &App, limit: usize, text: &'a str) -> LetOut<'a> {
    let most = app.max_answer_parts as usize;
    let allowed = match app.output.max_characters {
        Some(characters) => parts::beginning(text, characters as usize).trim_end(),
        None => text,
    };
    let cut = &app.canned.cut;
    let ending = if cut.is_empty() { String::new() } else { format!("\n\n{cut}") };
    let is_whole = allowed.len() == text.len();
    let room = if is_whole { limit } else { limit.saturating_sub(json_size(&ending)) };
    let mut parts = parts::split(allowed, room);
    if parts.len() > most {
        let cut = parts::split_off(allowed, limit, most, &ending);
        return LetOut { parts: cut.parts, said: cut.said.trim_end() };
    }
    if let Some(last) = parts.last_mut().filter(|_| !is_whole) {
        last.truncate(last.trim_end().len());
        last.push_str(&ending);
    }
    LetOut { parts, said: allowed }
}

/// The parts of a canned text; none when it says nothing.
pub(crate) fn canned(app: &App, to: &Addressee, text: &str) -> Vec<String> {
    if is_blank(text) { Vec::new() } else { parts::split(text.trim_end(), part_size(app, to, 0)) }
}

/// An answer of these parts. A part in which nobody would see anything is left out.
pub(crate) fn answers(
    app: &App,
    to: &Addressee,
    mut parts: Vec<String>,
    source: &AnswerSource,
    now: Millis,
) -> Vec<Answer> {
    parts.retain(|part| !is_blank(part));
    let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
    let id = |number: u16| AnswerId::derive(&to.turn.to_string(), usize::from(number));
    let labels = app.labels.as_ref().filter(|_| matches!(source, AnswerSource::Model { .. }));
    let part = |(number, text): (u16, String)| Answer {
        id: id(number),
        turn: to.turn,
        lane: to.lane.clone(),
        bot: to.bot.clone(),
        user: to.user.clone(),
        others: to.others.clone(),
        message: to.message.clone(),
        part: number,
        parts: count,
        text: Text::from(text),
        source: source.clone(),
        aigc: labels.map(|labels| Box::new(implicit(labels, id(number)))),
        class: app.delivery,
        send_by: now + app.send_within_ms,
        decided_at: now,
    };
    (1..=count).zip(parts).map(part).collect()
}

/// Largest part beside the ids that are mentioned with it and so many bytes of other `ext`, in bytes of JSON.
fn part_size(app: &App, to: &Addressee, ext: usize) -> usize {
    let mentions = to.others.iter().map(mention_size).sum::<usize>();
    let mentions = if to.lane.conversation.kind() == ChatKind::Group { mentions } else { 0 };
    (app.part_bytes as usize).min(LARGEST_PART - mentions - ext)
}

/// An id in a list: with its quotes and the comma.
fn mention_size(id: &UserId) -> usize {
    json_size(id.as_str()) + 3
}

#[cfg(test)]
mod tests;
