//! `huiyin explain`: what the line makes of a message, and why: of one that nobody sent, or of one of the log.

mod cost;
mod targets;
mod text;
mod told;

use std::io::Read;

use anyhow::{Context, bail};
use clap::Args;
use conversation::Looked;
use schemas::decision::Ruling;
use schemas::event::MessageKind;
use schemas::ids::{AppKey, GroupId, UserId};
use schemas::request::RequestKind;
use schemas::review::Level;
use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde_json::{Map, Value};

use crate::config::Config;
use crate::rehearse::{House, Place, Reply, Spoken, Stage, Written};
use crate::timestamp::Timestamp;
use crate::{Said, check, line, rehearse};

use targets::Told;
use told::{Explained, Material};

/// Tells what the line would make of a message, and why: verdict and findings, language, complexity, rule by rule, the chain, the prompt as
/// it would be sent, and what it would cost.
///
/// A text needs the configuration file and nothing else. With `--message` the log is folded up to that message, so that it is told what was
/// decided when the conversation stood as it did.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The text; standard input without it
    #[arg(conflicts_with = "message")]
    text: Option<String>,
    /// A message of the log instead: its id, in full (org#app/chat/ID) or as Easemob has it
    #[arg(long, value_name = "ID", conflicts_with_all = ["app", "from", "bot", "group", "room", "kind", "tier", "ext", "at", "before", "open", "cooling", "waiting", "review"])]
    message: Option<String>,
    /// The app, org#app; may be left out where one is configured
    #[arg(long)]
    app: Option<String>,
    /// Who writes
    #[arg(long, default_value = "somebody")]
    from: String,
    /// The bot that is written to; the app's first without it
    #[arg(long)]
    bot: Option<String>,
    /// The group that it is written in; there the text must mention the bot
    #[arg(long, conflicts_with = "room")]
    group: Option<String>,
    /// The room that it is written in
    #[arg(long)]
    room: Option<String>,
    /// The kind of message, such as image
    #[arg(long, default_value = "text")]
    kind: String,
    /// The tier that the app has signed of whoever writes
    #[arg(long)]
    tier: Option<String>,
    /// A field of the message's extension, name=value; several are given one by one
    #[arg(long, value_name = "NAME=VALUE")]
    ext: Vec<String>,
    /// When: a time as in RFC 3339, or how long ago; now without it
    #[arg(long)]
    at: Option<Timestamp>,
    /// What was asked before in the conversation, each answered with a short text; several are given one by one
    #[arg(long, value_name = "TEXT")]
    before: Vec<String>,
    #[command(flatten)]
    targets: Told,
    /// What a reviewer says of the message, if the filter holds it: safe, controversial, unsafe
    #[arg(long)]
    review: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Whether the log is asked, which needs the secrets of the configuration.
    pub(crate) fn asks_log(&self) -> bool {
        self.message.is_some()
    }

    /// Explains a message.
    pub(crate) fn run(&self, config: &Config) -> anyhow::Result<Said> {
        let explained = match &self.message {
            Some(id) => self.of_log(config, id)?,
            None => self.of_text(config)?,
        };
        let text = match self.json {
            true => serde_json::to_string(&explained)? + "\n",
            false => text::of(&explained),
        };
        Ok(text.into())
    }

    fn of_log(&self, config: &Config, id: &str) -> anyhow::Result<Explained> {
        let (deployment, settings) = (line::deployment(config), line::settings(config));
        let looked = conversation::look(&deployment, &settings, config.bundle.hash_keys(), id)?;
        let Looked { message, outputs, bundle, cold } = looked;
        let written = Written::of(outputs);
        let own = bundle.as_ref().map(|ready| ready.bundle.as_ref());
        let material =
            Material { heard: None, message: Some(&message), written: &written, cold, began: None };
        Ok(told::explained(config, own.unwrap_or(&config.bundle), &material))
    }

    fn of_text(&self, config: &Config) -> anyhow::Result<Explained> {
        let house = House::new(config)?;
        let key = self.app.clone().map(AppKey::new).transpose().context("read --app")?;
        let (key, app) = house.app(key.as_ref())?;
        let bot = self.bot.clone().map(UserId::new).transpose().context("read --bot")?;
        let bot = House::bot(app, bot)?;
        if let Some(tier) = self.tier.as_deref().filter(|tier| app.tier(tier).is_none()) {
            bail!("read --tier: the app {key} has no tier {tier:?}");
        }
        let conditions = self.targets.read(&house.ready().bundle)?;
        let now = self.at.map_or_else(check::now, |Timestamp(millis)| millis);
        let mut stage = Stage::new(&house, key.clone(), now)?;
        for (number, text) in self.before.iter().enumerate() {
            self.exchange(&mut stage, self.spoken(&bot, format!("before-{number}"), text.clone(), now)?)?;
        }
        if !conditions.is_empty() {
            stage.tell(conditions)?;
        }
        drop(stage.take());
        let spoken = self.spoken(&bot, "explained".to_owned(), self.text()?, stage.now())?;
        let began = stage.now();
        let heard = stage.say(spoken, Vec::new())?;
        let written = self.decided(&mut stage)?;
        let material = Material {
            message: heard.message.as_ref(),
            heard: Some(&heard),
            written: &written,
            cold: false,
            began: Some(began),
        };
        Ok(told::explained(config, &house.ready().bundle, &material))
    }

    fn text(&self) -> anyhow::Result<String> {
        let Some(text) = &self.text else {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("read standard input")?;
            return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
        };
        Ok(text.clone())
    }

    /// Says something and has it answered, so that it is history.
    fn exchange(&self, stage: &mut Stage<'_>, spoken: Spoken) -> anyhow::Result<()> {
        stage.say(spoken, Vec::new())?;
        while stage.waiting(|request| !request.kind.is_review()).is_none() {
            let Some(next) = stage.opens() else { return Ok(()) };
            stage.pass_until(next)?;
        }
        stage.answer(Reply { text: "…".to_owned(), ..Reply::default() })
    }

    /// What was written until the message is decided on: a merge window closes, a review is given, a summary comes.
    fn decided(&self, stage: &mut Stage<'_>) -> anyhow::Result<Written> {
        let level: Option<Level> = self.review.as_deref().map(word).transpose().context("read --review")?;
        let mut all = stage.take();
        loop {
            let waits = all.decisions.last().is_some_and(|last| last.ruling == Ruling::Waits);
            let summary = stage.waiting(|request| request.kind == RequestKind::Summary).is_some();
            let review =
                level.filter(|_| stage.waiting(|request| request.kind == RequestKind::Review).is_some());
            match (review, stage.opens()) {
                (Some(level), _) => stage.review(level)?,
                (None, _) if summary => {
                    stage.answer(Reply { text: "…".to_owned(), ..Reply::default() })?;
                }
                (None, Some(next)) if waits => stage.pass_until(next)?,
                _ => return Ok(all),
            }
            all.and(stage.take());
        }
    }

    fn spoken(&self, bot: &UserId, id: String, text: String, sent_at: i64) -> anyhow::Result<Spoken> {
        let place = match (&self.group, &self.room) {
            (Some(group), _) => Place::Group(GroupId::new(group.clone()).context("read --group")?),
            (None, Some(room)) => Place::Room(GroupId::new(room.clone()).context("read --room")?),
            (None, None) => Place::To(bot.clone()),
        };
        let mut ext = Map::new();
        for field in &self.ext {
            let Some((name, value)) = field.split_once('=') else {
                bail!("read --ext {field:?}: it is not name=value")
            };
            // What reads as JSON is that, so that lists and numbers can be given; everything else is text.
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            ext.insert(name.to_owned(), value);
        }
        let from = UserId::new(self.from.clone()).context("read --from")?;
        let kind: MessageKind = word(&self.kind).context("read --kind")?;
        let tier = self.tier.clone();
        Ok(Spoken { id, from, place, text, kind, body: None, tier, ext, sent_at })
    }
}

/// A word of a closed list.
fn word<T: for<'a> Deserialize<'a>>(word: &str) -> Result<T, WordError> {
    T::deserialize(StrDeserializer::new(word))
}

/// The configuration that a command needs: without the secrets that are not at hand where nobody is called.
pub(crate) fn variable(explain: &Explain) -> fn(&str) -> Option<String> {
    if explain.asks_log() { crate::variable } else { rehearse::variable }
}

#[cfg(test)]
mod tests;
