//! The roles of the line and the processes that have them.

/// Instances of each role.
pub(crate) const INSTANCES: usize = 2;

/// A role of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Ingest,
    Decide,
    Call,
    Deliver,
    Account,
}

impl Role {
    pub(crate) const ALL: [Self; 5] = [Self::Ingest, Self::Decide, Self::Call, Self::Deliver, Self::Account];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Decide => "decide",
            Self::Call => "call",
            Self::Deliver => "deliver",
            Self::Account => "account",
        }
    }
}

/// One process of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) role: Role,
    pub(crate) number: usize,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.role.label(), self.number)
    }
}

/// Every process, ingest first: its ports are the first ones.
pub(crate) fn everybody() -> impl Iterator<Item = Who> {
    Role::ALL.into_iter().flat_map(|role| (0..INSTANCES).map(move |number| Who { role, number }))
}
