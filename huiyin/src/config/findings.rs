//! What is found in the file, as it is told.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong, or probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Its line, from 1, if it has one.
    pub(crate) line: Option<usize>,
    /// What it is.
    pub(crate) what: String,
}

/// Everything that was found, in the order of the lines.
#[derive(Debug)]
pub(crate) struct BadConfig {
    path: PathBuf,
    findings: Vec<Finding>,
}

impl BadConfig {
    pub(super) fn new(path: PathBuf, mut findings: Vec<Finding>) -> Self {
        findings.sort();
        findings.dedup();
        Self { path, findings }
    }
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        for (index, Finding { line, what }) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            match line {
                Some(line) => write!(f, "{separator}{path}:{line}: {what}")?,
                None => write!(f, "{separator}{path}: {what}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for BadConfig {}
