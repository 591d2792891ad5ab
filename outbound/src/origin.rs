//! On whose behalf a call is made.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    num::NonZeroU32,
    sync::Arc,
};

/// Whose call it is: what one of them meets says little about the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who shares an endpoint with others: an app. Appears in logs.
    pub tenant: Arc<str>,
    /// One of the tenant's lanes, as a number of its own.
    pub lane: u64,
    /// How many turns at a pace the lane gets for one of a lane with weight 1 of the same tenant.
    pub weight: NonZeroU32,
}

impl Origin {
    /// The origin of a lane of a tenant.
    #[must_use]
    pub fn new(tenant: impl Into<Arc<str>>, lane: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        lane.hash(&mut hasher);
        Self { tenant: tenant.into(), lane: hasher.finish(), weight: NonZeroU32::MIN }
    }

    /// The same with a weight.
    #[must_use]
    pub fn weighing(self, weight: NonZeroU32) -> Self {
        Self { weight, ..self }
    }
}
