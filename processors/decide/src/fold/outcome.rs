//! The outcome of a request: the first one of the current turn is let out, all others are only booked.

use schemas::answer::AnswerSource;
use schemas::answered::{Answered, Outcome};
use schemas::decision::{Decision, Ruling};
use schemas::state::HistoryTurn;
use schemas::text::Text;

use super::{Folding, name_of};
use crate::book::Book;
use crate::gate::{Addressee, answers, labelled};
use crate::guard::stops;
use crate::history::completed;
use crate::reason;
use crate::step::Output;

/// What is said for an outcome.
struct Said<'a> {
    text: String,
    source: AnswerSource,
    /// What the model said, as history keeps it.
    remembered: Option<&'a str>,
    reasons: Vec<&'a str>,
}

impl Folding<'_> {
    pub(super) fn answered(&mut self, answered: &Answered) {
        let name = name_of(&answered.lane);
        let turn = self.state.lane(name).and_then(|lane| lane.turn.as_ref());
        let Some(turn) = turn.filter(|turn| turn.id == answered.turn && turn.request == answered.request)
        else {
            return self.late(answered);
        };
        match self.state.turn(name, turn.number).filter(|_| !turn.cancelled).cloned() {
            Some(entry) => self.let_out(answered, &entry),
            None => {
                self.late(answered);
                self.close(&answered.lane, None);
            }
        }
    }

    /// Books an outcome that nobody waits for.
    fn late(&mut self, answered: &Answered) {
        let lane = &answered.lane;
        let asker = || self.state.asker(&answered.message);
        let user = lane.sender.clone().or_else(asker).or_else(|| lane.conversation.user().cloned());
        let draft = Decision { sender: user.clone(), ..self.about_outcome(answered) };
        let Some(user) = user else { return self.journal.rule(draft, Ruling::Late, &[reason::UNATTRIBUTED]) };
        self.journal.rule(draft, Ruling::Late, &[answered.outcome.label()]);
        let entries = Book::of(answered, user, self.journal.now).spent(answered, reason::LATE);
        self.journal.add(entries.into_iter().map(Output::Ledger));
    }

    /// Lets the first outcome of the current turn out.
    fn let_out(&mut self, answered: &Answered, entry: &HistoryTurn) {
        let Some(opener) = entry.asked.first() else { return };
        let (now, app) = (self.journal.now, &self.app.app);
        let said = self.said(answered);
        let to = Addressee { turn: answered.turn, ..Addressee::of(opener, answered.lane.clone()) };
        let parts = answers(app, &to, &said.text, &said.source, now);
        let book = Book::of(answered, to.user.clone(), now);
        let entries = match said.remembered {
            Some(_) => book.settled(answered),
            None => book.spent(answered, said.reasons.first().copied().unwrap_or(reason::FAILED)),
        };
        let draft = Decision {
            sender: Some(to.user),
            merged: u32::try_from(entry.asked.len()).unwrap_or(u32::MAX),
            parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
            ..self.about_outcome(answered)
        };
        let ruling = if parts.is_empty() { Ruling::Noted } else { Ruling::Answered };
        self.journal.rule(draft, ruling, &said.reasons);
        self.journal.add(parts.into_iter().map(Output::Answer));
        self.journal.add(entries.into_iter().map(Output::Ledger));
        let remembered = said.remembered.and_then(|text| completed(entry, text));
        self.close(&answered.lane, remembered);
    }

    fn about_outcome(&self, answered: &Answered) -> Decision {
        let verdict = match &answered.outcome {
            Outcome::Done { verdict, .. } => Some(verdict.clone()),
            Outcome::Failed { verdict, .. } => verdict.clone(),
            Outcome::Expired | Outcome::Cancelled | Outcome::Dead { .. } => None,
        };
        Decision {
            lane: Some(answered.lane.clone()),
            message: Some(answered.message.clone()),
            turn: Some(answered.turn),
            request: Some(answered.request),
            verdict,
            ..self.journal.draft(Ruling::Answered)
        }
    }

    /// What the bot says for an outcome.
    fn said<'a>(&self, answered: &'a Answered) -> Said<'a> {
        let canned = &self.app.app.canned;
        let instead = |text: &str, reasons: Vec<&'a str>| Said {
            text: text.to_owned(),
            source: AnswerSource::Canned { reason: reasons[0].to_owned() },
            remembered: None,
            reasons,
        };
        match &answered.outcome {
            Outcome::Done { verdict, .. } if stops(verdict) => {
                instead(&canned.failed, vec![reason::REVIEWED, verdict.action.label()])
            }
            Outcome::Done { text: Text::Sealed(_), .. } => instead(&canned.failed, vec![reason::SEALED]),
            Outcome::Done { text: Text::Plain(text), .. } if text.trim().is_empty() => {
                instead(&canned.failed, vec![reason::EMPTY])
            }
            Outcome::Done { text: Text::Plain(text), truncated, .. } => Said {
                text: labelled(text.trim_end(), &self.app.app.label),
                source: AnswerSource::Model { request: answered.request },
                remembered: Some(text),
                reasons: if *truncated { vec![reason::DONE, reason::TRUNCATED] } else { vec![reason::DONE] },
            },
            Outcome::Failed { reason, .. } if reason == reason::CAP_USED_UP => {
                let text = canned.unfinished.as_ref().unwrap_or(&canned.failed);
                instead(text, vec![reason::FAILED, reason])
            }
            Outcome::Failed { reason, .. } => instead(&canned.failed, vec![reason::FAILED, reason]),
            Outcome::Expired => instead(&canned.expired, vec![reason::EXPIRED]),
            Outcome::Cancelled => instead("", vec![reason::CANCELLED]),
            Outcome::Dead { reason } => instead(&canned.failed, vec![reason::DEAD, reason]),
        }
    }
}
