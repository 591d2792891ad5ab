//! One turn of a data set: what rows know of it, and what the log says, masked.

use account::datasets::ChosenTurn;
use replay::dataset::{Role, Said, Turn};
use schemas::ids::TurnId;
use schemas::money::Money;
use schemas::verdict::Action;

use super::said::{Log, OfConversation, Spoken};
use crate::masked::masked;

/// The turn; `None` where the log does not have what was asked, or it was taken back.
pub(super) fn of(chosen: &ChosenTurn, log: &Log, history: usize) -> Option<Turn> {
    let conversation = log.conversation(&chosen.conversation)?;
    let asked = asked(conversation, &chosen.turn, &chosen.message, chosen.at);
    let (opener, question) = (asked.first()?, text(&asked));
    if question.is_empty() {
        return None;
    }
    let answer = conversation.answer(&chosen.turn);
    let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let turn =
        if chosen.turn.is_empty() { TurnId::derive(&opener.id, 0).to_string() } else { chosen.turn.clone() };
    Some(Turn {
        conversation: chosen.conversation.clone(),
        turn,
        messages: asked.iter().map(|spoken| spoken.id.clone()).collect(),
        app: chosen.app.clone(),
        at: chosen.at,
        question,
        history: earlier(conversation, opener, history),
        canned: answer.as_ref().and_then(|(let_out, _)| let_out.canned.clone()),
        answer: answer.map(|(_, text)| masked(&text)),
        verdict: verdict(&chosen.action),
        route: known(&chosen.route),
        target: known(&chosen.target),
        class: known(&chosen.class),
        tier: known(&chosen.tier),
        cost: chosen.cost.iter().filter_map(money).collect(),
        latency_ms: chosen.latency_ms.and_then(|ms| u64::try_from(ms).ok()),
        rating: chosen.rating,
    })
}

/// The messages that a turn answers: the one that opened it, and those of the same person that came before it was asked.
fn asked<'a>(conversation: &'a OfConversation, turn: &str, opener: &str, at: i64) -> Vec<&'a Spoken> {
    let mut from = conversation.spoken.iter().skip_while(|spoken| spoken.id != opener);
    let Some(opener) = from.next() else { return Vec::new() };
    if turn.is_empty() {
        return vec![opener];
    }
    let until = conversation.asked_at(turn).unwrap_or(at);
    let joins = |spoken: &&Spoken| spoken.sender == opener.sender && spoken.at <= until && !spoken.is_stopped;
    std::iter::once(opener).chain(from.filter(joins)).collect()
}

/// What was asked, masked. Messages are masked each by itself, as they were judged.
fn text(asked: &[&Spoken]) -> String {
    let texts: Vec<String> =
        asked.iter().map(|spoken| masked(&spoken.text)).filter(|text| !text.is_empty()).collect();
    texts.join("\n")
}

/// Earlier turns of the same person, oldest first: those that had been answered when this one was opened.
fn earlier(conversation: &OfConversation, opener: &Spoken, most: usize) -> Vec<Said> {
    let mut turns: Vec<_> = conversation
        .turns()
        .filter(|(_, let_out)| let_out.at <= opener.at)
        .filter_map(|(turn, let_out)| {
            let asked = asked(conversation, turn, &let_out.opener, let_out.at);
            let is_own =
                asked.first().is_some_and(|first| first.sender == opener.sender && first.id != opener.id);
            let (_, answer) = conversation.answer(turn).filter(|_| is_own)?;
            Some((let_out.at, text(&asked), masked(&answer)))
        })
        .filter(|(_, question, _)| !question.is_empty())
        .collect();
    turns.sort_by_key(|(at, _, _)| *at);
    let left = turns.len().saturating_sub(most);
    let said = |(_, question, answer)| {
        [Said { role: Role::User, text: question }, Said { role: Role::Assistant, text: answer }]
    };
    turns.into_iter().skip(left).flat_map(said).collect()
}

fn verdict(action: &str) -> Option<Action> {
    let all = [Action::Pass, Action::Mask, Action::Replace, Action::Hold, Action::Block];
    all.into_iter().find(|known| known.label() == action)
}

fn money((currency, amount): &(String, String)) -> Option<Money> {
    Some(Money { currency: currency.clone(), pico: account::decimal(amount)? })
}

#[cfg(test)]
mod tests;
