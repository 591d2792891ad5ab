//! What is told at the end, and the page that is written of it.

use super::check::Found;
use super::scale::Scale;
use anyhow::{Context, Result};
use dev::console::{complain, say};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What came of a run.
pub(crate) struct Report {
    pub(crate) scale: Scale,
    pub(crate) seed: u64,
    /// Every act, as it was told.
    pub(crate) told: Vec<String>,
    pub(crate) found: Vec<Found>,
    /// From the first service's start to the last check, in seconds.
    pub(crate) took: u64,
}

impl Report {
    /// Whether every promise holds.
    pub(crate) fn holds(&self) -> bool {
        self.found.iter().all(|found| found.clause.problems.is_empty())
    }

    /// Everything that is not as it must be, the line of each promise, and the sums as the last line.
    pub(crate) fn tell(&self) {
        for problem in self.found.iter().flat_map(|found| &found.clause.problems) {
            complain(&format!("NOT as it must be: {problem}"));
        }
        say("");
        self.found.iter().for_each(|found| say(&found.clause.line()));
        say(&self.sums());
    }

    /// One line.
    fn sums(&self) -> String {
        let sums = self.found.iter().flat_map(|found| &found.sums);
        let sums: Vec<String> = sums.map(|(name, sum)| format!("{name} {sum}")).collect();
        let state = if self.holds() { "ok" } else { "NOT ok" };
        format!("chaos ({}, seed {}): {state}: {}", self.scale.name, self.seed, sums.join(", "))
    }

    /// The command that plays it again.
    fn command(&self) -> String {
        let short = if self.scale.name == Scale::SHORT.name { "--short " } else { "" };
        format!("dev/chaos {short}--seed {}", self.seed)
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, self.page()).with_context(|| format!("writing {}", file.display()))
    }

    fn page(&self) -> String {
        let mut page = String::from("# Failure under load\n\n");
        // Writing to a string does not fail.
        let mut line = |text: String| writeln!(page, "{text}").unwrap_or_default();
        line("Written by the run itself; do not edit. The same schedule again, and this page:\n".to_owned());
        line(format!("    {} --report docs/chaos.md\n", self.command()));
        line(format!("Machine: {}; the run took {} s.\n", machine(), self.took));
        line("| promise | holds | figures | read from |\n|---|---|---|---|".to_owned());
        for clause in self.found.iter().map(|found| &found.clause) {
            let holds = if clause.problems.is_empty() { "yes" } else { "**no**" };
            line(format!("| {} | {holds} | {} | {} |", clause.name, clause.figure, clause.source));
        }
        for clause in
            self.found.iter().map(|found| &found.clause).filter(|clause| !clause.problems.is_empty())
        {
            line(format!("\nNot as it must be, {}:", clause.name));
            clause.problems.iter().for_each(|problem| line(format!("- {problem}")));
        }
        line(format!("\nSums, the last line of the run:\n\n    {}\n", self.sums()));
        line("## What was done\n\nTimes are since the load began.\n".to_owned());
        self.told.iter().for_each(|told| line(format!("    {told}")));
        page
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    format!(
        "{cores} cores, {} GB of memory, all brokers, stand-ins and processes on it",
        total.unwrap_or_default() / 1_000_000
    )
}
