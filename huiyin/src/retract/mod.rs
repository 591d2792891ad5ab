//! `huiyin retract`: takes what the bot said back. The log tells what was said; an order per conversation in `events` lets decide take it
//! back. Without `--yes` it only tells what it would do.

mod books;
mod choose;
mod order;
mod report;

use anyhow::{Context, bail};
use clap::Args;
use pipeline::kafka::{Instance, Outcome, TransactionalProducer};
use schemas::conversation::Conversation;
use schemas::ids::AppKey;
use schemas::retract::{AnswerReference, RetractScope};

pub(crate) use books::reference;

use crate::config::Config;
use crate::timestamp::Timestamp;
use crate::{Ended, Said};

/// The instance name of the writer. A second operator who takes back at the same time fences the first one off.
const WRITER: &str = "retract";

/// Which answers are taken back, and in whose name. An answer must meet every condition that is given.
#[derive(Args)]
pub(crate) struct Retract {
    /// The answer that holds this message of the bot, or answers this message of a person: Easemob's id of it
    #[arg(long, required_unless_present_any = ["conversation", "rule", "since"])]
    message: Vec<String>,
    /// Answers in this conversation: org#app/chat/bot/user, org#app/group/id or org#app/chatroom/id
    #[arg(long)]
    conversation: Option<Conversation>,
    /// Answers that this rule of the filter hit, and answers to messages that it hit when they opened a turn
    #[arg(long)]
    rule: Option<String>,
    /// Answers of this app, org#app
    #[arg(long, value_parser = |text: &str| AppKey::new(text))]
    app: Option<AppKey>,
    /// Let out at this time or later: 2026-01-31T08:00:00Z, or 2h ago as 2h
    #[arg(long)]
    since: Option<Timestamp>,
    /// Let out before this time
    #[arg(long)]
    until: Option<Timestamp>,
    /// Also answers that were taken back before
    #[arg(long)]
    again: bool,
    /// Who asks for it; it stands in the log
    #[arg(long, required_if_eq("yes", "true"))]
    by: Option<String>,
    /// Why; it stands in the log
    #[arg(long, required_if_eq("yes", "true"))]
    why: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Do it
    #[arg(long)]
    yes: bool,
}

/// Tells what would be taken back; with `--yes` also orders it.
pub(crate) fn run(config: &Config, ask: &Retract) -> anyhow::Result<Said> {
    let books = books::read(config, ask)?;
    let chosen = choose::choose(&books, ask);
    let now = crate::check::now();
    let mut ordered = false;
    if let (true, Some(by), Some(why)) = (ask.yes, &ask.by, &ask.why) {
        let answers: Vec<&AnswerReference> = chosen.iter().map(|said| &said.answer).collect();
        write(config, &order::orders(&answers, order::Terms { scope: ask.scope(), by, why, now }))?;
        ordered = true;
    }
    let text = if ask.json { report::json(&chosen, ordered)? } else { report::text(&chosen, ordered) };
    Ok(Said { text, ended: Ended::well_if(!chosen.is_empty()) })
}

/// Orders decide to take answers back that rules of the filter stop now, whoever found them. Blocks.
///
/// # Errors
/// When an order cannot be written; those before it are.
pub(crate) fn take_back(
    config: &Config,
    answers: &[&AnswerReference],
    by: &str,
    why: &str,
) -> anyhow::Result<()> {
    let mut answers = answers.to_vec();
    answers.sort_by_key(|answer| (answer.lane.conversation.to_string(), answer.decided_at));
    let terms = order::Terms { scope: RetractScope::Rule, by, why, now: crate::check::now() };
    write(config, &order::orders(&answers, terms))
}

/// Writes one order after the other.
fn write(config: &Config, orders: &[schemas::retract::RetractOrder]) -> anyhow::Result<()> {
    if orders.is_empty() {
        return Ok(());
    }
    let instance = Instance::new(&config.deployment, WRITER, 0)?;
    let mut producer = TransactionalProducer::new(&config.kafka, &instance).context("connect")?;
    for (done, order) in orders.iter().enumerate() {
        let record = order::record(config, order)?;
        let conversations = orders.len();
        match producer.write(&[record]) {
            Outcome::Committed => {}
            Outcome::Aborted(why) => {
                bail!("order: {why}; {done} of {conversations} orders were written before it")
            }
            Outcome::Unknown(why) | Outcome::Fenced(why) => bail!(
                "order: {why}; {done} of {conversations} orders were written before it, and it may have been: run it again, \
                 taking back twice is harmless"
            ),
        }
    }
    Ok(())
}
