//! What the books say at the end: cost, latency, the story of one message, and whether all of it agrees; then what the cheaper model would have said and cost.
//! The README shows this output, so its form is compared.

use super::stage::{Stage, expect};
use anyhow::{Context, Result};
use dev::console::say;
use schemas::decision::{Decision, Ruling};
use std::fs;

/// The documents that show it.
const READMES: [&str; 2] = ["README.md", "README.zh.md"];
/// What stands before and behind it there.
const MARKS: Marks = ["<!-- demo -->\n```console\n", "```\n<!-- end demo -->"];
/// The same of the replay.
const REPLAY_MARKS: Marks = ["<!-- replay -->\n```console\n", "```\n<!-- end replay -->"];

type Marks = [&'static str; 2];

/// The chain of the demo's app, and that of the candidate: the cheapest model alone.
const CHAINS: [&str; 2] = [r#"chain = ["large", "second", "small"]"#, r#"chain = ["small"]"#];
/// The candidate's file.
const CANDIDATE: &str = "cheaper.toml";

/// Shows it.
///
/// # Errors
/// When a command fails, something does not agree, or a README shows another form.
pub(crate) fn play(stage: &Stage) -> Result<()> {
    say("\nWhat the books say");
    // The first of all, whose story has one turn.
    let asked =
        stage.topics.all::<Decision>()?.into_iter().filter(|decision| decision.ruling == Ruling::Asked);
    let first = asked.min_by_key(|decision| decision.at).context("no decision asks a model")?;
    let message = first.message.context("a message that is asked about has an id")?.to_string();
    let commands: [&[&str]; 4] = [
        &["query", "cost"],
        &["query", "latency"],
        &["why", &message],
        &["reconcile", "--from", "1h", "--to", "0s"],
    ];
    let mut shown = String::new();
    for command in commands {
        shown.push_str(&format!("$ huiyin {}\n{}\n", command.join(" "), stage.line.command(command)?));
    }
    compare(&shown, MARKS)
}

/// Replays all that was said on the cheapest model and shows what that would change. It is the very last: what it asks is on the model's invoice and not in the
/// books.
///
/// # Errors
/// When a command fails, or a README shows another form.
pub(crate) fn replay(stage: &Stage) -> Result<()> {
    say("\nThe same conversations on the cheapest model");
    let file = fs::read_to_string(stage.line.config()).context("reading the configuration")?;
    let candidate = stage.home.dir.join(CANDIDATE);
    fs::write(&candidate, file.replace(CHAINS[0], CHAINS[1])).context("writing the candidate")?;
    let candidate = candidate.display().to_string();
    let name = ["--name", "cheaper"];
    let range = ["--from", "1h", "--to", "0s", "--models", "recorded-then-live", "--budget", "1CNY"];
    let run = [&["replay", "run"], &name[..], &range, &["--candidate", &candidate]].concat();
    let report = ["replay", "report", "cheaper"];
    let gate = ["replay", "gate", "cheaper", "--fail-if", "cost>+5%", "--fail-if", "verdict_changed>0"];
    let mut shown = String::new();
    for command in [&run[..], &report, &gate] {
        let words = command.iter().map(|word| if *word == candidate { CANDIDATE } else { word });
        let written =
            words.map(|word| if word.contains('>') { format!("'{word}'") } else { word.to_owned() });
        let told = stage.line.outcome(command)?;
        shown.push_str(&format!("$ huiyin {}\n{told}\n", written.collect::<Vec<_>>().join(" ")));
    }
    compare(&shown, REPLAY_MARKS)
}

/// Shows an output, which the documents have as well.
fn compare(shown: &str, marks: Marks) -> Result<()> {
    let shown = shown.trim_end().to_owned() + "\n";
    say(&shown);
    for readme in READMES {
        let text = fs::read_to_string(readme).with_context(|| format!("reading {readme}"))?;
        let written =
            between(&text, marks).with_context(|| format!("{readme} does not show the demo's end"))?;
        expect(&format!("the form of the demo's end in {readme}"), form(written), form(&shown))?;
    }
    Ok(())
}

fn between(text: &str, [before, behind]: Marks) -> Option<&str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(behind)?.0)
}

/// The command whose lines stand by what each cost, the dearest first: which that is differs from run to run.
const BY_COST: &str = "$ huiyin query cost";

/// Its words, with whatever has a digit in it as one sign: figures, times and ids differ from run to run. Lines that stand by their figures
/// are put into the order of their words.
fn form(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let pieces = word.split('/').map(|piece| {
            let bare = piece.trim_matches(|c: char| c.is_ascii_punctuation());
            if bare.chars().any(|c| c.is_ascii_digit()) || is_hex(bare) { "N" } else { piece }
        });
        pieces.collect::<Vec<_>>().join("/")
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = text.lines().map(line).collect();
    if let Some(head) = lines.iter().position(|line| line == BY_COST) {
        // Behind the command and the names of the columns, up to the empty line.
        let table = lines.get_mut(head + 2..).unwrap_or_default();
        let end = table.iter().position(String::is_empty).unwrap_or(table.len());
        table.get_mut(..end).unwrap_or_default().sort();
    }
    lines
}

/// A hash may do without any digit.
fn is_hex(word: &str) -> bool {
    word.len() >= 12 && word.bytes().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_ids_do_not_matter_and_words_do() {
        let one = form("asked, turn e562a52a-df27, ms 3\nacme#support/chat/157  openai   0.01 -\n");
        assert_eq!(one, form("asked, turn 0abc, ms 17\nacme#support/chat/9 openai 12 -\n"));
        assert_ne!(one, form("held, turn 0abc, ms 17\nacme#support/chat/9 openai 12 -\n"));
        assert_ne!(one, form("asked, turn 0abc, ms 17\n"));
    }

    #[test]
    fn costs_may_stand_in_another_order_and_nothing_else_may() {
        let shown = |rows: [&str; 2]| {
            format!("$ huiyin query cost\napp model cost\n{}\n{}\n\n$ huiyin why 1\nb\na\n", rows[0], rows[1])
        };
        let (dear, cheap) = ("acme#support large 0.02", "acme#support small 0.01");
        assert_eq!(form(&shown([dear, cheap])), form(&shown([cheap, dear])));
        assert_ne!(form(&shown([dear, cheap])), form(&shown([dear, dear])));
        assert_ne!(form("$ huiyin why 1\nb\na\n"), form("$ huiyin why 1\na\nb\n"));
        assert_eq!(form("$ huiyin query cost\n").len(), 1);
    }

    #[test]
    fn both_readmes_show_one_output() {
        let of = |name: &str, marks: Marks| {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
            let text = fs::read_to_string(path).unwrap();
            between(&text, marks).unwrap_or_else(|| panic!("{name} does not show the demo's end")).to_owned()
        };
        for (marks, commands) in [
            (MARKS, &["query cost", "query latency", "why ", "reconcile"][..]),
            (REPLAY_MARKS, &["replay run", "replay report", "replay gate"]),
        ] {
            let [english, chinese] = READMES.map(|name| of(name, marks));
            assert_eq!(english, chinese);
            for command in commands {
                assert!(english.contains(&format!("$ huiyin {command}")), "{command}");
            }
        }
    }

    #[test]
    fn the_demo_s_file_has_the_chain_that_the_candidate_replaces() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.d/huiyin.toml");
        assert_eq!(fs::read_to_string(path).unwrap().matches(CHAINS[0]).count(), 1);
    }
}
