//! The data set that a replay is of.

use std::path::Path;

use ::replay::dataset::{self, Chosen};
use ::replay::range::Set as Named;
use anyhow::{Context, bail};

use crate::config::Config;
use crate::timestamp::told;

/// A turn's message may come so long before it is asked, and its end so long after, in milliseconds.
const AROUND: i64 = 60 * 60 * 1_000;

/// How much of the log before the range is folded where nothing else is said: as long as a data set looks for earlier turns.
pub(super) const WARM_UP: &str = "24h";

/// A data set with everything that a replay needs of it.
pub(super) struct Set {
    /// What the manifest has of it.
    pub(super) named: Named,
    pub(super) chosen: Chosen,
    /// Begin of the range in which its turns were asked and ended, as it would be written.
    pub(super) from: String,
    /// Its end.
    pub(super) to: String,
}

impl Set {
    /// Reads it. It names conversations as the tables do, by the key of section `[account]`.
    pub(super) fn read(path: &Path, config: &Config) -> anyhow::Result<Self> {
        let text = super::super::text(path)?;
        let read = || format!("read data set {}", path.display());
        let set = dataset::read(&text).with_context(read)?;
        let Some((first, end)) = set.range() else { bail!("data set {} has no turn", path.display()) };
        let account = config.account().context("tell the conversations of a data set")?;
        let pseudonyms = account.pseudonyms()?;
        let chosen = Chosen::of(&set, move |conversation| pseudonyms.of_conversation(conversation));
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        Ok(Self {
            named: Named { name, hash: dataset::hash(&text), turns: set.turns.len() as u64 },
            chosen: chosen.with_context(read)?,
            from: told(first.saturating_sub(AROUND)),
            to: told(end.saturating_add(AROUND)),
        })
    }
}
