//! Why a request is given up.

/// Why a request was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The last failure ends the request wherever it is sent.
    Terminal,
    /// The request may have had its effect, and the rules forbid repeating it then.
    Ambiguous,
    /// Every target was tried and none may be tried again.
    Exhausted,
    /// The targets that are left have open breakers or refused keys, or cool down beyond the deadline.
    Unavailable,
    /// Its turn at the pace of the targets that are left would come too late.
    Saturated,
    /// The retry budgets of the targets that are left had nothing for it in time; holds the first one's place.
    Budget(usize),
    /// Too little time is left.
    Deadline,
    /// The most attempts were made.
    MaxAttempts,
}

impl Stop {
    /// The reason's name in metrics, logs and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Ambiguous => "ambiguous",
            Self::Exhausted => "exhausted",
            Self::Unavailable => "unavailable",
            Self::Saturated => "saturated",
            Self::Budget(_) => "budget",
            Self::Deadline => "deadline",
            Self::MaxAttempts => "max_attempts",
        }
    }
}
