//! Watches a process as long as it lives, since what it used cannot be asked afterwards.

use crate::usage;
use std::thread::{self, JoinHandle};
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(50);

/// A thread that looks at a process until it has ended.
pub(super) struct Watch(JoinHandle<(u64, Duration)>);

impl Watch {
    /// Begins to look.
    pub(super) fn start(process: u32) -> Self {
        Self(thread::spawn(move || {
            let mut last = (0, Duration::ZERO);
            // A process that has ended and was not reaped yet has no memory any more.
            while let (Some(memory), Ok(cpu)) = (usage::peak_memory(process), usage::cpu(process)) {
                last = (memory, cpu);
                thread::sleep(LOOK);
            }
            last
        }))
    }

    /// Waits for the end of the process; the most memory in bytes and the processor time that were seen.
    pub(super) fn last(self) -> (u64, Duration) {
        self.0.join().unwrap_or_default()
    }
}
