//! What a record of `answers` asks for: a part to be sent, or a part to be taken back.

use pipeline::Record;
use schemas::Millis;
use schemas::answer::{Answer, DeliveryClass};
use schemas::conversation::Lane;
use schemas::retract::Retract;
use schemas::wire;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Work {
    /// Send it.
    Part(Answer),
    /// Take it back.
    Retract(Retract),
}

impl Work {
    /// Reads a record.
    pub(crate) fn read(record: &Record) -> Result<Self, wire::DecodeError> {
        let header = |name: &str| record.header(name);
        let value = record.value.as_deref();
        if is_retract(record) {
            wire::decode(header, value).map(Self::Retract)
        } else {
            wire::decode(header, value).map(Self::Part)
        }
    }

    pub(crate) fn lane(&self) -> &Lane {
        match self {
            Self::Part(answer) => &answer.lane,
            Self::Retract(retract) => &retract.lane,
        }
    }

    /// No call starts later.
    pub(crate) fn by(&self) -> Millis {
        match self {
            Self::Part(answer) => answer.send_by,
            Self::Retract(retract) => retract.retract_by,
        }
    }

    /// Whether it may be done twice. Recalling a message twice is harmless.
    pub(crate) fn class(&self) -> DeliveryClass {
        match self {
            Self::Part(answer) => answer.class,
            Self::Retract(_) => DeliveryClass::Resend,
        }
    }
}

/// Told from the header, so that it is known of a record whose value cannot be read.
pub(crate) fn is_retract(record: &Record) -> bool {
    record.header(wire::KIND) == Some(Retract::KIND.as_bytes())
}
