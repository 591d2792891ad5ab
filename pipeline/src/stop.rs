//! How a driver is told to end.

/// Whether a driver that ends will be back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It will be back under the same identity: its partitions wait for it.
    Restart,
    /// It will not be back: its partitions go to the others at once.
    Leave,
}
