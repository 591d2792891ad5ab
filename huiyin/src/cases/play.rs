//! Plays a case.

use anyhow::Context;
use ingest::rehearse::Rehearsed;
use schemas::conversation::Conversation;
use schemas::ids::{MessageId, UserId};
use serde::Serialize;

use super::expect::{Difference, Seen, differences};
use super::file::{Act, BadFile, Case, File, Said, Shared, Step};
use super::names;
use crate::rehearse::{House, Place, Spoken, Stage, Written, targets, why};

/// A case that was played.
#[derive(Debug, Serialize)]
pub(super) struct Played {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) name: String,
    /// Where it is not as expected.
    pub(super) failures: Vec<Failure>,
}

/// A step that is not as expected, or all of them together.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    /// Its number, from 1; absent for the whole case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<usize>,
    pub(super) line: usize,
    /// What happens in it.
    pub(super) act: String,
    /// Why it could not be played; nothing behind it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    pub(super) differences: Vec<Difference>,
    /// Rule by rule, where a route was looked for.
    pub(super) rules: Vec<why::RuleTold>,
}

/// Who speaks, to whom and where.
struct Cast<'a> {
    case: &'a Case,
    bot: UserId,
    conversation: Conversation,
}

/// A message that came.
struct Came {
    heard: Rehearsed,
    id: MessageId,
}

/// Plays a case to its end, or to the first step that cannot be played.
///
/// # Errors
/// [`BadFile`] when the configuration does not have its app or its bot.
pub(super) fn play(house: &House, file: &File, case: &Case) -> Result<Played, BadFile> {
    let bad = |error: anyhow::Error| file.bad_line(case.line, format!("{error:#}"));
    let (key, app) = house.app(case.app.as_ref()).map_err(bad)?;
    let bot = House::bot(app, case.bot.clone()).map_err(bad)?;
    names::check(file, case, &house.ready().bundle, key)?;
    let conversation = match &case.shared {
        Some(Shared::Group(id)) => Conversation::group(key.clone(), id.clone()),
        Some(Shared::Room(id)) => Conversation::chatroom(key.clone(), id.clone()),
        None => Conversation::with_bot(key.clone(), bot.clone(), case.user.clone()),
    };
    let cast = Cast { case, bot, conversation };
    let mut stage = Stage::new(house, key.clone(), case.at).map_err(bad)?;
    let (mut failures, mut all) = (Vec::new(), Written::default());
    for (index, step) in case.steps.iter().enumerate() {
        let done = cast.step(&mut stage, step, index + 1);
        let written = stage.take();
        let (came, error) = match done {
            Ok(came) => (came, None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let seen = Seen {
            written: &written,
            heard: came.as_ref().map(|came| &came.heard),
            message: came.as_ref().map(|came| &came.id),
        };
        let line = |offset| file.line(offset);
        let expect = step.expect.as_ref().filter(|_| error.is_none());
        let found = expect.map(|expect| differences(expect, &seen, &line)).unwrap_or_default();
        let is_over = error.is_some();
        if is_over || !found.is_empty() {
            let rules = written.routed().map(why::rules).unwrap_or_default();
            let (step, act, line) = (Some(index + 1), told(step), step.line);
            failures.push(Failure { step, line, act, error, differences: found, rules });
        }
        all.and(written);
        if is_over {
            break;
        }
    }
    failures.extend(of_case(file, case, &all));
    let (name, line) = (case.name.clone(), case.line);
    Ok(Played { file: file.path.display().to_string(), line, name, failures })
}

/// What is not as expected of all steps together.
fn of_case(file: &File, case: &Case, all: &Written) -> Option<Failure> {
    let seen = Seen { written: all, heard: None, message: None };
    let differences = differences(case.expect.as_ref()?, &seen, &|offset| file.line(offset));
    (!differences.is_empty()).then(|| Failure {
        step: None,
        line: case.line,
        act: "all steps".to_owned(),
        error: None,
        differences,
        rules: all.routed().map(why::rules).unwrap_or_default(),
    })
}

impl Cast<'_> {
    /// Does what happens in a step. Gives the message that came, if one did.
    fn step(&self, stage: &mut Stage<'_>, step: &Step, number: usize) -> anyhow::Result<Option<Came>> {
        stage.pass_until(stage.now().saturating_add(step.after))?;
        let mut came = None;
        match &step.act {
            Act::Say(said) => {
                let id = said.id.clone().unwrap_or_else(|| number.to_string());
                let message = MessageId::of(self.conversation.app(), "chat", &id)?;
                let heard = stage.say(self.spoken(said, id, stage.now()), said.found.clone())?;
                came = Some(Came { heard, id: message });
            }
            Act::Answer(reply) => stage.answer(reply.clone())?,
            Act::Fail(reason) => stage.fail(reason.clone())?,
            Act::Vanish => stage.vanish()?,
            Act::Review(level) => stage.review(*level)?,
            Act::Wait(time) => stage.pass_until(stage.now().saturating_add(*time))?,
            Act::Recall(id) => stage.recall(id)?,
            Act::Edit { message, text } => stage.edit(message, text)?,
            Act::TakeOver(person) => stage.take_over(self.conversation.clone(), Some(person.clone()))?,
            Act::HandBack => stage.take_over(self.conversation.clone(), None)?,
            Act::Find { message, category } => {
                stage.find(self.conversation.clone(), message, category.clone())?;
            }
            Act::Tell(targets) => stage.tell(targets.get_ref().clone())?,
        }
        if let Some(reply) = &step.answer {
            stage.answer(reply.clone()).context("the answer that stands beside it")?;
        }
        Ok(came)
    }

    fn spoken(&self, said: &Said, id: String, now: i64) -> Spoken {
        let from = said.from.clone().unwrap_or_else(|| self.case.user.clone());
        let place = match (&said.to, &self.case.shared) {
            (Some(to), _) => Place::To(to.clone()),
            (None, Some(Shared::Group(id))) => Place::Group(id.clone()),
            (None, Some(Shared::Room(id))) => Place::Room(id.clone()),
            // From the bot's own account it is somebody who writes to the user by hand.
            (None, None) if from == self.bot => Place::To(self.case.user.clone()),
            (None, None) => Place::To(self.bot.clone()),
        };
        Spoken {
            id,
            from,
            place,
            text: said.text.clone(),
            kind: said.kind,
            body: said.body.clone(),
            tier: said.tier.as_ref().map(|tier| tier.get_ref().clone()),
            ext: said.ext.clone(),
            sent_at: now - said.age,
        }
    }
}

/// What happens in a step, in a line.
fn told(step: &Step) -> String {
    match &step.act {
        Act::Say(said) => format!("say {:?}", said.text),
        Act::Answer(reply) => format!("answer {:?}", reply.text),
        Act::Fail(reason) => format!("fail {reason:?}"),
        Act::Vanish => "vanish".to_owned(),
        Act::Review(level) => format!("review {:?}", level.label()),
        Act::Wait(time) => format!("wait {}", crate::timestamp::lasted(*time)),
        Act::Recall(id) => format!("recall {id:?}"),
        Act::Edit { message, .. } => format!("edit {message:?}"),
        Act::TakeOver(person) => format!("take over by {person}"),
        Act::HandBack => "hand back".to_owned(),
        Act::Find { message, .. } => format!("finding on {message:?}"),
        Act::Tell(told) => {
            let each = told.get_ref().iter();
            let each = each.map(|(name, condition)| format!("{name} {}", targets::all_in_words(condition)));
            let each: Vec<String> = each.collect();
            format!("targets: {}", if each.is_empty() { "all ok".to_owned() } else { each.join("; ") })
        }
    }
}
