//! Answers that are taken back after they were let out: by an operator, because their question is recalled, or for a late finding.

use schemas::decision::{Decision, Ruling};
use schemas::ids::MessageId;
use schemas::retract::{AnswerReference, LateFinding, Retract, RetractOrder, RetractReason, RetractTimes};

use super::Folding;
use crate::reason::Reason;
use crate::step::Output;

impl Folding<'_> {
    /// An operator takes answers back. The order names all that is needed, so that it holds for answers of any age.
    pub(super) fn ordered_back(&mut self, order: &RetractOrder) {
        for answer in &order.answers {
            self.retract(answer, RetractReason::Ordered, self.step.draft(Ruling::Noted));
        }
    }

    /// Takes the answers to a recalled message back, if the app wants that. False when there is none.
    pub(super) fn retracted_with(&mut self, question: &MessageId) -> bool {
        if !self.app.retract_on_recall {
            return false;
        }
        let answers = self.state.answers_to(question);
        for answer in &answers {
            let draft = Decision { message: Some(question.clone()), ..self.step.draft(Ruling::Noted) };
            self.retract(answer, RetractReason::Recalled, draft);
        }
        !answers.is_empty()
    }

    /// A source has found that an answer may not stand.
    pub(super) fn finding(&mut self, finding: &LateFinding) {
        let of_part = finding.reply.and_then(|part| self.state.answer_with(part));
        let to_message = finding.message.iter().flat_map(|message| self.state.answers_to(message));
        let answers: Vec<AnswerReference> = of_part.into_iter().chain(to_message).collect();
        let reasons = finding.category.iter().cloned().collect();
        let message = finding.message.clone();
        self.found(&answers, Decision { message, reasons, ..self.step.draft(Ruling::Noted) });
    }

    /// Takes answers back that may not stand. Without any it is noted that none is kept: they were taken back before, are too old, or
    /// the app's policies keep none (`App::keeps_answers`).
    pub(super) fn found(&mut self, answers: &[AnswerReference], draft: Decision) {
        for answer in answers {
            self.retract(answer, RetractReason::Finding, draft.clone());
        }
        if answers.is_empty() {
            self.step.rule(draft, Ruling::Noted, [Reason::NothingPending]);
        }
    }

    /// Takes an answer back, with the decision that says so: it leaves the history, and a record for each part goes behind the parts.
    fn retract(&mut self, answer: &AnswerReference, reason: RetractReason, draft: Decision) {
        let was_remembered = self.state.forget_answer(answer);
        let draft = Decision {
            lane: Some(answer.lane.clone()),
            turn: Some(answer.turn),
            sender: Some(answer.user.clone()),
            message: draft.message.clone().or_else(|| Some(answer.message.clone())),
            parts: answer.parts,
            ..draft
        };
        let removed = was_remembered.then_some(Reason::HistoryRemoved);
        let cause = draft.id.to_string();
        self.step.rule(draft, Ruling::Noted, [Reason::Retracted].into_iter().chain(removed));
        let now = self.step.now;
        let times = RetractTimes { now, by: now + self.app.send_within_ms };
        self.step.add(Retract::all(answer, &cause, reason, times).into_iter().map(Output::Retract));
    }
}
