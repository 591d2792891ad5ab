//! `huiyin init`: a first configuration file, with comments, for one app, one bot and one model.

use std::fs::File;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use catalogue::Provider;
use clap::Args;
use schemas::ids::{AppKey, UserId};

use crate::config::Config;

const TEMPLATE: &str = include_str!("init/template.toml");

/// What the file is about. What is not given is asked for, if there is somebody to ask.
#[derive(Args)]
pub(crate) struct Init {
    /// Easemob's App Key, org#app
    #[arg(long)]
    app: Option<String>,
    /// IM user id of the bot
    #[arg(long)]
    bot: Option<String>,
    /// Provider family of the model: openai, or local for a server of one's own that speaks the same wire
    #[arg(long)]
    provider: Option<String>,
    /// Model as the provider names it
    #[arg(long)]
    model: Option<String>,
    /// Address under which the provider is called; by default that of OpenAI, or of an Ollama on this host
    #[arg(long)]
    base_url: Option<String>,
    /// Region in which the model runs
    #[arg(long, default_value = "cn")]
    region: String,
    /// Easemob's REST address for the app
    #[arg(long, default_value = "https://a1.easemob.com")]
    easemob: String,
    /// Kafka's brokers, host:port
    #[arg(long, default_value = "127.0.0.1:9092")]
    kafka: String,
    /// ClickHouse's HTTP address
    #[arg(long, default_value = "http://127.0.0.1:8123")]
    clickhouse: String,
    /// The file to write; one that is there is left as it is
    #[arg(long, default_value = "huiyin.toml")]
    output: PathBuf,
}

impl Init {
    /// Writes the file; gives what to do next.
    pub(super) fn run(self) -> anyhow::Result<String> {
        let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
        let somebody = stdin.is_terminal() && stderr.is_terminal();
        let mut asked = somebody.then(|| Terminal { questions: stderr.lock(), answers: stdin.lock() });
        self.write(asked.as_mut())
    }

    fn write<Q: Write, A: BufRead>(self, mut asked: Option<&mut Terminal<Q, A>>) -> anyhow::Result<String> {
        let path = self.output.display().to_string();
        ensure!(!self.output.exists(), "{path} is there already; --output names another file");
        let mut get = |given: &Option<String>, flag: &str, question: &str| match (given, asked.as_mut()) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(terminal)) => terminal.ask(question),
            (None, None) => bail!("{flag} is not given, and there is no terminal to ask on"),
        };
        let app = get(&self.app, "--app", "App Key (org#app)")?;
        let app = AppKey::new(app).context("read the App Key")?;
        let bot = get(&self.bot, "--bot", "IM user id of the bot")?;
        let bot = UserId::new(bot).context("read the bot's id")?;
        let families = Provider::ALL.map(Provider::label).join(" or ");
        let provider = get(&self.provider, "--provider", &format!("Provider of the model ({families})"))?;
        let provider: Provider = provider.parse().with_context(|| format!("it is {families}"))?;
        let model = get(&self.model, "--model", "Model as the provider names it")?;
        let base_url = self.base_url.unwrap_or_else(|| match provider {
            Provider::Openai => "https://api.openai.com/v1".to_owned(),
            Provider::Local => "http://127.0.0.1:11434/v1".to_owned(),
        });
        let text = filled(&[
            ("APP", app.as_str()),
            ("BOT", bot.as_str()),
            ("PROVIDER", provider.label()),
            ("MODEL", &model),
            ("BASE_URL", &base_url),
            ("REGION", &self.region),
            ("EASEMOB", &self.easemob),
            ("KAFKA", &self.kafka),
            ("CLICKHOUSE", &self.clickhouse),
        ])?;
        Config::try_out(&text).map_err(|found| anyhow::anyhow!("that makes no configuration: {found}"))?;
        let mut file = File::create_new(&self.output).with_context(|| format!("create {path}"))?;
        file.write_all(text.as_bytes()).with_context(|| format!("write {path}"))?;
        Ok(next(&path, &text))
    }
}

/// Somebody who answers questions.
struct Terminal<Q, A> {
    questions: Q,
    answers: A,
}

impl<Q: Write, A: BufRead> Terminal<Q, A> {
    fn ask(&mut self, question: &str) -> anyhow::Result<String> {
        write!(self.questions, "{question}: ").and_then(|()| self.questions.flush()).context("ask")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("read the answer")?;
        let answer = answer.trim();
        ensure!(!answer.is_empty(), "no answer to: {question}");
        Ok(answer.to_owned())
    }
}

/// The template with its marks `<NAME>` replaced by texts between double quotes, which JSON writes as TOML does.
fn filled(values: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut text = TEMPLATE.to_owned();
    for (name, value) in values {
        // A value is meant as it stands: it is no placeholder.
        let value = serde_json::to_string(&value.replace("${", "$${")).context("write a text")?;
        text = text.replace(&format!("<{name}>"), &value);
    }
    Ok(text)
}

/// Environment variables that the file names.
fn variables(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let named = lines.flat_map(|line| line.split("\"${").skip(1)).filter_map(|rest| rest.split('}').next());
    named.collect()
}

fn next(path: &str, text: &str) -> String {
    let set: Vec<String> = variables(text).into_iter().map(|name| format!("  {name}\n")).collect();
    format!(
        "wrote {path}. Set these environment variables, with the secrets of Easemob's console and of the provider:\n{}then see what is \
         still to do with\n  huiyin --config {path} check --online\n",
        set.concat()
    )
}

#[cfg(test)]
mod tests;
