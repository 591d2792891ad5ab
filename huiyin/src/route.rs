//! `huiyin route score`: what the router's scorer says of a text, of many texts, and how often it is right on labelled ones; needs no
//! configuration. `huiyin route arm`: which arms of its app's experiments a conversation is in.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use catalogue::Bundle;
use clap::{Args, Subcommand};
use decide::complexity::{self, Class, Context, Signal};
use schemas::conversation::Conversation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::{Ended, Said};

/// What to ask the router.
#[derive(Subcommand)]
pub(crate) enum Route {
    /// How much work a good answer to a text takes: simple, standard or hard, and why
    Score(Score),
    /// Which arm of each experiment of its app a conversation is in
    Arm(Arm),
}

/// A conversation.
#[derive(Args)]
pub(crate) struct Arm {
    /// Its key, such as org#app/chat/bot/user or org#app/group/id
    conversation: Conversation,
}

/// What is scored.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Score {
    /// One text
    text: Option<String>,
    /// JSON lines {"id", "text"} on standard input, scored in their order to standard output
    #[arg(long)]
    batch: bool,
    /// A file of JSON lines {"id", "text", "label"}: how often each label is taken for which
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
}

/// A line of a batch.
#[derive(Deserialize)]
struct Asked {
    id: Value,
    text: String,
    /// Turns of the conversation before it.
    #[serde(default)]
    history_turns: u32,
}

/// A line of the answer to a batch.
#[derive(Serialize)]
struct Scored<'a> {
    id: &'a Value,
    label: &'static str,
    score: u32,
    signals: Vec<Signal>,
}

/// A line of a labelled file.
#[derive(Deserialize)]
struct Labelled {
    text: String,
    label: Class,
    #[serde(default)]
    history_turns: u32,
}

/// Does what was asked.
pub(crate) fn run(route: &Route, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<Said> {
    let score = match route {
        Route::Score(score) => score,
        Route::Arm(arm) => return arms(&config()?.bundle, &arm.conversation).map(Said::from),
    };
    if let Some(text) = &score.text {
        return Ok(one(text).into());
    }
    let mut errors = std::io::stderr().lock();
    if let Some(path) = &score.confusion {
        return confusion(path, &mut errors);
    }
    let ok = batch(std::io::stdin().lock(), &mut std::io::stdout().lock(), &mut errors)?;
    Ok(Said { text: String::new(), ended: Ended::well_if(ok) })
}

/// The arm of each experiment, a line each. Ids are read in any case, as Easemob does.
fn arms(bundle: &Bundle, conversation: &Conversation) -> anyhow::Result<String> {
    let conversation = conversation.clone().canonical();
    let key = conversation.app();
    let app = bundle.apps.get(key).with_context(|| format!("the app {key} is not configured"))?;
    let experiments = app.experiments.iter();
    let arms = experiments.map(|one| format!("{}\t{}\n", one.name, one.arm_of(&conversation).unwrap_or("-")));
    let told: String = arms.collect();
    Ok(if told.is_empty() { format!("the app {key} has no experiment\n") } else { told })
}

/// The class, the score and its signals, for people.
fn one(text: &str) -> String {
    let found = complexity::score(text, &Context::default());
    let signals = found.signals.iter().map(|signal| format!("{:>+6}  {}\n", signal.points, signal.name));
    format!("{}, score {}\n{}", found.class.label(), found.score, signals.collect::<String>())
}

/// Scores line by line; false if a line could not be read.
fn batch(lines: impl BufRead, answers: &mut impl Write, errors: &mut impl Write) -> anyhow::Result<bool> {
    each(lines, errors, |asked: Asked| {
        let context = Context { history_turns: asked.history_turns, ..Context::default() };
        let found = complexity::score(&asked.text, &context);
        let (label, score, signals) = (found.class.label(), found.score, found.signals);
        let line = serde_json::to_string(&Scored { id: &asked.id, label, score, signals })?;
        writeln!(answers, "{line}").context("write answer")
    })
}

/// Reads JSON lines one by one. One that cannot be read is told with its number, and the next is read.
fn each<T: for<'a> Deserialize<'a>>(
    lines: impl BufRead,
    errors: &mut impl Write,
    mut take: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let mut ok = true;
    for (number, line) in lines.split(b'\n').enumerate() {
        let line = line.context("read lines")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(read) => take(read)?,
            Err(error) => {
                ok = false;
                writeln!(errors, "huiyin: line {}: {error}", number + 1).context("write error")?;
            }
        }
    }
    Ok(ok)
}

/// Scores a labelled file.
fn confusion(path: &Path, errors: &mut impl Write) -> anyhow::Result<Said> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut table = Table::default();
    let ok = each(BufReader::new(file), errors, |line: Labelled| {
        let context = Context { history_turns: line.history_turns, ..Context::default() };
        table.add(line.label, complexity::score(&line.text, &context).class);
        Ok(())
    })?;
    Ok(Said { text: table.to_text(), ended: Ended::well_if(ok) })
}

/// How often each label was taken for which class.
#[derive(Default)]
struct Table {
    counts: std::collections::BTreeMap<(Class, Class), u32>,
}

impl Table {
    fn add(&mut self, label: Class, taken: Class) {
        *self.counts.entry((label, taken)).or_default() += 1;
    }

    fn sum(&self, wanted: impl Fn(Class, Class) -> bool) -> u32 {
        self.counts.iter().filter(|((label, taken), _)| wanted(*label, *taken)).map(|(_, count)| count).sum()
    }

    /// As a table in Markdown, with the share that is right and the share that is wrong by two classes.
    fn to_text(&self) -> String {
        let mut text = "| label | taken for simple | standard | hard |\n|---|---|---|---|\n".to_owned();
        for label in Class::ALL {
            let row = Class::ALL.map(|class| self.sum(|a, b| (a, b) == (label, class)).to_string());
            text.push_str(&format!("| {} | {} |\n", label.label(), row.join(" | ")));
        }
        let all = self.sum(|_, _| true);
        let share = |count: u32| f64::from(count) * 100.0 / f64::from(all.max(1));
        let right = self.sum(|label, taken| label == taken);
        let far =
            self.sum(|label, taken| label != taken && Class::Standard != label && Class::Standard != taken);
        text.push_str(&format!(
            "\n{right} of {all} right: {:.1} %. Simple taken for hard or hard for simple: {far}, {:.1} %.\n",
            share(right),
            share(far)
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(lines: &str) -> (bool, Vec<Value>, String) {
        let (mut answers, mut errors) = (Vec::new(), Vec::new());
        let ok = batch(lines.as_bytes(), &mut answers, &mut errors).unwrap();
        let answers = String::from_utf8(answers).unwrap();
        let answers = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ok, answers, String::from_utf8(errors).unwrap())
    }

    #[test]
    fn a_batch_is_answered_in_its_order() {
        let (ok, answers, errors) =
            scored("{\"id\":2,\"text\":\"你好\"}\n\n{\"id\":\"b\",\"text\":\"证明根号2是无理数\"}");
        assert!(ok && errors.is_empty(), "{errors}");
        let labels: Vec<(&Value, &str)> =
            answers.iter().map(|line| (&line["id"], line["label"].as_str().unwrap())).collect();
        assert_eq!(labels, [(&Value::from(2), "simple"), (&Value::from("b"), "hard")]);
        let points = answers[1]["signals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["points"].as_i64().unwrap())
            .sum::<i64>();
        assert_eq!(points.clamp(0, 1000), answers[1]["score"].as_i64().unwrap());
    }

    #[test]
    fn a_conversation_is_told_its_arms_and_an_unknown_app_is_refused() {
        let text = "[[app]]\nkey = \"a#b\"\nbot = [{ id = \"bot\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
                    [[app.experiment]]\nname = \"tone\"\narms = [{ name = \"warm\", weight = 0 }, { name = \"dry\", weight = 1 }]\n\
                    [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"";
        let bundle = catalogue::validate(&toml::from_str(text).unwrap()).unwrap();
        let told = |key: &str| arms(&bundle, &key.parse().unwrap());
        assert_eq!(told("a#b/chat/Bot/Alice").unwrap(), "tone\tdry\n");
        assert!(told("a#c/group/1").unwrap_err().to_string().contains("a#c is not configured"));
    }

    #[test]
    fn a_bad_line_is_told_with_its_number_and_the_next_is_scored() {
        let (ok, answers, errors) = scored("{\"id\":1}\nnothing\n{\"id\":3,\"text\":\"hi\"}\n");
        assert!(!ok);
        assert_eq!(answers.len(), 1);
        let errors: Vec<&str> = errors.lines().collect();
        assert!(errors[0].starts_with("huiyin: line 1: missing field `text`"), "{errors:?}");
        assert!(errors[1].starts_with("huiyin: line 2: "), "{errors:?}");
    }

    #[test]
    fn one_text_is_told_with_its_reasons() {
        let told = one("设计一个秒杀系统");
        assert!(told.starts_with("hard, score "), "{told}");
        assert!(told.contains("  design\n"), "{told}");
    }

    #[test]
    fn a_confusion_table_counts_what_is_wrong_by_two_classes() {
        let mut table = Table::default();
        table.add(Class::Simple, Class::Hard);
        table.add(Class::Hard, Class::Hard);
        let text = table.to_text();
        assert!(text.contains("| simple | 0 | 0 | 1 |\n"), "{text}");
        assert!(
            text.ends_with("1 of 2 right: 50.0 %. Simple taken for hard or hard for simple: 1, 50.0 %.\n"),
            "{text}"
        );
    }
}
