//! Reading a file of results.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{End, FORMAT, Head, Line, TurnResult};

/// A whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// What was replayed.
    pub head: Head,
    /// Its turns, in the file's order.
    pub turns: Vec<TurnResult>,
    /// How it ended; absent while it runs, and when it was cut off.
    pub end: Option<End>,
}

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The first line is no head.
    #[error("the first line is no head of a replay's results")]
    NoHead,
    /// A newer build wrote it.
    #[error("format {found} of the results is newer than {FORMAT}, the newest that this build reads")]
    Newer {
        /// The head's format.
        found: u32,
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
}

impl ReadError {
    /// Its name in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoHead => "no_head",
            Self::Newer { .. } => "newer",
            Self::Line { .. } => "line",
            Self::Place { .. } => "place",
        }
    }
}

/// Reads a file. A last line without a line break that cannot be read is one that is being written: it is left out.
pub fn read(text: &str) -> Result<Results, ReadError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let head = head(lines.next().map_or("", |(_, line)| line))?;
    let mut results = Results { head, turns: Vec::new(), end: None };
    let mut seen = BTreeSet::new();
    let mut lines = lines.peekable();
    while let Some((number, line)) = lines.next() {
        let read: Line = match serde_json::from_str(line) {
            Ok(read) => read,
            Err(_) if lines.peek().is_none() && !text.ends_with('\n') => break,
            Err(source) => return Err(ReadError::Line { line: number, source }),
        };
        let wrong = |what: String| Err(ReadError::Place { line: number, what });
        if results.end.is_some() {
            return wrong("it stands behind the end".to_owned());
        }
        match read {
            Line::Head(_) => return wrong("it is a second head".to_owned()),
            Line::End(end) => results.end = Some(end),
            Line::Turn(turn) if !seen.insert(turn.turn.clone()) => {
                return wrong(format!("turn {:?} is there twice", turn.turn));
            }
            Line::Turn(turn) => results.turns.push(*turn),
        }
    }
    Ok(results)
}

fn head(line: &str) -> Result<Head, ReadError> {
    // The format comes first: the rest of a newer head may be unreadable.
    let value: serde_json::Value = serde_json::from_str(line).map_err(|_| ReadError::NoHead)?;
    if value.get("record").and_then(serde_json::Value::as_str) != Some("head") {
        return Err(ReadError::NoHead);
    }
    let format = value.get("format").and_then(serde_json::Value::as_u64).ok_or(ReadError::NoHead)?;
    if format > u64::from(FORMAT) {
        return Err(ReadError::Newer { found: u32::try_from(format).unwrap_or(u32::MAX) });
    }
    match serde_json::from_value(value) {
        Ok(Line::Head(head)) => Ok(*head),
        Ok(Line::Turn(_) | Line::End(_)) => Err(ReadError::NoHead),
        Err(source) => Err(ReadError::Line { line: 1, source }),
    }
}

impl Results {
    /// Turns that the range should have given; `None` while that is not known.
    pub fn expected(&self) -> Option<u64> {
        self.end.as_ref().map(|end| end.turns)
    }

    /// The results as a file.
    pub fn to_lines(&self) -> Result<String, serde_json::Error> {
        let head = Line::Head(Box::new(self.head.clone()));
        let turns = self.turns.iter().map(|turn| Line::Turn(Box::new(turn.clone())));
        let lines = std::iter::once(head).chain(turns).chain(self.end.clone().map(Line::End));
        lines.map(|line| Ok(serde_json::to_string(&line)? + "\n")).collect()
    }
}
