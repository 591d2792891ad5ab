//! What was done to the line, and when. Calls and sends may be repeated only because of a fault.

use super::role::Role;

/// For so long after a fault, work that a rebalance or a reconnection cuts off may run again.
const AFTERMATH_MS: i64 = 20_000;

/// What a fault was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and much later SIGCONT.
    Freeze,
    /// SIGTERM.
    Restart,
    /// A broker was killed.
    Broker,
}

/// One fault, from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The role of the process; none when it was a broker, which may affect every role.
    pub(crate) role: Option<Role>,
    /// Milliseconds since the epoch.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Fault {
    /// Whether something of a role that ran at `first` and again at `again` can have been cut off by it.
    pub(crate) fn explains(&self, role: Role, first: i64, again: i64) -> bool {
        let after = match self.kind {
            // The process comes back before its partitions move.
            Kind::Kill | Kind::Restart => 1_000,
            Kind::Freeze | Kind::Broker => AFTERMATH_MS,
        };
        self.role.is_none_or(|hit| hit == role) && first <= self.to + after && self.from <= again
    }
}

/// All faults of a run, and its measured windows.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    /// The first fault that explains why something of a role ran at `first` and again at `again`. Later faults may have cut it off
    /// once more, but its age when it was cut off follows from the first one.
    pub(crate) fn explain(&self, role: Role, first: i64, again: i64) -> Option<&Fault> {
        let explaining = self.0.iter().filter(|fault| fault.explains(role, first, again));
        explaining.min_by_key(|fault| fault.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fault_to_the_role_or_to_a_broker_between_both_runs_explains_a_repetition() {
        let fault = |kind, role| Fault { kind, role, from: 100_000, to: 100_010 };
        let faults = Faults(vec![fault(Kind::Kill, Some(Role::Call))]);
        assert!(faults.explain(Role::Call, 99_000, 102_000).is_some());
        assert!(faults.explain(Role::Deliver, 99_000, 102_000).is_none());
        assert!(faults.explain(Role::Call, 99_000, 99_900).is_none());
        assert!(faults.explain(Role::Call, 105_000, 106_000).is_none());
        let later = Fault { from: 101_000, to: 101_010, ..fault(Kind::Kill, Some(Role::Call)) };
        let both = Faults(vec![later, fault(Kind::Kill, Some(Role::Call))]);
        assert_eq!(both.explain(Role::Call, 99_000, 102_000).map(|fault| fault.from), Some(100_000));
        let broker = Faults(vec![fault(Kind::Broker, None)]);
        assert!(broker.explain(Role::Deliver, 105_000, 106_000).is_some());
    }
}
