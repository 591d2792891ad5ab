//! `huiyin why`: the whole story of one message, out of the tables and the log.

mod hide;
mod log;
mod tell;

use std::collections::BTreeMap;

use anyhow::Context;
use clap::Args;
use schemas::ids::{AppKey, MessageId};
use serde_json::{Map, Value, json};

use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::{Ended, Said};

/// Kinds of events that bring messages, as their ids name them.
const KINDS: [&str; 3] = ["chat", "group", "chatroom"];

/// Which message, and how much is told.
#[derive(Args)]
pub(crate) struct Why {
    /// Its id, org#app/chat/1501234567890123456, or Easemob's id of it, or of a message that answered it; also the id of a turn, a request or
    /// an answer
    id: String,
    /// Also tell what was said. That you asked stands in the log, and in the table audit
    #[arg(long)]
    show_text: bool,
    #[command(flatten)]
    who: Who,
    /// Only what the tables have
    #[arg(long)]
    no_log: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The story: rows by table, records by what they are, and what is not there any more.
#[derive(Debug, Default)]
struct Story {
    message: String,
    turns: Vec<String>,
    tables: BTreeMap<&'static str, Vec<Value>>,
    log: Map<String, Value>,
    gone: Vec<String>,
}

/// Tells the story.
///
/// # Errors
/// When the tables do not answer, or a text is asked for and that cannot be written down.
pub(crate) async fn run(config: Config, ask: &Why) -> anyhow::Result<Said> {
    let store = account::Store::new(&config.account()?);
    let found = store.story(&ids(&config, &ask.id)).await?;
    let Some(message) = found.message else {
        let text = format!(
            "no table has a row of {}: it never came, account has not stored it yet, or its rows are not kept any more\n",
            ask.id
        );
        return Ok(Said { text, ended: Ended::Badly });
    };
    let objects =
        |table: &account::queries::Table| (0..table.rows.len()).filter_map(|row| table.object(row)).collect();
    let tables = found.rows.iter().map(|(name, table)| (*name, objects(table))).collect();
    let mut story = Story { message, turns: found.turns, tables, ..Story::default() };
    if story.rows("messages").is_empty() {
        story
            .gone
            .push("messages: the row of its decision is not kept any more, or not stored yet".to_owned());
    }
    let prices = tell::prices(&config.bundle, story.rows("model_calls"));
    if !ask.no_log {
        let (who, show_text) = (ask.who.clone(), ask.show_text);
        story = crate::blocking(move || {
            if show_text {
                write_down(&config, &who, &story.message)?;
            }
            match pipeline::kafka::reach(&config.kafka) {
                Ok(()) => log::read(&config, &mut story)?,
                Err(error) => story.gone.push(format!("log: {:#}", anyhow::Error::from(error))),
            }
            Ok(story)
        })
        .await?;
    }
    if !ask.show_text {
        story.log.values_mut().for_each(hide::texts);
    }
    let text = if ask.json {
        let shown = json!({
            "message": story.message, "tables": story.tables, "prices": prices, "log": story.log, "gone": story.gone,
        });
        serde_json::to_string(&shown)? + "\n"
    } else {
        tell::text(&story, &prices)
    };
    Ok(Said { text, ended: Ended::Well })
}

impl Story {
    fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(table).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What an id may be in full: Easemob's id of a message names neither its app nor its kind.
fn ids(config: &Config, id: &str) -> Vec<String> {
    let of_app = |app: &AppKey| KINDS.map(|kind| format!("{app}/{kind}/{id}"));
    let in_full = config.bundle.apps.keys().flat_map(of_app).filter(|_| !id.contains('/'));
    std::iter::once(id.to_owned()).chain(in_full).collect()
}

/// Before a text is shown, so that none is shown which nobody knows of.
fn write_down(config: &Config, who: &Who, message: &str) -> anyhow::Result<()> {
    let app = MessageId::new(message).ok().and_then(|id| AppKey::new(id.app()).ok());
    let done = Done { kind: "text_shown", app, subject: message.to_owned(), details: BTreeMap::new() };
    act::write(config, who, done).context("write down that the text is asked for")
}
