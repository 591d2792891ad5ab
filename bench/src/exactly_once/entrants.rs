//! The contestants, in the order of the table.

use super::spec::Kind;
use super::streams;

/// Everyone who contends for the rate, in the order of the table.
pub(super) const ENTRANTS: [Entrant; 9] = [
    Entrant::ours("raw loop, the fold's records", Kind::RawFold),
    Entrant::ours("fold driver", Kind::Fold),
    Entrant::ours("fold driver at least once", Kind::Fold).plain(),
    Entrant::ours("fold driver, whole states", Kind::Fold).whole(),
    Entrant::ours("raw loop, the calls' records", Kind::RawCall),
    Entrant::ours("call driver", Kind::Call),
    Entrant::ours("call driver at least once", Kind::Call).plain(),
    Entrant::streams("Kafka Streams, defaults", &[]),
    Entrant::streams("Kafka Streams, tuned", &streams::TUNED),
];

/// Those whose latency is measured.
pub(super) const TIMED: [usize; 4] = [0, 1, 5, 7];

/// Who contends, and how.
pub(super) struct Entrant {
    pub(super) name: &'static str,
    pub(super) who: Who,
}

#[derive(Clone, Copy)]
pub(super) enum Who {
    Ours { kind: Kind, is_whole: bool, is_plain: bool },
    Streams(&'static [&'static str]),
}

impl Entrant {
    pub(super) const fn ours(name: &'static str, kind: Kind) -> Self {
        Self { name, who: Who::Ours { kind, is_whole: false, is_plain: false } }
    }

    pub(super) const fn streams(name: &'static str, settings: &'static [&'static str]) -> Self {
        Self { name, who: Who::Streams(settings) }
    }

    pub(super) const fn whole(mut self) -> Self {
        if let Who::Ours { is_whole, .. } = &mut self.who {
            *is_whole = true;
        }
        self
    }

    pub(super) const fn plain(mut self) -> Self {
        if let Who::Ours { is_plain, .. } = &mut self.who {
            *is_plain = true;
        }
        self
    }
}
