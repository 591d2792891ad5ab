//! Lines for the person at the terminal, and the exit code that follows from what became of a command.

use anyhow::Result;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

/// Tells what is being done. A closed terminal does not end the command.
pub fn say(line: &str) {
    writeln!(stdout(), "{line}").ok();
}

/// Tells what went wrong.
pub fn complain(line: &str) {
    writeln!(stderr(), "{line}").ok();
}

/// The exit code of a command. An error is told first, with its causes.
pub fn exit_code(done: Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
