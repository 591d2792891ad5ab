//! Names of a replay's topics: `<prefix>replay.<name>.<kind>`.

use schemas::topic::{Topic, TopicNames};

use crate::range::Name;

/// What stands between a deployment's prefix and the name of a replay.
const MARK: &str = "replay.";

/// What a topic of a replay holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What was decided.
    Decisions,
    /// Model calls that would be made.
    Requests,
    /// What would be let out.
    Answers,
    /// Facts of money.
    Ledger,
    /// The journal: how requests ended that were asked of models.
    Outcomes,
    /// The manifest, then lines of results.
    Results,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Decisions, Self::Requests, Self::Answers, Self::Ledger, Self::Outcomes, Self::Results];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Requests => "requests",
            Self::Answers => "answers",
            Self::Ledger => "ledger",
            Self::Outcomes => "outcomes",
            Self::Results => "results",
        }
    }

    /// Where a replay writes what the line's fold writes there; nowhere for what it does not keep.
    pub fn of(topic: Topic) -> Option<Self> {
        match topic {
            Topic::Decisions => Some(Self::Decisions),
            Topic::Requests => Some(Self::Requests),
            Topic::Answers => Some(Self::Answers),
            Topic::Ledger => Some(Self::Ledger),
            Topic::Events | Topic::Deliveries | Topic::States | Topic::Configs | Topic::DeadLetters => None,
        }
    }
}

/// Names of the topics of one replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
    name: Name,
}

impl Names {
    /// Of a replay of a deployment.
    pub fn new(topics: &TopicNames, name: Name) -> Self {
        Self { prefix: topics.prefix().to_owned(), name }
    }

    /// The replay's name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The full name of a topic.
    pub fn of(&self, kind: Kind) -> String {
        format!("{}{MARK}{}.{}", self.prefix, self.name, kind.name())
    }

    /// The full names of all of them.
    pub fn all(&self) -> Vec<String> {
        Kind::ALL.into_iter().map(|kind| self.of(kind)).collect()
    }

    /// The replay that a topic of this deployment belongs to, if it does to one.
    pub fn owner(topics: &TopicNames, topic: &str) -> Option<Name> {
        let rest = topic.strip_prefix(topics.prefix())?.strip_prefix(MARK)?;
        let (name, kind) = rest.split_once('.')?;
        let is_known = Kind::ALL.into_iter().any(|known| known.name() == kind);
        name.parse().ok().filter(|_| is_known)
    }
}
