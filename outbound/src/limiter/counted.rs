//! What limits count: calls, or the tokens of calls.

use std::time::Duration;

/// Tokens of one call: an estimate before it, what was used after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Tokens that are sent.
    pub input: u32,
    /// Tokens that are generated.
    pub output: u32,
}

/// What one limit of an endpoint counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls.
    Calls,
    /// Input and output tokens together.
    Tokens,
    /// Input tokens.
    Input,
    /// Output tokens.
    Output,
}

/// What an endpoint told of one of its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// What it counts.
    pub counted: Counted,
    /// How much it allows.
    pub limit: f64,
    /// How much of that is left.
    pub remaining: f64,
    /// How long until all of it is left again; a minute when it does not say.
    pub reset: Option<Duration>,
}

impl Counted {
    /// Everything that is counted.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Tokens, Self::Input, Self::Output];

    /// Its word in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// What a call adds to the count.
    pub(super) fn of(self, tokens: Tokens) -> u64 {
        match self {
            Self::Calls => 1,
            Self::Tokens => u64::from(tokens.input) + u64::from(tokens.output),
            Self::Input => tokens.input.into(),
            Self::Output => tokens.output.into(),
        }
    }

    pub(super) const fn place(self) -> usize {
        match self {
            Self::Calls => 0,
            Self::Tokens => 1,
            Self::Input => 2,
            Self::Output => 3,
        }
    }
}

/// The usual size of something that comes again and again: later ones weigh more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usual(Option<f64>);

impl Usual {
    /// Part that the newest one has.
    const NEWEST: f64 = 0.1;

    pub(super) fn note(&mut self, size: f64) {
        self.0 = Some(self.0.map_or(size, |usual| usual + (size - usual) * Self::NEWEST));
    }

    /// `None` before the first one.
    pub(super) const fn get(self) -> Option<f64> {
        self.0
    }
}
