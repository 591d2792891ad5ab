//! What can go wrong between this process and the brokers.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::Unreachable;

/// Why something asked of Kafka was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client could not be built from its properties.
    #[error("create kafka {role}")]
    Client {
        /// Which client.
        role: &'static str,
        /// What librdkafka says.
        #[source]
        source: Box<KafkaError>,
    },
    /// A request failed; it may work when asked again.
    #[error("{request} ({subject})")]
    Request {
        /// What was asked.
        request: &'static str,
        /// Of what: a topic, a partition, a group.
        subject: String,
        /// What librdkafka says.
        #[source]
        source: Box<KafkaError>,
    },
    /// No answer within the bound.
    #[error("{request} ({subject}): no answer in time")]
    Timeout {
        /// What was asked.
        request: &'static str,
        /// Of what: a topic, a partition, a group.
        subject: String,
    },
    /// Another process uses the same identity; this one must end.
    #[error("{identity} is used by another process: {reason}")]
    Fenced {
        /// The transactional id or group instance id.
        identity: String,
        /// What librdkafka says.
        reason: String,
    },
    /// The group has put this member out: others may have its partitions.
    #[error("{identity} was put out of its group")]
    PutOut {
        /// The group instance id.
        identity: String,
    },
    /// No broker can be reached.
    #[error(transparent)]
    Unreachable(Unreachable),
    /// The brokers' content contradicts what the deployment expects.
    #[error("{0}")]
    Unexpected(String),
}

impl Error {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Client { .. } => "client",
            Self::Request { .. } => "request",
            Self::Timeout { .. } => "timeout",
            Self::Fenced { .. } => "fenced",
            Self::PutOut { .. } => "put_out",
            Self::Unreachable(_) => "unreachable",
            Self::Unexpected(_) => "unexpected",
        }
    }

    pub(crate) fn client(role: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self::Client { role, source: Box::new(source) }
    }

    pub(crate) fn request(request: &'static str, subject: impl ToString) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self::Request { request, subject: subject.to_string(), source: Box::new(source) }
    }
}

/// An error with all its causes, for those who can only keep text.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Whether the code says that a newer process took over this one's transactional id. A membership that was taken over
/// does not: a consumer that joins anew after an outage takes over its own. A twin's is fatal to the consumer.
pub(crate) fn is_fencing(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch
    )
}
