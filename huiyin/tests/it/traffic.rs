//! People who talk to the bot, at a seeded pace, whatever happens to the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::stand_ins::{Sent, StandIns};

/// What somebody said, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) line: Line,
    pub(crate) sent: Sent,
}

/// One line of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) text: String,
}

/// Threads that send. Dropped, they stop.
pub(crate) struct Traffic {
    said: Arc<Mutex<Vec<Said>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Sends the plan; a user's lines in their order, each sender about every `gap`.
    pub(crate) fn start(stand_ins: &Arc<StandIns>, plan: &[Line], senders: usize, gap: Duration) -> Self {
        let (said, stop) = (Arc::<Mutex<Vec<Said>>>::default(), Arc::<AtomicBool>::default());
        let mut users: Vec<&str> = plan.iter().map(|line| line.user.as_str()).collect();
        users.sort_unstable();
        users.dedup();
        let of = |sender: usize| -> Vec<Line> {
            let mine = |line: &&Line| users.binary_search(&line.user.as_str()).unwrap() % senders == sender;
            plan.iter().filter(mine).cloned().collect()
        };
        let threads = (0..senders).map(|sender| {
            let (lines, stand_ins) = (of(sender), Arc::clone(stand_ins));
            let (said, stop) = (Arc::clone(&said), Arc::clone(&stop));
            let mut random = fastrand::Rng::with_seed(u64::try_from(sender).unwrap());
            thread::spawn(move || {
                for line in lines {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let sent = stand_ins.say_in(&line.app, &line.user, &line.text);
                    said.lock().unwrap().push(Said { line, sent });
                    thread::sleep(gap.mul_f64(0.5 + random.f64()));
                }
            })
        });
        let threads = threads.collect();
        Self { said, stop, threads }
    }

    /// What was said so far.
    pub(crate) fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Says no more, and gives what was said.
    pub(crate) fn end(mut self) -> Vec<Said> {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
        self.said()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}
