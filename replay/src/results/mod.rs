//! The results of a replay as a file: JSON lines, a head first, then one line for each turn, then an end.
//!
//! A file without its end is of a replay that still runs or was cut off: everything can be asked of it, and it counts as incomplete.
//! Fields are only ever added, and readers ignore those that they do not know; a change that old readers would misread raises
//! [`FORMAT`], and a higher one is refused.

mod against;
mod read;
mod side;
mod turn;

pub use read::{ReadError, Results, read};
pub use side::{Side, Source, Tokens};
pub use turn::{DriftCause, Footing, Judged, Opinion, Preference, Strength, TurnResult};

use schemas::Millis;
use serde::{Deserialize, Serialize};

/// The version of the file that this build writes, and the highest that it reads.
pub const FORMAT: u32 = 1;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Head(Box<Head>),
    /// A turn that was decided by both sides.
    Turn(Box<TurnResult>),
    /// The last line of a replay that came to its end.
    End(End),
}

/// What was replayed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// The replay's name.
    pub name: String,
    /// Id of its manifest, which resolved the range. It seeds every random choice, so that a report can be made again.
    pub manifest: String,
    /// What the answers are compared with.
    pub baseline: Arm,
    /// What is tried.
    pub candidate: Arm,
    /// Where the candidate's answers come from.
    pub models: Models,
    /// From this turn of each conversation on, counted from 0, models are asked; before it the recorded answers stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_at: Option<u32>,
    /// Begin of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Millis>,
    /// End of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Millis>,
    /// What was asked for of the range, such as `5%`; absent for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Name of the data set whose turns it is of; absent where it is of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

/// One side of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// What people call it: `production`, or the candidate's file.
    pub name: String,
    /// Hash of its bundle; absent where several held in the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
}

/// Where a replay's answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Models {
    /// From the log alone.
    Recorded,
    /// From the log where it has them, else from models.
    RecordedThenLive,
    /// From models.
    Live,
}

impl Models {
    /// Its name on the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::RecordedThenLive => "recorded-then-live",
            Self::Live => "live",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Turns that the range has and the sample takes; more than the file has when some were left out.
    pub turns: u64,
    /// Why it ended before all of them were done; absent when they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
}

/// Why a replay ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Its money was spent.
    Budget,
    /// What was asked had become clear.
    Clear,
    /// Somebody ended it.
    Asked,
    /// No target served its requests.
    Unserved,
}

#[cfg(test)]
mod tests;
