//! The closed list of topics: who writes them, how they are keyed and kept.

use std::time::Duration;

/// A topic of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The conversations' log.
    Events,
    /// What was decided on each input.
    Decisions,
    /// Model calls to be made.
    Requests,
    /// What is let out.
    Answers,
    /// The result of each send.
    Deliveries,
    /// Snapshots of decide's state.
    States,
    /// Facts of money.
    Ledger,
    /// Bundles by hash, and the deployment's stamp.
    Configs,
    /// Records that could not be processed.
    DeadLetters,
}

/// How many partitions a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitions {
    /// As many as the deployment has: partition numbers are carried from step to step.
    Deployment,
    /// One.
    One,
}

/// How a topic is cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// Records are deleted after this time.
    Delete(Duration),
    /// The newest record of each key is kept.
    Compact,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Topic {
    /// Every topic, in the order of the data flow.
    pub const ALL: [Topic; 9] = [
        Topic::Events,
        Topic::Decisions,
        Topic::Requests,
        Topic::Answers,
        Topic::Deliveries,
        Topic::States,
        Topic::Ledger,
        Topic::Configs,
        Topic::DeadLetters,
    ];

    /// Its name, before a deployment's prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Decisions => "decisions",
            Self::Requests => "requests",
            Self::Answers => "answers",
            Self::Deliveries => "deliveries",
            Self::States => "states",
            Self::Ledger => "ledger",
            Self::Configs => "configs",
            Self::DeadLetters => "dead-letters",
        }
    }

    /// The steps that write it.
    pub fn writers(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["ingest", "call", "decide", "admin"],
            Self::Decisions | Self::Requests | Self::Answers | Self::States => &["decide"],
            Self::Deliveries => &["deliver"],
            Self::Ledger => &["decide", "quota", "admin"],
            Self::Configs => &["admin"],
            Self::DeadLetters => &["call", "decide", "deliver", "account"],
        }
    }

    /// What its key is, for documents. The partition is the conversation's in every topic of the line.
    pub fn key_rule(self) -> &'static str {
        match self {
            Self::Events => "conversation; none for control records",
            Self::Decisions | Self::Requests | Self::Answers | Self::Deliveries => "lane",
            Self::States => "entry of the state",
            Self::Ledger => "app",
            Self::Configs => "bundle hash",
            Self::DeadLetters => "as the source had it",
        }
    }

    /// How many partitions it has.
    pub fn partitions(self) -> Partitions {
        match self {
            Self::Configs => Partitions::One,
            _ => Partitions::Deployment,
        }
    }

    /// How it is cleaned up by default.
    pub fn cleanup(self) -> Cleanup {
        match self {
            Self::Events | Self::Decisions | Self::Answers | Self::Deliveries => Cleanup::Delete(30 * DAY),
            Self::DeadLetters => Cleanup::Delete(30 * DAY),
            Self::Requests => Cleanup::Delete(2 * DAY),
            Self::Ledger => Cleanup::Delete(400 * DAY),
            Self::States | Self::Configs => Cleanup::Compact,
        }
    }

    /// Largest record batch that it takes, in bytes. Dead letters hold any source record with its provenance.
    pub fn max_message_bytes(self) -> u32 {
        match self {
            Self::DeadLetters => 2 * 1_048_576,
            _ => 1_048_576,
        }
    }

    /// The broker's settings of the topic, besides partitions and replicas.
    pub fn settings(self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            // The fold's clock is the broker's append time.
            ("message.timestamp.type", "LogAppendTime".to_owned()),
            ("max.message.bytes", self.max_message_bytes().to_string()),
        ];
        match self.cleanup() {
            Cleanup::Delete(after) => {
                settings.push(("cleanup.policy", "delete".to_owned()));
                settings.push(("retention.ms", after.as_millis().to_string()));
            }
            Cleanup::Compact => {
                settings.push(("cleanup.policy", "compact".to_owned()));
                // Small segments: only closed segments are compacted, and a restore reads what is left.
                settings.push(("segment.bytes", (64 * 1_048_576).to_string()));
                settings.push(("min.cleanable.dirty.ratio", "0.3".to_owned()));
            }
        }
        settings
    }
}

/// Names of a deployment's topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicNames {
    prefix: String,
}

impl TopicNames {
    /// Topics named `prefix` + name; the prefix may be empty.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// What stands before every name.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Full name of a topic.
    pub fn of(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decide_writes_answers() {
        assert_eq!(Topic::Answers.writers(), ["decide"]);
    }

    #[test]
    fn a_dead_letter_has_room_for_any_record_of_any_source() {
        for topic in Topic::ALL.into_iter().filter(|t| *t != Topic::DeadLetters) {
            assert!(Topic::DeadLetters.max_message_bytes() >= 2 * topic.max_message_bytes());
        }
    }

    #[test]
    fn names_are_unique_and_carry_the_prefix() {
        let names = TopicNames::new("demo.");
        let all: std::collections::BTreeSet<_> = Topic::ALL.into_iter().map(|t| names.of(t)).collect();
        assert_eq!(all.len(), Topic::ALL.len());
        assert!(all.contains("demo.dead-letters"));
    }
}
