//! How a stream goes: its pace, its writing, and where it breaks.

use super::config::Config;
use super::faults::Fault;
use super::framing::Style;
use super::request::UsagePlace;
use std::time::Duration;

/// What happens after so many chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Nothing more comes, and the connection stays.
    Stall,
    /// The connection is closed.
    Cut,
    /// The connection is reset.
    Reset,
    /// An error is told and the stream ends; the code of the error, or overload.
    Error(Option<String>),
    /// A frame that is not JSON; the stream goes on.
    Garbage,
}

/// How a stream goes.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// Wait before the first frame, after the headers.
    pub(crate) first: Duration,
    /// Time between chunks.
    pub(crate) every: Duration,
    /// Characters of a chunk.
    pub(crate) chunk_chars: usize,
    pub(crate) style: Style,
    pub(crate) breaks: Option<(u32, Break)>,
    /// A comment before every so many chunks; 0 for none.
    pub(crate) pings: u32,
    /// Whether the terminator comes.
    pub(crate) ends: bool,
    pub(crate) usage: UsagePlace,
}

impl Pace {
    /// The configured pace, changed as a fault asks.
    pub(crate) fn new(config: &Config, usage: UsagePlace, fault: Option<&Fault>) -> Self {
        let mut pace = Self {
            first: Duration::ZERO,
            every: config.chunk_every,
            chunk_chars: config.chunk_chars.max(1),
            style: Style::default(),
            breaks: None,
            pings: 0,
            ends: true,
            usage,
        };
        if let Some(fault) = fault {
            pace.spoil(fault);
        }
        pace
    }

    fn spoil(&mut self, fault: &Fault) {
        match fault {
            Fault::SlowFirstByte { after } => self.first = *after,
            Fault::Trickle { every } | Fault::Paced { every, .. } => self.every = *every,
            Fault::Stall { after_chunks } => self.breaks = Some((*after_chunks, Break::Stall)),
            Fault::CutStream { after_chunks } => self.breaks = Some((*after_chunks, Break::Cut)),
            Fault::ResetStream { after_chunks } => self.breaks = Some((*after_chunks, Break::Reset)),
            Fault::StreamError { after_chunks, code } => {
                self.breaks = Some((*after_chunks, Break::Error(code.clone())));
            }
            Fault::MalformedFrame { after_chunks } => self.breaks = Some((*after_chunks, Break::Garbage)),
            Fault::MalformedJson => self.breaks = Some((1, Break::Garbage)),
            Fault::Cut | Fault::WrongLength => self.breaks = Some((1, Break::Cut)),
            Fault::ResetAfterHeaders => self.breaks = Some((0, Break::Reset)),
            Fault::MissingDone => self.ends = false,
            Fault::Pings { every } => self.pings = *every,
            Fault::SplitUtf8 => self.style.split = true,
            Fault::TightData => self.style.tight = true,
            Fault::Crlf => self.style.crlf = true,
            Fault::ByteOrderMark => self.style.mark = true,
            Fault::MissingUsage => self.usage = UsagePlace::Absent,
            Fault::UsageInChoice => self.usage = UsagePlace::LastChoice,
            Fault::UsageEverywhere => self.usage = UsagePlace::EveryChunk,
            _ => {}
        }
    }
}
