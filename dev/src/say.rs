//! Lines for the person at the terminal.

use std::io::{Write, stderr, stdout};

/// Tells what is being done. A closed terminal is no reason to stop half-way.
pub(crate) fn say(line: &str) {
    writeln!(stdout(), "{line}").ok();
}

/// Tells what went wrong.
pub(crate) fn complain(line: &str) {
    writeln!(stderr(), "{line}").ok();
}
