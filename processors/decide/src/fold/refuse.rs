//! Messages that open no turn and whose sender is told so.

use catalogue::App;
use safety::is_blank;
use schemas::answer::AnswerSource;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::MessageKind;
use schemas::state::WaitingMessage;

use super::Folding;
use crate::gate::{Addressee, answers, canned};
use crate::reason::Reason;
use crate::recent::{self, Leave};
use crate::step::Output;

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The filter stops it.
    Blocked,
    /// The filter holds it, and its review does not let it on.
    Held,
    /// Its text is sealed.
    Sealed,
    /// It has no text.
    NoText,
    /// As many messages wait as may.
    LaneFull,
    /// Its sender had as many answers within a minute as may be.
    TooOften,
    /// It fits no prompt.
    TooLong,
}

/// How a message is refused.
struct Refused {
    ruling: Ruling,
    reasons: Vec<Reason>,
    /// What its sender is told, if anything.
    said: Option<Refusal>,
}

/// What is said to whoever wrote a message, and the decision that says so.
pub(super) struct Told<'a> {
    pub(super) ruling: Ruling,
    pub(super) reasons: Vec<Reason>,
    /// What the text is said for.
    pub(super) occasion: Reason,
    /// Nothing is said if it is empty.
    pub(super) text: &'a str,
}

impl Refusal {
    fn reason(self) -> Reason {
        match self {
            Self::Blocked | Self::Held => Reason::Blocked,
            Self::Sealed => Reason::Sealed,
            Self::NoText => Reason::NoText,
            Self::LaneFull => Reason::LaneFull,
            Self::TooOften => Reason::TooOften,
            Self::TooLong => Reason::TooLong,
        }
    }

    fn ruling(self) -> Ruling {
        match self {
            Self::Blocked | Self::Held => Ruling::Blocked,
            Self::Sealed | Self::NoText | Self::LaneFull | Self::TooOften | Self::TooLong => {
                Ruling::Unanswerable
            }
        }
    }

    fn text(self, app: &App) -> &str {
        let canned = &app.canned;
        match self {
            Self::Blocked => &canned.blocked,
            Self::Held => {
                let own = app.review.as_ref().and_then(|review| review.text.as_deref());
                own.unwrap_or(&canned.blocked)
            }
            Self::Sealed | Self::NoText => &canned.unanswerable,
            Self::LaneFull => &canned.too_many,
            Self::TooOften => &app.output.too_often,
            Self::TooLong => &canned.failed,
        }
    }
}

impl<'a> Folding<'a> {
    /// What a person is told: of a message that the filter stopped in the language of the rule that stopped it.
    fn told(&self, why: Refusal, draft: &Decision) -> &'a str {
        let Folding { app, rules, .. } = *self;
        let by = draft.verdict.iter().flat_map(|verdict| &verdict.rules).filter(|_| why == Refusal::Blocked);
        let languages = by.filter_map(|rule| rules.language(rule));
        let text = languages.filter_map(|language| app.canned.blocked_texts.get(language)).next();
        text.map_or_else(|| why.text(app), String::as_str)
    }
}

impl Folding<'_> {
    /// Refuses a message. Its sender is told, where the operator has words for it and the sender had not too many answers.
    pub(super) fn refuse(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane, why: Refusal) {
        // Nobody sees commands between programs, such as the signal that someone types: they are not answered either.
        let silent = message.kind == MessageKind::Command || is_blank(self.told(why, &draft));
        let leave = if silent { Leave::Given } else { self.leave(message) };
        let reasons = [why.reason()].into_iter().chain((leave != Leave::Given).then_some(Reason::TooOften));
        let reasons = reasons.chain((leave == Leave::ToldBefore).then_some(Reason::ToldBefore)).collect();
        let said = match leave {
            Leave::Given if silent => None,
            Leave::Given => Some(why),
            Leave::Refused => Some(Refusal::TooOften),
            Leave::ToldBefore => None,
        };
        self.turn_down(draft, message, lane, Refused { ruling: why.ruling(), reasons, said });
    }

    /// Refuses a message that would open a turn because its sender had as many answers as may be.
    pub(super) fn refuse_more(
        &mut self,
        draft: Decision,
        message: &WaitingMessage,
        lane: &Lane,
        told: Leave,
    ) {
        let why = Refusal::TooOften;
        let told_before = (told == Leave::ToldBefore).then_some(Reason::ToldBefore);
        let reasons = [why.reason()].into_iter().chain(told_before).collect();
        let said = (told == Leave::Refused).then_some(why);
        self.turn_down(draft, message, lane, Refused { ruling: why.ruling(), reasons, said });
    }

    /// Refuses a message for which a turn was about to open: its answer is counted.
    pub(super) fn refuse_asked(
        &mut self,
        draft: Decision,
        message: &WaitingMessage,
        lane: &Lane,
        why: Refusal,
    ) {
        let said = (message.kind != MessageKind::Command).then_some(why);
        self.turn_down(
            draft,
            message,
            lane,
            Refused { ruling: why.ruling(), reasons: vec![why.reason()], said },
        );
    }

    /// What may be said to whoever wrote a message, as their tier or else the app has it; an answer is counted.
    pub(super) fn leave(&mut self, message: &WaitingMessage) -> Leave {
        let of_tier =
            self.tier(std::slice::from_ref(message)).and_then(|granted| granted.tier.max_per_minute);
        let recent = &mut self.state.core.recent;
        match of_tier.or(self.app.output.max_per_minute) {
            Some(most) => recent::ask(recent, &message.sender, most, self.step.now),
            // Others may be counted.
            None if self.app.counts_answers() => Leave::Given,
            None => {
                recent.clear();
                Leave::Given
            }
        }
    }

    fn turn_down(&mut self, draft: Decision, message: &WaitingMessage, lane: &Lane, refused: Refused) {
        let Refused { ruling, reasons, said } = refused;
        let text = said.map_or("", |said| self.told(said, &draft));
        let occasion = said.map(Refusal::reason).or(reasons.first().copied()).unwrap_or(Reason::Failed);
        let told = Told { ruling, reasons, occasion, text };
        self.tell(draft, std::slice::from_ref(message), lane, told);
    }

    /// Says a text of the operator's to those who wrote these messages.
    pub(super) fn tell(&mut self, draft: Decision, asked: &[WaitingMessage], lane: &Lane, told: Told<'_>) {
        let Told { ruling, reasons, occasion, text } = told;
        let opened = asked.first().map(|opener| Addressee::of(opener, lane.clone()));
        let to = opened.and_then(|opened| Addressee::of_turn(opened.turn, asked, lane.clone()));
        let Some(to) = to else { return };
        let source = AnswerSource::Canned { reason: occasion.label().to_owned() };
        let parts = canned(self.app, &to, text);
        let parts = answers(self.app, &to, parts, &source, self.step.now);
        let turn = draft.turn.or((!parts.is_empty()).then_some(to.turn));
        let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        self.step.rule(Decision { turn, parts: count, ..draft }, ruling, reasons);
        self.state.keep_answer(self.app, &parts, asked.iter().map(|message| &message.id), None);
        self.step.add(parts.into_iter().map(Output::Answer));
    }
}
