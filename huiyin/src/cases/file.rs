//! Files of cases, read and checked: what is wrong is told with its line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use schemas::Millis;
use schemas::conditions::TargetConditions;
use schemas::event::MessageKind;
use schemas::findings::Finding;
use schemas::ids::{AppKey, GroupId, TargetName, UserId};
use schemas::review::Level;
use schemas::verdict::Action;
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde_json::{Map, Value};
use toml::Spanned;

use super::raw::{RawCase, RawExpect, RawFile, RawStep};
use crate::config::text::text;
use crate::rehearse::Reply;
use crate::timestamp::Timestamp;

/// When a case begins that does not say it: Monday, 2026-01-05, 02:00 UTC.
const START: Millis = 1_767_578_400_000;
/// Who speaks where nothing says it.
const SOMEBODY: &str = "somebody";

/// A file that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadFile {
    path: PathBuf,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what } = self;
        match line {
            Some(line) => write!(f, "{}:{line}: {what}", path.display()),
            None => write!(f, "{}: {what}", path.display()),
        }
    }
}

impl std::error::Error for BadFile {}

/// A file of cases.
#[derive(Debug)]
pub(crate) struct File {
    pub(super) path: PathBuf,
    pub(super) cases: Vec<Case>,
    /// Offset at which each line begins.
    lines: Vec<usize>,
}

/// One case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) app: Option<AppKey>,
    pub(super) bot: Option<UserId>,
    pub(super) user: UserId,
    pub(super) shared: Option<Shared>,
    pub(super) at: Millis,
    pub(super) steps: Vec<Step>,
    pub(super) expect: Option<RawExpect>,
}

/// Where several people speak.
#[derive(Debug, Clone)]
pub(super) enum Shared {
    Group(GroupId),
    Room(GroupId),
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) after: Millis,
    pub(super) act: Act,
    /// What a model answers to it at once.
    pub(super) answer: Option<Reply>,
    pub(super) expect: Option<RawExpect>,
}

/// What happens.
#[derive(Debug)]
pub(super) enum Act {
    Say(Box<Said>),
    Answer(Reply),
    Fail(String),
    Vanish,
    Review(Level),
    Wait(Millis),
    Recall(String),
    Edit { message: String, text: String },
    TakeOver(UserId),
    HandBack,
    Find { message: String, category: Option<String> },
    Tell(Spanned<BTreeMap<TargetName, TargetConditions>>),
}

/// What somebody says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) id: Option<String>,
    pub(super) from: Option<UserId>,
    pub(super) to: Option<UserId>,
    pub(super) kind: MessageKind,
    pub(super) body: Option<Value>,
    pub(super) tier: Option<Spanned<String>>,
    pub(super) ext: Map<String, Value>,
    pub(super) age: Millis,
    pub(super) found: Vec<Finding>,
}

/// The files that are meant: a folder stands for its `.toml` files, by their names.
///
/// # Errors
/// [`BadFile`] when a folder cannot be read or has none.
pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, BadFile> {
    let mut all = Vec::new();
    for path in paths {
        let bad = |what: String| BadFile { path: path.clone(), line: None, what };
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| bad(format!("read folder: {error}")))?;
        let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        found.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        found.sort();
        if found.is_empty() {
            return Err(bad("the folder has no .toml file".to_owned()));
        }
        all.extend(found);
    }
    Ok(all)
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BadFile`] with the line of the first thing that is wrong.
    pub(super) fn read(path: &Path) -> Result<Self, BadFile> {
        let bad = |line, what| BadFile { path: path.to_owned(), line, what };
        let bytes = std::fs::read(path).map_err(|error| bad(None, format!("read file: {error}")))?;
        let text = text(bytes).map_err(|not| bad(Some(not.line), not.what))?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, BadFile> {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        let mut file = Self { path: path.to_owned(), cases: Vec::new(), lines };
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| file.line(span.start));
            BadFile { path: path.to_owned(), line, what: error.message().to_owned() }
        })?;
        if raw.case.is_empty() {
            return Err(file.bad_at(0, "the file has no [[case]]".to_owned()));
        }
        for case in raw.case {
            let case = file.case(case)?;
            file.cases.push(case);
        }
        Ok(file)
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Something wrong with what stands there.
    pub(super) fn bad<T>(&self, at: &Spanned<T>, what: impl fmt::Display) -> BadFile {
        self.bad_at(at.span().start, what.to_string())
    }

    fn bad_at(&self, offset: usize, what: String) -> BadFile {
        self.bad_line(self.line(offset), what)
    }

    /// Something wrong on a line.
    pub(super) fn bad_line(&self, line: usize, what: String) -> BadFile {
        BadFile { path: self.path.clone(), line: Some(line), what }
    }

    fn case(&self, raw: Spanned<RawCase>) -> Result<Case, BadFile> {
        let line = self.line(raw.span().start);
        let raw = raw.into_inner();
        let shared = match (&raw.group, &raw.room) {
            (Some(_), Some(room)) => return Err(self.bad(room, "a case has a group or a room")),
            (Some(group), None) => Some(Shared::Group(self.id(group, GroupId::new)?)),
            (None, Some(room)) => Some(Shared::Room(self.id(room, GroupId::new)?)),
            (None, None) => None,
        };
        let at = raw.at.as_ref().map(|at| {
            let Timestamp(millis) = at.get_ref().parse().map_err(|what| self.bad(at, what))?;
            Ok(millis)
        });
        if raw.step.is_empty() {
            return Err(self.bad(&raw.name, "a case has at least one [[case.step]]"));
        }
        let user = raw.user.as_ref().map(|user| self.id(user, UserId::new)).transpose()?;
        let somebody = || UserId::new(SOMEBODY).map_err(|error| self.bad_line(line, error.to_string()));
        Ok(Case {
            line,
            app: raw.app.as_ref().map(|app| self.id(app, AppKey::new)).transpose()?,
            bot: raw.bot.as_ref().map(|bot| self.id(bot, UserId::new)).transpose()?,
            user: user.map_or_else(somebody, Ok)?,
            shared,
            at: at.transpose()?.unwrap_or(START),
            steps: raw.step.into_iter().map(|step| self.step(step)).collect::<Result<_, _>>()?,
            expect: raw.expect.map(|expect| self.expectation(expect)).transpose()?,
            name: raw.name.into_inner(),
        })
    }

    fn step(&self, raw: Spanned<RawStep>) -> Result<Step, BadFile> {
        let (start, mut raw) = (raw.span().start, raw.into_inner());
        let expect = raw.expect.take().map(|expect| self.expectation(expect)).transpose()?;
        let after = raw.after.map_or(0, millis);
        let mut answer = self.answer(&mut raw)?;
        let mut acts = self.acts(raw)?;
        let act = match (acts.pop(), acts.is_empty(), answer.take()) {
            (Some(act @ Act::Say(_)), true, said) => {
                answer = said;
                act
            }
            (Some(act), true, None) => act,
            (None, _, Some(said)) => Act::Answer(said),
            _ => return Err(self.bad_at(start, ONE_ACT.to_owned())),
        };
        Ok(Step { line: self.line(start), after, act, answer, expect })
    }

    fn answer(&self, raw: &mut RawStep) -> Result<Option<Reply>, BadFile> {
        let Some(text) = raw.answer.take() else { return Ok(None) };
        let target = raw.target.take();
        // Beside an answer it is what is said of the answer.
        let level = raw.review.take();
        Ok(Some(Reply {
            text,
            truncated: raw.truncated,
            target: target.as_ref().map(|target| self.id(target, TargetName::new)).transpose()?,
            level: level.as_ref().map(|level| self.word(level)).transpose()?,
        }))
    }

    /// Everything that happens in a step.
    fn acts(&self, raw: RawStep) -> Result<Vec<Act>, BadFile> {
        let mut acts = Vec::new();
        acts.extend(raw.fail.clone().map(Act::Fail));
        acts.extend(raw.vanish.then_some(Act::Vanish));
        acts.extend(raw.wait.map(millis).map(Act::Wait));
        acts.extend(raw.recall.clone().map(Act::Recall));
        acts.extend(raw.hand_back.then_some(Act::HandBack));
        if let Some(level) = &raw.review {
            acts.push(Act::Review(self.word(level)?));
        }
        if let Some(person) = &raw.take_over {
            acts.push(Act::TakeOver(self.id(person, UserId::new)?));
        }
        if let Some(edit) = &raw.edit {
            acts.push(Act::Edit { message: edit.message.clone(), text: edit.text.clone() });
        }
        if let Some(finding) = &raw.finding {
            acts.push(Act::Find { message: finding.message.clone(), category: finding.category.clone() });
        }
        if let Some(targets) = &raw.targets {
            let told = targets.get_ref().iter().map(|(name, raw)| (name.clone(), raw.into()));
            acts.push(Act::Tell(Spanned::new(targets.span(), told.collect())));
        }
        if raw.say.is_some() || raw.body.is_some() {
            acts.push(Act::Say(Box::new(self.said(raw)?)));
        }
        Ok(acts)
    }

    fn said(&self, raw: RawStep) -> Result<Said, BadFile> {
        let user = |id: &Option<Spanned<String>>| id.as_ref().map(|id| self.id(id, UserId::new)).transpose();
        let (from, to) = (user(&raw.from)?, user(&raw.to)?);
        let kind = raw.kind.as_ref().map(|kind| self.word(kind)).transpose()?;
        Ok(Said {
            text: raw.say.unwrap_or_default(),
            id: raw.id.map(Spanned::into_inner),
            from,
            to,
            kind: kind.unwrap_or(MessageKind::Text),
            body: raw.body.map(|body| Value::Object(json(body))),
            tier: raw.tier,
            ext: json(raw.ext),
            age: raw.age.map_or(0, millis),
            found: raw.found.into_iter().map(|found| of_callback(found.rule, found.category)).collect(),
        })
    }

    /// Words of an expectation that are of a closed list.
    fn expectation(&self, raw: Spanned<RawExpect>) -> Result<RawExpect, BadFile> {
        let raw = raw.into_inner();
        if let Some(ruling) = &raw.ruling {
            self.word::<schemas::decision::Ruling>(ruling)?;
        }
        if let Some(action) = &raw.verdict {
            self.word::<Action>(action)?;
        }
        if let Some(class) = &raw.complexity {
            self.word::<decide::complexity::Class>(class)?;
        }
        if let Some(thinking) =
            raw.thinking.as_ref().filter(|word| !["on", "off", "unsaid"].contains(&word.get_ref().as_str()))
        {
            return Err(self.bad(thinking, "thinking is \"on\", \"off\" or \"unsaid\""));
        }
        if let Some(within) = &raw.answer_within {
            humantime::parse_duration(within.get_ref()).map_err(|error| self.bad(within, error))?;
        }
        Ok(raw)
    }

    /// A word of a closed list.
    fn word<T: for<'a> Deserialize<'a>>(&self, word: &Spanned<String>) -> Result<T, BadFile> {
        let read = T::deserialize(StrDeserializer::<serde::de::value::Error>::new(word.get_ref()));
        read.map_err(|error| self.bad(word, error))
    }

    fn id<T, E: fmt::Display>(
        &self,
        id: &Spanned<String>,
        new: impl Fn(String) -> Result<T, E>,
    ) -> Result<T, BadFile> {
        new(id.get_ref().clone()).map_err(|error| self.bad(id, error))
    }
}

const ONE_ACT: &str = "a step has exactly one of say (or body), answer, fail, vanish, review, wait, recall, edit, take_over, hand_back, \
                       finding and targets; answer may stand beside say";

/// What a callback's verdict tells of a rule that lets the message on.
fn of_callback(rule: String, category: String) -> Finding {
    Finding {
        rule,
        category,
        severity: 0,
        action: Action::Pass,
        views: Vec::new(),
        text: 0,
        spans: Vec::new(),
        more: 0,
        shadow: false,
    }
}

fn json(table: toml::Table) -> Map<String, Value> {
    match serde_json::to_value(table) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn millis(time: std::time::Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests;
