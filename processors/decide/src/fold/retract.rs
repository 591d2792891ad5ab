//! Answers that are taken back after they were let out: by an operator, because their question is recalled, or for a late finding.

use schemas::decision::{Decision, Ruling};
use schemas::ids::{MessageId, TurnId};
use schemas::retract::{AnswerReference, Retract, RetractOrder, RetractReason, RetractTimes};

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

    /// Takes the answer of a turn back. False when it is not kept: it was never let out, is one of those that are too old, or the
    /// app's policies keep none (`App::keeps_answers`).
    #[cfg_attr(not(test), expect(dead_code, reason = "reviews that end after an answer was let out call it"))]
    pub(super) fn retract_turn(&mut self, turn: TurnId, reason: RetractReason) -> bool {
        let Some(answer) = self.state.answer_of(turn) else { return false };
        self.retract(&answer, reason, self.step.draft(Ruling::Noted));
        true
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use catalogue::{Bundle, Contents, Engines, RawCatalogue, validate};
    use schemas::answer::{Answer, AnswerSource};

    use super::*;
    use crate::fold::builder::{Cause, StepBuilder};
    use crate::gate::{Addressee, answers};
    use crate::{At, Rules, State};

    fn bundle(policy: &str) -> Bundle {
        let text = format!(
            "[[app]]\nkey = \"acme#support\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n{policy}\n\
             [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\""
        );
        let raw: RawCatalogue = toml::from_str(&text).unwrap();
        validate(&raw).unwrap()
    }

    /// Lets an answer of two parts out and then finds that it may not stand; gives what is written, and whether it was known.
    fn found_late(policy: &str) -> (Vec<Answer>, Vec<Output>, bool) {
        let bundle = bundle(policy);
        let engines = Engines::of(&bundle, &Contents::default()).unwrap();
        let rules = Rules::new(&bundle, bundle.hash().unwrap(), Arc::new(engines));
        let example = include_str!("../../../../schemas/examples/answers/valid-model.json");
        let part: Answer = serde_json::from_str(example).unwrap();
        let to = Addressee {
            turn: part.turn,
            lane: part.lane.clone(),
            bot: part.bot,
            user: part.user,
            others: Vec::new(),
            message: part.message.clone(),
        };
        let conversation = &part.lane.conversation;
        let at = At { partition: 0, offset: 7, time: 1_750_000_000_000 };
        let step =
            StepBuilder::new(Some(&rules), at, conversation, None, Cause { input: "answered", ordinal: 0 });
        let app = rules.app(conversation.app()).unwrap();
        let mut folding = Folding { rules: &rules, app, state: State::default(), step };
        let source = AnswerSource::Canned { reason: "test".into() };
        let parts = answers(app, &to, vec!["one".into(), "two".into()], &source, folding.step.now);
        folding.state.keep_answer(app, &parts, [&part.message]);
        let was_known = folding.retract_turn(to.turn, RetractReason::Finding);
        assert!(!folding.retract_turn(to.turn, RetractReason::Finding), "it is taken back once");
        (parts, folding.step.into_outputs(), was_known)
    }

    #[test]
    fn a_late_finding_takes_a_kept_answer_back_with_a_decision_and_a_record_for_each_part() {
        let (parts, outputs, was_known) = found_late("retract_on_recall = true");
        let [Output::Decision(decision), Output::Retract(one), Output::Retract(two)] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert!(was_known);
        assert_eq!((&decision.reasons[..], decision.parts), (&["retracted".to_owned()][..], 2));
        assert_eq!((one.answer, two.answer), (parts[0].id, parts[1].id));
        assert!([one, two].iter().all(|retract| retract.reason == RetractReason::Finding));
    }

    #[test]
    fn what_is_not_kept_cannot_be_taken_back_by_itself() {
        let (_, outputs, was_known) = found_late("");
        assert!(!was_known && outputs.is_empty());
    }
}
