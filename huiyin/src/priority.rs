//! A shadow answers for nobody: where it has a process of its own, everything else on the machine goes before it.

use std::collections::BTreeSet;

use crate::cli::{self, Any, Command};
use crate::role::Role;

/// The last place that a system has for a process.
const LAST: i32 = 19;

/// Gives the process the priority that its command has. Threads take it over from the one that starts them, so no other may have been started.
pub(crate) fn set(command: &Any) {
    // Where it is refused the shadow runs like everything else.
    if is_for_nobody(command) {
        rustix::process::nice(LAST).ok();
    }
}

fn is_for_nobody(command: &Any) -> bool {
    let Any::Command(Command::Run { roles, .. }) = command else { return false };
    cli::roles(roles).is_ok_and(|roles| roles.0 == BTreeSet::from([Role::Shadow]))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_shadow_by_itself_comes_last_and_nothing_else_does() {
        let is = |arguments: &[&str]| {
            let all = ["huiyin", "--config", "huiyin.toml"].iter().chain(arguments);
            is_for_nobody(&Cli::parse_from(all).command)
        };
        assert!(is(&["run", "--roles", "shadow"]));
        for other in
            [&["run"][..], &["run", "--roles", "decide,shadow"], &["run", "--roles", "x"], &["check"]]
        {
            assert!(!is(other), "{other:?}");
        }
    }
}
