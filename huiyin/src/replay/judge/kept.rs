//! What the judge said, kept beside a file of results while judging runs.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use ::replay::judge::{Keep, Unkept};
use ::replay::results::{Judged, Results};
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// One line: what was said of a turn of the replay with that manifest.
#[derive(Serialize, Deserialize)]
struct Line {
    manifest: String,
    turn: String,
    judged: Judged,
}

/// A file of words of the judge.
pub(super) struct Kept {
    path: PathBuf,
    file: File,
    manifest: String,
}

impl Kept {
    /// Opens the file beside results, and gives the turns what an earlier run kept.
    pub(super) fn beside(results_path: &Path, results: &mut Results) -> anyhow::Result<Self> {
        let mut name = results_path.as_os_str().to_owned();
        name.push(".judged");
        let path = PathBuf::from(name);
        let manifest = results.head.manifest.clone();
        let whole = read(&path, results).with_context(|| format!("read {}", path.display()))?;
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = opened.with_context(|| format!("open {}", path.display()))?;
        // A line that was being written is written anew.
        file.set_len(whole).with_context(|| format!("cut {}", path.display()))?;
        drop(file);
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.with_context(|| format!("open {}", path.display()))?;
        Ok(Self { path, file, manifest })
    }

    /// Everything is in the results.
    pub(super) fn remove(self) -> anyhow::Result<()> {
        std::fs::remove_file(&self.path).with_context(|| format!("remove {}", self.path.display()))
    }

    fn line(&mut self, turn: &str, judged: &Judged) -> std::io::Result<()> {
        let line = Line { manifest: self.manifest.clone(), turn: turn.to_owned(), judged: judged.clone() };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

impl Keep for Kept {
    async fn keep(&mut self, turn: &str, judged: &Judged) -> Result<(), Unkept> {
        self.line(turn, judged).map_err(|error| Unkept(Box::new(error)))
    }
}

/// Gives turns what is kept; the bytes of the lines that are whole.
fn read(path: &Path, results: &mut Results) -> anyhow::Result<u64> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let (mut whole, mut kept) = (0, BTreeMap::new());
    for line in text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let Line { manifest, turn, judged } =
            serde_json::from_slice(line).context("it is no file of the judge's words")?;
        if manifest != results.head.manifest {
            bail!("it is of another replay (manifest {manifest}): move it away if it is not needed any more");
        }
        kept.insert(turn, judged);
        whole += line.len() as u64;
    }
    for turn in &mut results.turns {
        if let Some(judged) = kept.remove(&turn.turn) {
            turn.judged = Some(judged);
        }
    }
    Ok(whole)
}

/// Writes a file as a whole: it is the old one or the new one, whatever happens.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("write {}", new.display()))?;
    std::fs::rename(&new, path).with_context(|| format!("write {}", path.display()))
}
