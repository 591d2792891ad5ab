//! Sessions, commands, staff, and what a message does to the turn in flight.

use std::collections::BTreeMap;
use std::time::Duration;

use common::Problems;
use safety::{Folded, is_blank};
use schemas::ids::{TargetName, UserId};
use toml::Spanned;

use super::{Asked, millis};
use crate::app::Cancel;
use crate::dialogue::{Command, Commands, Mention, Notice, Session, Staff, Summary, WhileAnswering};
use crate::raw::{RawApp, RawBot, RawCommands, RawSummary, Written};
use crate::target::Target;

/// Most characters of a command's word.
const LONGEST_WORD: usize = 64;

pub(super) fn while_answering(
    raw: &RawApp,
    cancel: Cancel,
    place: &str,
    problems: &mut Problems,
) -> WhileAnswering {
    let words = [
        ("merge", WhileAnswering::Merge),
        ("queue", WhileAnswering::Queue),
        ("interrupt", WhileAnswering::Interrupt),
    ];
    let policy = problems.word(place, &raw.while_answering, &words).unwrap_or_default();
    if policy == WhileAnswering::Interrupt && cancel == Cancel::RunOn {
        let what =
            "while_answering interrupts turns, and cancel = \"run_on\" lets their calls run to the end";
        problems.add_at(place, &raw.while_answering, what);
    }
    policy
}

pub(super) fn mention(raw: &RawApp, place: &str, problems: &mut Problems) -> Mention {
    let all = raw.mention.all.as_ref().and_then(|at| {
        let is_it = |bot: &&RawBot| same(bot.id.get_ref(), at.get_ref());
        let bot = raw.bot.iter().find(is_it).and_then(|bot| UserId::new(bot.id.get_ref().clone()).ok());
        if bot.is_none() {
            problems.add_at(place, at, format!("mention.all: {:?} is no bot of the app", at.get_ref()));
        }
        bot
    });
    Mention { all, quotes: raw.mention.quotes }
}

pub(super) fn session(
    raw: &RawApp,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Session {
    let said = &raw.session;
    let mut idle = |key: &str, at: &Option<Spanned<Written>>| positive(key, at.as_ref(), place, problems);
    let (idle_ms, history_age_ms) =
        (idle("session.idle", &said.idle), idle("session.history_age", &said.history_age));
    let of = |bot: &RawBot| {
        Some((UserId::new(bot.id.get_ref().clone()).ok()?, millis(bot.idle.as_ref()?.get_ref().0)))
    };
    for bot in &raw.bot {
        positive("idle", bot.idle.as_ref(), place, problems);
    }
    if let Some(at) = said.history_tokens.as_ref().filter(|at| *at.get_ref() == 0) {
        problems.add_at(place, at, "session.history_tokens may not be zero");
    }
    Session {
        idle_ms,
        idle_of: raw.bot.iter().filter_map(of).collect(),
        history_tokens: said.history_tokens.as_ref().map(|most| *most.get_ref()),
        history_age_ms,
        summary: said.summary.as_ref().map(|said| summary(said, raw, targets, place, problems)),
        pin: said.pin,
    }
}

fn summary(
    said: &RawSummary,
    raw: &RawApp,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Summary {
    let tokens = *said.max_tokens.get_ref();
    if tokens == 0 {
        problems.add_at(place, &said.max_tokens, "session.summary.max_tokens may not be zero");
    }
    if said.within.is_zero() || said.within >= raw.answer_within {
        let what = "session.summary.within must be more than zero and shorter than answer_within";
        problems.add_at(place, &said.max_tokens, what);
    }
    let place = format!("{place}: session.summary");
    let chain = super::chain(Asked { names: &said.chain, tokens }, raw, targets, &place, problems);
    Summary { chain, prompt: said.prompt.clone(), max_tokens: tokens, within_ms: millis(said.within) }
}

fn positive(key: &str, at: Option<&Spanned<Written>>, place: &str, problems: &mut Problems) -> Option<i64> {
    let at = at?;
    if at.get_ref().0.is_zero() {
        problems.add_at(place, at, format!("{key} may not be zero"));
    }
    Some(millis(at.get_ref().0))
}

pub(super) fn commands(raw: &RawApp, place: &str, problems: &mut Problems) -> Commands {
    let said = &raw.commands;
    let mut owners: BTreeMap<Vec<char>, Command> = BTreeMap::new();
    let mut words = BTreeMap::new();
    for command in Command::ALL {
        let own = words_of(said, command);
        for word in own {
            let text = word.get_ref();
            let folded: Vec<char> = Folded::of(text.trim()).chars().to_vec();
            if is_blank(text) || text.chars().count() > LONGEST_WORD {
                let what =
                    format!("commands.{}: a word has from 1 to {LONGEST_WORD} characters", command.label());
                problems.add_at(place, word, what);
            }
            let owner = *owners.entry(folded).or_insert(command);
            if owner != command {
                let what = format!(
                    "the word {text:?} of commands.{} is one of commands.{} as well",
                    command.label(),
                    owner.label()
                );
                problems.add_at(place, word, what);
            }
        }
        if !own.is_empty() {
            words.insert(command, own.iter().map(|word| word.get_ref().trim().to_owned()).collect());
        }
    }
    if let (Some(word), None) = (said.person.first(), &raw.staff) {
        problems.add_at(place, word, "commands.person gets a person, and [app.staff] is missing");
    }
    let texts = Command::ALL.into_iter().filter(|command| words.contains_key(command));
    let texts = texts.map(|command| (command, text_of(said, command)));
    Commands { texts: texts.filter(|(_, text)| !text.is_empty()).collect(), words }
}

fn words_of(raw: &RawCommands, command: Command) -> &[Spanned<String>] {
    match command {
        Command::New => &raw.new,
        Command::Stop => &raw.stop,
        Command::Help => &raw.help,
        Command::Rate => &raw.rate,
        Command::Person => &raw.person,
        Command::HandBack => &raw.hand_back,
    }
}

/// What a person is told: the operator's words, or else ours.
fn text_of(raw: &RawCommands, command: Command) -> String {
    let (own, ours) = match command {
        Command::New => (&raw.new_text, "好的,我们重新开始。"),
        Command::Stop => (&raw.stop_text, "好的,已停止。"),
        Command::Help => (&raw.help_text, ""),
        Command::Rate => (&raw.rate_text, "谢谢您的评价。"),
        Command::Person => (&raw.person_text, "正在为您转接人工,请稍候。"),
        Command::HandBack => (&raw.hand_back_text, "我回来了,请问有什么可以帮您?"),
    };
    own.as_deref().unwrap_or(ours).to_owned()
}

pub(super) fn staff(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<Staff> {
    let said = raw.staff.as_ref()?;
    let mut user = |at: &Spanned<String>| problems.take_at(place, at, UserId::new(at.get_ref().clone()));
    let ids = said.ids.iter().filter_map(&mut user).map(|id| id.canonical()).collect();
    let desk = user(&said.desk);
    for id in said.ids.iter().filter(|id| raw.bot.iter().any(|bot| same(bot.id.get_ref(), id.get_ref()))) {
        problems.add_at(place, id, "staff.ids: it is a bot's");
    }
    for prefix in &said.prefixes {
        let is_bot = |bot: &RawBot| lower(bot.id.get_ref()).starts_with(&lower(prefix.get_ref()));
        if is_blank(prefix.get_ref()) || raw.bot.iter().any(is_bot) {
            problems.add_at(
                place,
                prefix,
                "staff.prefixes: a prefix is not empty, and no bot's id begins with it",
            );
        }
    }
    Some(Staff {
        ids,
        prefixes: said.prefixes.iter().map(|prefix| lower(prefix.get_ref())).collect(),
        silence_ms: positive("staff.silence", said.silence.as_ref(), place, problems),
        desk: desk?,
        text: said.text.clone(),
    })
}

/// Easemob's ids know no case.
fn lower(id: &str) -> String {
    id.to_ascii_lowercase()
}

fn same(one: &str, other: &str) -> bool {
    lower(one) == lower(other)
}

pub(super) fn notice(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<Notice> {
    let said = raw.notice.as_ref()?;
    let after = said.after.get_ref().0;
    if after == Duration::ZERO || after >= raw.answer_within {
        let what = "notice.after must be more than zero and shorter than answer_within";
        problems.add_at(place, &said.after, what);
    }
    if is_blank(said.text.get_ref()) {
        problems.add_at(place, &said.text, "notice.text: nobody would see it");
    }
    Some(Notice { after_ms: millis(after), text: said.text.get_ref().clone() })
}
