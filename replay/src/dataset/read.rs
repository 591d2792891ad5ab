//! Reading a data set.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Dataset, FORMAT, Head, Line};

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The first line is no head.
    #[error("the first line is no head of a data set")]
    NoHead,
    /// A newer build wrote it.
    #[error("format {found} of the data set is newer than {FORMAT}, the newest that this build reads")]
    Newer {
        /// The head's format.
        found: u64,
    },
    /// A line that cannot be read.
    #[error("line {line}: {source}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A line that may not stand where it stands.
    #[error("line {line}: {what}")]
    Place {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Turns are missing, or there are more than the head says.
    #[error("it has {found} turns and its head says {expected}: it was cut off, or changed by hand")]
    Count {
        /// What the file has.
        found: u64,
        /// What its head says.
        expected: u64,
    },
}

impl ReadError {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoHead => "no_head",
            Self::Newer { .. } => "newer",
            Self::Line { .. } => "line",
            Self::Place { .. } => "place",
            Self::Count { .. } => "count",
        }
    }
}

/// Reads a file.
///
/// # Errors
/// [`ReadError`] names the line and what is wrong with it.
pub fn read(text: &str) -> Result<Dataset, ReadError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let head = head(lines.next().map_or("", |(_, line)| line))?;
    let (mut turns, mut seen) = (Vec::new(), BTreeSet::new());
    for (number, line) in lines {
        let read = serde_json::from_str(line).map_err(|source| ReadError::Line { line: number, source })?;
        let wrong = |what: String| Err(ReadError::Place { line: number, what });
        match read {
            Line::Head(_) => return wrong("it is a second head".to_owned()),
            Line::Turn(turn) if !seen.insert(turn.turn.clone()) => {
                return wrong(format!("turn {:?} is there twice", turn.turn));
            }
            Line::Turn(turn) => turns.push(*turn),
        }
    }
    let found = turns.len() as u64;
    if found != head.turns {
        return Err(ReadError::Count { found, expected: head.turns });
    }
    Ok(Dataset { head, turns })
}

fn head(line: &str) -> Result<Head, ReadError> {
    // The format comes first: the rest of a newer head may be unreadable.
    let value: serde_json::Value = serde_json::from_str(line).map_err(|_| ReadError::NoHead)?;
    if value.get("record").and_then(serde_json::Value::as_str) != Some("head") {
        return Err(ReadError::NoHead);
    }
    let found = value.get("format").and_then(serde_json::Value::as_u64).ok_or(ReadError::NoHead)?;
    if found > u64::from(FORMAT) {
        return Err(ReadError::Newer { found });
    }
    match serde_json::from_value(value) {
        Ok(Line::Head(head)) => Ok(head),
        Ok(Line::Turn(_)) => Err(ReadError::NoHead),
        Err(source) => Err(ReadError::Line { line: 1, source }),
    }
}
