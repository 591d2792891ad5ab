//! Judges what records say; reads nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::Engines;
use pipeline::Record;
use safety::personal::without_names;
use safety::{Direction, Engine, Finding};
use schemas::answer::{Answer, AnswerSource};
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling};
use schemas::event::{Edit, Event, Message};
use schemas::ids::{AppKey, RequestId, TurnId};
use schemas::request::RequestKind;
use schemas::retract::{AnswerReference, Retract};
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};
use schemas::wire;

use crate::masked::masked;

/// Whether texts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// None.
    None,
    /// Those that would be stopped, masked.
    Masked,
}

/// What judges.
pub(super) struct Filter {
    pub(super) engines: Engines,
    /// Only these apps; all when it is empty.
    pub(super) apps: BTreeSet<AppKey>,
    pub(super) texts: Texts,
}

/// Who said what would be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Speaker {
    /// A person.
    Person,
    /// The bot.
    Bot,
}

impl Speaker {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Person => "message",
            Self::Bot => "answer",
        }
    }
}

/// Something that would be stopped and was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stopped {
    pub(super) speaker: Speaker,
    pub(super) conversation: Conversation,
    /// The message, or the turn that was answered.
    pub(super) id: String,
    /// Rules that stop it.
    pub(super) rules: Vec<String>,
    /// Masked, where texts are kept.
    pub(super) text: Option<String>,
    /// What was let out, of an answer.
    pub(super) answer: Option<AnswerReference>,
}

/// What was found in some partitions.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Messages that were judged.
    pub(super) messages: u64,
    /// Answers of models that were judged.
    pub(super) answers: u64,
    pub(super) stopped: Vec<Stopped>,
    /// Messages that would be stopped, with their rules: one that came twice is told once.
    told: BTreeSet<(String, Vec<String>)>,
    /// Messages that the guard had stopped, of those that are told.
    blocked: BTreeSet<String>,
    /// Turns whose answers were taken back.
    taken_back: BTreeSet<TurnId>,
    /// Answers that would be stopped, by their requests, until it is known whether they were let out.
    made: BTreeMap<RequestId, Stopped>,
}

impl Filter {
    /// Judges what an event says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn event(&self, found: &mut Found, record: &Record) -> anyhow::Result<()> {
        let kind = record.header(wire::KIND);
        let has_text = [&b"message"[..], b"missed", b"edit", b"answered"].map(Some);
        if kind.is_some() && !has_text.contains(&kind) {
            return Ok(());
        }
        match wire::decode(|name| record.header(name), record.value.as_deref())? {
            Event::Message(message) | Event::Missed(message) => self.message(found, message),
            Event::Edit(Edit { message, conversation, text, verdict, .. })
                if self.wants(conversation.app()) =>
            {
                found.messages += 1;
                let engine = self.engines.app(conversation.app()).as_ref();
                let id = message.to_string();
                self.said(found, engine, (conversation, id), (&verdict, Some(&text), &[]));
            }
            Event::Answered(answered) => self.answered(found, answered),
            _ => {}
        }
        Ok(())
    }

    fn wants(&self, app: &AppKey) -> bool {
        self.apps.is_empty() || self.apps.contains(app)
    }

    fn message(&self, found: &mut Found, message: Message) {
        let Message { id, conversation, bot, text, other_texts, verdict, .. } = message;
        if !self.wants(conversation.app()) {
            return;
        }
        found.messages += 1;
        // As the guard has it: before a model injections are looked for too.
        let app = conversation.app();
        let engine =
            if bot.is_some() { self.engines.before_model(app) } else { self.engines.app(app) }.as_ref();
        let id = id.to_string();
        self.said(found, engine, (conversation, id), (&verdict, text.as_ref(), &other_texts));
    }

    fn said(
        &self,
        found: &mut Found,
        engine: &dyn Engine,
        (conversation, id): (Conversation, String),
        (verdict, text, others): (&Verdict, Option<&Text>, &[Text]),
    ) {
        if stops(verdict.action) {
            return;
        }
        let texts: Vec<&str> = text.into_iter().chain(others).filter_map(Text::plain).collect();
        let findings: Vec<Finding> = texts.iter().map(|text| engine.judge(Direction::Input, text)).collect();
        let rules = rules(&findings);
        if !rules.is_empty() && found.told.insert((id.clone(), rules.clone())) {
            let text = self.kept(&texts);
            let speaker = Speaker::Person;
            found.stopped.push(Stopped { speaker, conversation, id, rules, text, answer: None });
        }
    }

    fn answered(&self, found: &mut Found, answered: Answered) {
        let Outcome::Done { text, verdict, .. } = &answered.outcome else { return };
        let conversation = answered.lane.conversation;
        if answered.kind != RequestKind::Answer || !self.wants(conversation.app()) {
            return;
        }
        found.answers += 1;
        let Some(text) = text.plain().filter(|_| !stops(verdict.action)) else { return };
        let engine = self.engines.app(conversation.app());
        let rules = rules(&[engine.judge(Direction::Output, &without_names(text))]);
        if rules.is_empty() {
            return;
        }
        let (id, text) = (answered.turn.to_string(), self.kept(&[text]));
        let stopped = Stopped { speaker: Speaker::Bot, conversation, id, rules, text, answer: None };
        found.made.entry(answered.request).or_insert(stopped);
    }

    fn kept(&self, texts: &[&str]) -> Option<String> {
        let all = || texts.iter().map(|text| masked(text)).collect::<Vec<_>>().join("\n");
        (self.texts == Texts::Masked).then(all)
    }
}

impl Found {
    /// Whether answers must be looked for in what was let out.
    pub(super) fn waits_for_answers(&self) -> bool {
        !self.made.is_empty()
    }

    /// A record of `answers`, after all events: what was let out would be stopped now, unless it was taken back since.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn let_out(&mut self, record: &Record) -> anyhow::Result<()> {
        let header = |name: &str| record.header(name);
        if header(wire::KIND) == Some(Retract::KIND.as_bytes()) {
            let retract: Retract = wire::decode(header, record.value.as_deref())?;
            self.taken_back.insert(retract.turn);
            return Ok(());
        }
        let part: Answer = wire::decode(header, record.value.as_deref())?;
        let AnswerSource::Model { request } = part.source else { return Ok(()) };
        if let Some(stopped) = self.made.remove(&request) {
            self.stopped.push(Stopped { answer: Some(crate::retract::reference(part)), ..stopped });
        }
        Ok(())
    }

    /// Whether what messages were decided on must be looked for.
    pub(super) fn waits_for_decisions(&self) -> bool {
        self.stopped.iter().any(|stopped| stopped.speaker == Speaker::Person)
    }

    /// A record of `decisions`: what the guard stopped although the callback had let it pass was stopped.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn decided(&mut self, record: &Record) -> anyhow::Result<()> {
        let decision: Decision = wire::decode(|name| record.header(name), record.value.as_deref())?;
        let was_stopped = decision.ruling == Ruling::Blocked
            || decision.verdict.as_ref().is_some_and(|verdict| stops(verdict.action));
        if let Some(message) = decision.message.filter(|_| was_stopped) {
            self.blocked.extend(Some(message.to_string()).filter(|id| self.is_told(id)));
        }
        Ok(())
    }

    fn is_told(&self, id: &str) -> bool {
        let from = (id.to_owned(), Vec::new());
        self.told.range(from..).next().is_some_and(|(told, _)| told == id)
    }

    /// Leaves out what was stopped or taken back after all, once all records of a topic were seen.
    pub(super) fn settle(&mut self) {
        let (blocked, taken_back) = (&self.blocked, &self.taken_back);
        self.stopped.retain(|stopped| match &stopped.answer {
            Some(answer) => !taken_back.contains(&answer.turn),
            None => !blocked.contains(&stopped.id),
        });
    }

    /// Adds what was found in other partitions.
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.answers += other.answers;
        self.stopped.extend(other.stopped);
    }
}

/// Whether nothing of a text goes on.
fn stops(action: Action) -> bool {
    action >= Action::Replace
}

/// Rules that stop any of the texts, each once.
fn rules(findings: &[Finding]) -> Vec<String> {
    let hits = findings.iter().flat_map(|finding| &finding.hits);
    let rules: BTreeSet<&String> =
        hits.filter(|hit| !hit.shadow && stops(hit.action)).map(|hit| &hit.rule).collect();
    rules.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests;
