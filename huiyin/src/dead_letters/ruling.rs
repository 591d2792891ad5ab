//! Whether a record may be requeued, and what follows from it.

use std::fmt;

use schemas::line::Foreign;
use schemas::topic::{Topic, TopicNames};

use super::dead_letter::DeadLetter;
use crate::role::Role;

/// What an operator may do with a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It may go again.
    Free(&'static str),
    /// It may go again if the cost is accepted.
    Costs(&'static str),
    /// It must not.
    Refused(&'static str),
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free(why) => write!(f, "possible: {why}"),
            Self::Costs(why) => write!(f, "only with --accept-cost: {why}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

/// Rules by the step that gave the record up and the topic that it was read from.
pub(super) fn ruling(letter: &DeadLetter, topics: &TopicNames) -> Ruling {
    let source = Topic::ALL.into_iter().find(|topic| topics.of(*topic) == letter.source.topic);
    if letter.reason == Foreign.label() {
        return Ruling::Refused(
            "a replay wrote it: it is no work of this line, and every step would give it up again",
        );
    }
    if letter.step == Role::Account.label() {
        return Ruling::Refused(
            "only its rows are missing. The other steps read its topic too and have done their part: decide would rule on \
             it twice, deliver send it twice",
        );
    }
    match source {
        Some(Topic::Events) if letter.record.key.is_none() => Ruling::Refused(
            "a control record belongs to its place in the log: `huiyin config apply` and the fold's own clock write new ones",
        ),
        Some(Topic::Events) if letter.kind() == "answered" => Ruling::Costs(
            "its model calls get rows in ClickHouse a second time. Decide lets the answer out if the turn still waits for \
             it, else books it as late cost",
        ),
        Some(Topic::Events) => Ruling::Free(
            "decide folds it behind everything that is in the log by now; a message older than its app's duplicate \
             horizon is ruled too_old",
        ),
        Some(Topic::Requests) => Ruling::Costs(
            "its `answered` with outcome dead is written and its turn has ended. Within its answer_by the model is called \
             and paid, else it ends as expired; decide books that as late cost and sends it to nobody",
        ),
        Some(Topic::Answers) => Ruling::Refused(
            "only decide writes `answers`, one answer for each turn, and its delivery is recorded as undelivered",
        ),
        Some(
            Topic::Decisions
            | Topic::Deliveries
            | Topic::States
            | Topic::Ledger
            | Topic::Configs
            | Topic::DeadLetters,
        )
        | None => {
            Ruling::Refused("it was not read from a topic that a step of this deployment takes work from")
        }
    }
}
