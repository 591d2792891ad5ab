//! The gate: what is let out for a turn, in parts.

use catalogue::App;
use safety::is_blank;
use schemas::Millis;
use schemas::answer::{Answer, AnswerSource};
use schemas::conversation::{ChatKind, Lane};
use schemas::ids::{AnswerId, MessageId, TurnId, UserId};
use schemas::state::WaitingMessage;
use schemas::text::Text;

use crate::parts::{self, json_size};

/// Most bytes of ids that an answer mentions besides the first: the rest of Easemob's 5 KB is the text's.
const MOST_MENTIONS: usize = 2 * 1_024;
/// Largest part that fits Easemob's 5 KB beside the rest of `ext`, which holds one id. `part_bytes` is never larger.
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

/// A model's answer as people see it: with its last block closed and the label below it, and not more of it than may be sent.
pub(crate) fn let_out<'a>(app: &App, to: &Addressee, text: &'a str) -> LetOut<'a> {
    let (text, limit, most) = (text.trim_end(), part_size(app, to), app.max_answer_parts as usize);
    let parts = parts::split(&labelled(text, &app.label), limit);
    if parts.len() <= most {
        return LetOut { parts, said: text };
    }
    let endings = [&app.canned.cut, &app.label].into_iter().filter(|ending| !ending.is_empty());
    let ending: String = endings.map(|ending| format!("\n\n{ending}")).collect();
    let cut = parts::split_off(text, limit, most, &ending);
    LetOut { parts: cut.parts, said: cut.said.trim_end() }
}

fn labelled(text: &str, label: &str) -> String {
    if label.is_empty() { text.to_owned() } else { format!("{}\n\n{label}", parts::closed(text)) }
}

/// The parts of a canned text; none when it says nothing.
pub(crate) fn canned(app: &App, to: &Addressee, text: &str) -> Vec<String> {
    if is_blank(text) { Vec::new() } else { parts::split(text.trim_end(), part_size(app, to)) }
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
    let part = |(number, text): (u16, String)| Answer {
        id: AnswerId::derive(&to.turn.to_string(), usize::from(number)),
        turn: to.turn,
        lane: to.lane.clone(),
        bot: to.bot.clone(),
        user: to.user.clone(),
        others: to.others.clone(),
        message: to.message.clone(),
        part: number,
        parts: count,
        text: Text::Plain(text),
        source: source.clone(),
        class: app.delivery,
        send_by: now + app.send_within_ms,
        decided_at: now,
    };
    (1..=count).zip(parts).map(part).collect()
}

/// Largest part beside the ids that are mentioned with it, in bytes of JSON.
fn part_size(app: &App, to: &Addressee) -> usize {
    let mentions = to.others.iter().map(mention_size).sum::<usize>();
    let mentions = if to.lane.conversation.kind() == ChatKind::Group { mentions } else { 0 };
    (app.part_bytes as usize).min(LARGEST_PART - mentions)
}

/// An id in a list: with its quotes and the comma.
fn mention_size(id: &UserId) -> usize {
    json_size(id.as_str()) + 3
}
