//! The membership under which plans are made: never newer than what the core has been told.

/// Membership as the poller last saw it, with the number of losses that had happened by then.
///
/// A member that was put out joins again under a new generation while the core may still have to hear that its partitions
/// are lost. A plan for them under that membership would be let through: the group checks the generation, not who owns
/// what.
#[derive(Debug)]
pub(super) struct Standing<G> {
    membership: Option<G>,
    losses: u64,
}

impl<G> Default for Standing<G> {
    fn default() -> Self {
        Self { membership: None, losses: 0 }
    }
}

impl<G: Clone> Standing<G> {
    /// The poller saw this membership after this number of losses.
    pub(super) fn set(&mut self, membership: Option<G>, losses: u64) {
        *self = Self { membership, losses };
    }

    /// For a plan of a core that was told of this number of losses.
    pub(super) fn for_plan(&self, told: u64) -> Option<G> {
        self.membership.clone().filter(|_| self.losses <= told)
    }
}

#[cfg(test)]
mod tests {
    use super::Standing;

    #[test]
    fn a_plan_made_before_the_core_hears_of_a_loss_has_no_membership() {
        let mut standing = Standing::default();
        assert_eq!(standing.for_plan(0), None);
        standing.set(Some("generation 3"), 0);
        assert_eq!(standing.for_plan(0), Some("generation 3"));
        standing.set(Some("generation 5"), 1);
        assert_eq!(standing.for_plan(0), None);
        assert_eq!(standing.for_plan(1), Some("generation 5"));
    }
}
