//! `huiyin dataset export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use replay::dataset::export::{Form, exported};
use replay::dataset::read;

/// Which data set, and into what.
#[derive(Args)]
pub(crate) struct Export {
    /// The data set, as `huiyin dataset cut` writes it
    #[arg(long)]
    dataset: PathBuf,
    /// The form
    #[arg(long, value_enum)]
    to: To,
    /// The file to write; standard output by default
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A form.
#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// A file of tests for promptfoo, in YAML
    Promptfoo,
    /// A JSON object for each turn: messages with roles, and the answer that was given
    Jsonl,
}

impl From<To> for Form {
    fn from(to: To) -> Self {
        match to {
            To::Promptfoo => Self::Promptfoo,
            To::Jsonl => Self::Lines,
        }
    }
}

/// Writes it.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn run(ask: &Export) -> anyhow::Result<String> {
    let shown = ask.dataset.display();
    let text = std::fs::read_to_string(&ask.dataset).with_context(|| format!("read {shown}"))?;
    let dataset = read(&text).with_context(|| format!("read {shown}"))?;
    let text = exported(&dataset, ask.to.into())?;
    let Some(out) = &ask.out else { return Ok(text) };
    super::write(out, &text)?;
    Ok(format!("{} turns written to {}\n", dataset.turns.len(), out.display()))
}

#[cfg(test)]
mod tests {
    use replay::dataset::{Dataset, FORMAT, Head};

    use super::*;

    #[test]
    fn what_is_exported_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (from, out) = (folder.path().join("set.jsonl"), folder.path().join("set.yaml"));
        let head = Head {
            format: FORMAT,
            by: "random".to_owned(),
            app: None,
            from: 0,
            to: 1,
            limit: 1,
            seed: 0,
            made_at: 2,
            turns: 0,
            left_out: 0,
        };
        super::super::write(&from, &Dataset { head, turns: Vec::new() }.to_lines().unwrap()).unwrap();
        let ask = Export { dataset: from.clone(), to: To::Promptfoo, out: Some(out.clone()) };
        assert!(run(&ask).unwrap().starts_with("0 turns written to "));
        for path in [from, out] {
            let about = path.metadata().unwrap();
            assert!(about.len() > 0, "{path:?}");
            #[cfg(unix)]
            assert_eq!(
                std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777,
                0o600,
                "{path:?}"
            );
        }
    }
}
