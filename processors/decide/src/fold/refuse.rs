//! Messages that open no turn and whose sender is told so.

use catalogue::app::Canned;
use schemas::answer::AnswerSource;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::MessageKind;
use schemas::state::WaitingMessage;

use super::Folding;
use crate::gate::{Addressee, answers, canned};
use crate::reason::Reason;
use crate::step::Output;

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The filter stops it.
    Blocked,
    /// Its text is sealed.
    Sealed,
    /// It has no text.
    NoText,
    /// As many messages wait as may.
    LaneFull,
    /// It fits no prompt.
    TooLong,
}

impl Refusal {
    fn reason(self) -> Reason {
        match self {
            Self::Blocked => Reason::Blocked,
            Self::Sealed => Reason::Sealed,
            Self::NoText => Reason::NoText,
            Self::LaneFull => Reason::LaneFull,
            Self::TooLong => Reason::TooLong,
        }
    }

    fn ruling(self) -> Ruling {
        match self {
            Self::Blocked => Ruling::Blocked,
            Self::Sealed | Self::NoText | Self::LaneFull | Self::TooLong => Ruling::Unanswerable,
        }
    }

    fn text(self, canned: &Canned) -> &str {
        match self {
            Self::Blocked => &canned.blocked,
            Self::Sealed | Self::NoText => &canned.unanswerable,
            Self::LaneFull => &canned.too_many,
            Self::TooLong => &canned.failed,
        }
    }
}

impl Folding<'_> {
    /// Refuses a message. Its sender is told, where the operator has words for it.
    pub(super) fn refuse(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane, why: Refusal) {
        // Nobody sees commands between programs, such as the signal that someone types: they are not answered either.
        let silent = message.kind == MessageKind::Command;
        let text = if silent { "" } else { why.text(&self.app.canned) };
        let to = Addressee::of(message, lane.clone());
        let source = AnswerSource::Canned { reason: why.reason().label().to_owned() };
        let parts = canned(self.app, &to, text);
        let parts = answers(self.app, &to, parts, &source, self.step.now);
        let turn = (!parts.is_empty()).then_some(to.turn);
        let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        self.step.rule(Decision { turn, parts: count, ..draft }, why.ruling(), [why.reason()]);
        self.state.keep_answer(self.app, &parts, [&message.id]);
        self.step.add(parts.into_iter().map(Output::Answer));
    }
}
