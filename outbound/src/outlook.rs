//! How a target would be met by those who ask now, for whoever plans ahead: by everybody, and by tenants that meet something else.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// What is to be expected of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// By a tenant that has not called lately.
    pub for_all: Prospect,
    /// By tenants that meet something else, which concerns them alone.
    pub tenants: BTreeMap<Arc<str>, Prospect>,
}

/// What is to be expected by somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prospect {
    /// Nothing is let through for now.
    pub refusal: Option<Refusal>,
    /// How long a call waits for its turn.
    pub wait: Duration,
}

/// Why nothing is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The target, or its last key, is left alone until then.
    Cooling(Instant),
    /// The breaker is open until then.
    Open(Instant),
}

impl Refusal {
    /// The worse of both: a breaker, and of two alike the one that lasts longer.
    pub(crate) fn worse(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        [one, other].into_iter().flatten().max_by_key(|refusal| match refusal {
            Self::Cooling(until) => (0, *until),
            Self::Open(until) => (1, *until),
        })
    }
}
