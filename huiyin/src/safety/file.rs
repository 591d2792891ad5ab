//! Dictionary files.

use std::path::Path;

use ::safety::{Entry, LineProblem, allowed_spans, tab_separated, toml};
use anyhow::{Context, anyhow};

/// Most problems of one file that are told when a command cannot go on without it.
const MOST_PROBLEMS: usize = 20;

/// What stands in a dictionary, or everything that is wrong with it.
pub(super) fn entries(path: &Path) -> anyhow::Result<Result<Vec<Entry>, Vec<LineProblem>>> {
    let text = read(path)?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    Ok(if is_toml { toml(&text) } else { tab_separated(&text) })
}

/// The words of a dictionary.
pub(super) fn dictionary(path: &Path) -> anyhow::Result<Vec<Entry>> {
    entries(path)?.map_err(|problems| told(path, &problems))
}

/// The spans of an allow-list.
pub(super) fn allowed(path: &Path) -> anyhow::Result<Vec<String>> {
    allowed_spans(&read(path)?).map_err(|problems| told(path, &problems))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn told(path: &Path, problems: &[LineProblem]) -> anyhow::Error {
    let mut text = format!("{}: {} problems", path.display(), problems.len());
    for problem in problems.iter().take(MOST_PROBLEMS) {
        text.push_str(&format!("\n  {problem}"));
    }
    anyhow!(text)
}
