//! How a block that the store refuses is halved.
//!
//! The records that have rows in the block's table are the leaves of one fixed tree. A node is tried as a block of its
//! own; a refused node is left for its left half, an ended node for the largest node that starts where it ends. So the
//! whole walk is a function of the number of records, and one node in the commit metadata tells where it stands.

/// Records `from..to` of those that have rows in one table of one range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// First record.
    pub from: u32,
    /// One past the last record; equal to `from` when the walk has ended.
    pub to: u32,
}

impl Node {
    /// The tree's root: the whole block.
    pub(super) fn root(leaves: u32) -> Self {
        Self { from: 0, to: leaves }
    }

    /// Number of records.
    pub(super) fn len(self) -> u32 {
        self.to.saturating_sub(self.from)
    }

    /// The walk over `leaves` records has ended.
    pub(super) fn is_end(self, leaves: u32) -> bool {
        self.from == leaves
    }

    fn middle(self) -> u32 {
        self.from.saturating_add(self.len().div_ceil(2))
    }

    /// Where the walk goes when this node is refused; `None` when one record is left to blame.
    pub(super) fn left(self) -> Option<Self> {
        (self.len() > 1).then(|| Self { from: self.from, to: self.middle() })
    }

    /// Where the walk goes when this node has ended.
    pub(super) fn after(self, leaves: u32) -> Self {
        let mut node = Self::root(leaves);
        while node.from != self.to && node.len() > 1 {
            let middle = node.middle();
            node = if self.to < middle {
                Self { from: node.from, to: middle }
            } else {
                Self { from: middle, to: node.to }
            };
        }
        if node.from == self.to { node } else { Self { from: leaves, to: leaves } }
    }

    /// It is a node of the tree over `leaves` records, or the walk's end.
    pub(super) fn belongs(self, leaves: u32) -> bool {
        if self.is_end(leaves) {
            return self.to == leaves;
        }
        let mut node = Self::root(leaves);
        while node != self && node.len() > 1 {
            let middle = node.middle();
            node = if self.to <= middle {
                Self { from: node.from, to: middle }
            } else {
                Self { from: middle, to: node.to }
            };
        }
        node == self
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    /// Walks as the driver does and returns the nodes that were stored and the leaves that were blamed.
    fn walk(leaves: u32, bad: &[u32]) -> (Vec<Node>, Vec<u32>, usize) {
        let (mut stored, mut blamed, mut tries) = (Vec::new(), Vec::new(), 0);
        let mut node = Node::root(leaves);
        while !node.is_end(leaves) {
            assert!(node.belongs(leaves), "{node:?} is not in the tree over {leaves}");
            tries += 1;
            let refused = bad.iter().any(|b| (node.from..node.to).contains(b));
            match (refused, node.left()) {
                (false, _) => {
                    stored.push(node);
                    node = node.after(leaves);
                }
                (true, Some(left)) => node = left,
                (true, None) => {
                    blamed.push(node.from);
                    node = node.after(leaves);
                }
            }
        }
        (stored, blamed, tries)
    }

    #[test]
    fn every_record_is_stored_once_or_blamed_once() {
        for leaves in 1..40 {
            for bad in
                [vec![], vec![0], vec![leaves - 1], vec![leaves / 2, leaves / 3], (0..leaves).collect()]
            {
                let (stored, blamed, _) = walk(leaves, &bad);
                let mut seen: Vec<u32> =
                    stored.iter().flat_map(|n| n.from..n.to).chain(blamed.iter().copied()).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..leaves).collect::<Vec<_>>(), "{leaves} records, bad {bad:?}");
                let mut wanted = bad.clone();
                wanted.sort_unstable();
                wanted.dedup();
                assert_eq!(blamed, wanted);
            }
        }
    }

    #[test]
    fn one_bad_record_among_many_costs_two_tries_per_level() {
        let (_, blamed, tries) = walk(50_000, &[31_234]);
        assert_eq!(blamed, vec![31_234]);
        assert!(tries <= 34, "{tries} tries");
    }

    #[test]
    fn what_is_no_node_of_the_tree_does_not_belong() {
        assert!(!Node { from: 1, to: 3 }.belongs(4));
        assert!(!Node { from: 0, to: 5 }.belongs(4));
        assert!(!Node { from: 3, to: 2 }.belongs(4));
        assert!(Node { from: 4, to: 4 }.belongs(4));
        assert!(!Node { from: 4, to: 9 }.belongs(4));
    }
}
