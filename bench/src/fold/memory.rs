//! What conversations take in memory, in a process of its own: many of them are made, and what the process has resident more is told.

use super::scene::{Shape, Talk};
use crate::usage::resident_memory;
use anyhow::{Context, Result, bail};
use decide::{Key, LazyState, restore};
use dev::console::say;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::process::Command;

/// Turns of history of each.
const TURNS: u32 = 3;
/// Fewest conversations by which memory is measured. Of fewer, the process has as much more as its allocator had left over or takes at a
/// time: they are held several times, each time in a map of their own.
const FEWEST: u64 = 100_000;
/// Conversations whose stored entries are in memory at once.
const AT_ONCE: u64 = 1_000;

/// How a conversation is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Form {
    /// Idle, as it was stored: what a restart gives, until something happens in it.
    Stored,
    /// Idle, and read: what an exchange leaves behind.
    Loaded,
    /// A turn is in flight.
    Active,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Stored, Self::Loaded, Self::Active];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stored => "idle, as it was stored",
            Self::Loaded => "idle, after an exchange",
            Self::Active => "a turn in flight",
        }
    }
}

/// What the process is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Spec {
    form: Form,
    conversations: u64,
}

/// Bytes of one conversation among so many, measured in a process of its own.
///
/// # Errors
/// When the process fails.
pub(super) fn bytes(form: Form, conversations: u64) -> Result<f64> {
    let spec = serde_json::to_string(&Spec { form, conversations })?;
    let program = std::env::current_exe().context("finding this program")?;
    let ended = Command::new(program).args(["fold", "--contestant", &spec]).output()?;
    if !ended.status.success() {
        bail!("{}", String::from_utf8_lossy(&ended.stderr));
    }
    let told = String::from_utf8_lossy(&ended.stdout);
    told.trim().parse().with_context(|| format!("reading {told:?}"))
}

/// Makes the conversations, as often as their number asks for, and tells what one takes.
///
/// # Errors
/// When they cannot be made.
pub(crate) fn run(spec: &str) -> Result<()> {
    let Spec { form, conversations } = serde_json::from_str(spec)?;
    let rules = Shape::Sessions.build()?;
    let process = std::process::id();
    // What the first conversations bring with them is there before it is counted.
    let warm = make(form, 0..AT_ONCE, &rules)?;
    let times = (FEWEST / conversations).max(1);
    let before = resident_memory(process);
    let mut held: Vec<HashMap<Key, LazyState>> = Vec::new();
    let mut begin = AT_ONCE;
    for _ in 0..times {
        let mut population = HashMap::with_capacity(usize::try_from(conversations)?);
        let all = begin + conversations;
        while begin < all {
            let end = (begin + AT_ONCE).min(all);
            population.extend(make(form, begin..end, &rules)?);
            begin = end;
        }
        held.push(population);
    }
    let more = resident_memory(process).saturating_sub(before);
    say(&format!("{}", more as f64 / (conversations * times) as f64));
    drop((warm, held));
    Ok(())
}

fn make(form: Form, numbers: std::ops::Range<u64>, rules: &decide::Rules) -> Result<Vec<(Key, LazyState)>> {
    let mut made = Vec::new();
    let mut stored = Vec::new();
    for number in numbers {
        let mut talk = Talk::new(number)?;
        for _ in 0..TURNS {
            talk.exchange(rules)?;
        }
        if form == Form::Active {
            let message = talk.message()?;
            talk.fold(rules, message).context("a message was not asked")?;
        }
        match form {
            Form::Stored => stored.extend(talk.stored()),
            Form::Loaded | Form::Active => made.extend(talk.state.map(|state| (talk.key, state.into()))),
        }
    }
    if form == Form::Stored {
        made = restore(stored.iter().map(|(key, value)| (key.as_bytes(), value.as_slice())))?.1;
    }
    Ok(made)
}
