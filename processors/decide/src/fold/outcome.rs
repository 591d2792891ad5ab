//! The outcome of a request: the first one of the current turn is let out, all others are only booked.

use catalogue::output::Topic;
use safety::is_blank;
use schemas::answer::AnswerSource;
use schemas::answered::{Answered, Outcome};
use schemas::decision::{Decision, Ruling};
use schemas::ids::UserId;
use schemas::request::RequestKind;
use schemas::state::{HistoryTurn, Phase, WaitingMessage};
use schemas::text::Text;
use schemas::verdict::Verdict;

use super::{Folding, name_of};
use crate::gate::{Addressee, answers, canned, let_out};
use crate::guard::stops;
use crate::history::completed;
use crate::ledger::Ledger;
use crate::reason::{Failure, Reason};
use crate::step::Output;

/// What is said for an outcome.
struct Said<'a> {
    parts: Vec<String>,
    source: AnswerSource,
    /// What the model said and people see, as history keeps it.
    remembered: Option<&'a str>,
    why: Reason,
    /// Call's or the reviewer's own word for it.
    word: Option<&'a str>,
    /// What is to be said besides.
    besides: Vec<Reason>,
}

impl Said<'_> {
    /// All reasons, as a decision tells them.
    fn reasons(&self) -> Vec<String> {
        let besides = self.besides.iter().map(|reason| reason.label());
        [self.why.label()].into_iter().chain(self.word).chain(besides).map(str::to_owned).collect()
    }
}

impl<'f> Folding<'f> {
    /// A request ended.
    pub(super) fn answered(&mut self, answered: &Answered) {
        match answered.kind {
            RequestKind::Answer => self.answer_came(answered),
            RequestKind::Review => self.review_came(answered),
            RequestKind::AnswerReview => self.answer_review_came(answered),
            RequestKind::Summary => self.summary_came(answered),
        }
    }

    fn answer_came(&mut self, answered: &Answered) {
        let phase = Phase::Asked { request: answered.request };
        let name = name_of(&answered.lane);
        let turn = self.state.lane(name).and_then(|lane| lane.turn.as_ref());
        let Some(turn) = turn.filter(|turn| turn.id == answered.turn && turn.phase == phase) else {
            return self.late(answered);
        };
        match self.state.turn(name, turn.number).filter(|_| !turn.cancelled).cloned() {
            Some(entry) => self.let_out(answered, &entry),
            None => {
                self.late(answered);
                self.close(&answered.lane, None);
            }
        }
    }

    /// Books an outcome that nobody waits for.
    pub(super) fn late(&mut self, answered: &Answered) {
        let user = self.asker_of(answered);
        let draft = Decision { sender: user.clone(), ..self.about_outcome(answered) };
        let Some(user) = user else { return self.step.rule(draft, Ruling::Late, [Reason::Unattributed]) };
        let draft = Decision { reasons: vec![answered.outcome.label().to_owned()], ..draft };
        self.step.rule(draft, Ruling::Late, None);
        let ledger = Ledger::of(answered, user, self.step.now);
        let spent = match answered.kind {
            RequestKind::Answer | RequestKind::Summary => ledger.spent(answered, Reason::Late),
            RequestKind::Review | RequestKind::AnswerReview => Vec::new(),
        };
        let entries = spent.into_iter().chain(ledger.reviews(answered, None));
        self.step.add(entries.map(Output::Ledger));
    }

    /// For whom a request was made, if anybody is known.
    pub(super) fn asker_of(&self, answered: &Answered) -> Option<UserId> {
        let lane = &answered.lane;
        let asker = || self.state.asker(&answered.message);
        let known = lane.sender.clone().or_else(asker).or_else(|| lane.conversation.user().cloned());
        known.or_else(|| answered.user.clone())
    }

    /// Lets the first outcome of the current turn out.
    fn let_out(&mut self, answered: &Answered, entry: &HistoryTurn) {
        let to = Addressee::of_turn(answered.turn, &entry.asked, answered.lane.clone());
        let Some(to) = to else { return };
        let (now, app) = (self.step.now, self.app);
        let mut said = self.said(answered, &to, &entry.asked);
        let forgotten = self.forget_flagged(answered, &to.bot);
        let mut remembered = said.remembered.and_then(|text| completed(entry, text));
        if said.remembered.is_some() && remembered.is_none() && app.kept_turns() > 0 {
            said.besides.push(Reason::NotRemembered);
        }
        let goes = forgotten.question && remembered.take().is_some();
        said.besides.extend((goes || forgotten.history).then_some(Reason::HistoryFlagged));
        let review = answered.review.iter();
        said.besides.extend(review.flat_map(|review| [Reason::Held, Reason::of_review(review.level)]));
        let reviewed_after = self.reviewed_after(answered).zip(said.remembered.map(str::to_owned));
        said.besides.extend(reviewed_after.is_some().then_some(Reason::Held));
        let reasons = said.reasons();
        let parts = answers(app, &to, said.parts, &said.source, now);
        let ledger = Ledger::of(answered, to.user.clone(), now);
        let mut entries = match said.remembered {
            Some(_) => ledger.settled(answered),
            None => ledger.spent(answered, said.why),
        };
        entries.extend(ledger.reviews(answered, app.review.as_ref()));
        let draft = Decision {
            sender: Some(to.user.clone()),
            merged: u32::try_from(entry.asked.len()).unwrap_or(u32::MAX),
            parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
            reasons,
            ..self.about_outcome(answered)
        };
        let ruling = if parts.is_empty() { Ruling::Noted } else { Ruling::Answered };
        self.step.rule(draft, ruling, None);
        let on_error = reviewed_after.as_ref().and_then(|_| answered.outcome.verdict()?.on_error);
        self.state.keep_answer(app, &parts, entry.asked.iter().map(|message| &message.id), on_error);
        self.step.add(parts.into_iter().map(Output::Answer));
        if let Some((policy, text)) = reviewed_after {
            let request = self.review_request(RequestKind::AnswerReview, policy, &to, text);
            self.step.add([Output::Request(request)]);
        }
        self.step.add(entries.into_iter().map(Output::Ledger));
        self.pin_to(answered);
        self.close(&answered.lane, remembered);
    }

    /// The session stays on the target that answered, where its route says so.
    fn pin_to(&mut self, answered: &Answered) {
        let name = name_of(&answered.lane);
        let pins = self.state.lane(name).and_then(|lane| lane.turn.as_ref()).is_some_and(|turn| turn.pins);
        if let Outcome::Done { target, .. } = &answered.outcome
            && pins
        {
            self.state.put_pin(name, target);
        }
    }

    /// The topic of the answer, if it is refused.
    fn refused(&self, answered: &Answered) -> Option<&'f Topic> {
        self.app.output.refused(&answered.outcome.verdict()?.rules)
    }

    pub(super) fn about_outcome(&self, answered: &Answered) -> Decision {
        let verdict = answered.outcome.verdict().cloned().map(Verdict::without_findings);
        Decision {
            lane: Some(answered.lane.clone()),
            message: Some(answered.message.clone()),
            turn: Some(answered.turn),
            request: Some(answered.request),
            verdict,
            ..self.step.draft(Ruling::Answered)
        }
    }

    /// What the bot says for an outcome.
    fn said<'a>(&self, answered: &'a Answered, to: &Addressee, asked: &[WaitingMessage]) -> Said<'a>
    where
        'f: 'a,
    {
        let (app, texts) = (self.app, &self.app.canned);
        let instead = |text: &str, why: Reason, word: Option<&'a str>| Said {
            parts: canned(app, to, text),
            source: AnswerSource::Canned { reason: why.label().to_owned() },
            remembered: None,
            why,
            word,
            besides: Vec::new(),
        };
        if let Some(topic) = self.refused(answered) {
            return instead(&topic.text, Reason::RefusedTopic, Some(&topic.name));
        }
        match &answered.outcome {
            Outcome::Done { verdict, .. } if stops(verdict) && self.reviewed_after(answered).is_none() => {
                instead(&texts.failed, Reason::Reviewed, Some(verdict.action.label()))
            }
            Outcome::Done { text: Text::Sealed(_), .. } => instead(&texts.failed, Reason::Sealed, None),
            Outcome::Done { text: Text::Plain(text), .. } if is_blank(text) => {
                instead(&texts.failed, Reason::Empty, None)
            }
            Outcome::Done { text: Text::Plain(text), truncated, .. } => {
                let shown = self.restored(to, text);
                let let_out = let_out(app, to, asked, &shown.text);
                let is_cut = let_out.said.len() < shown.text.trim_end().len();
                let truncated = truncated.then_some(Reason::Truncated);
                let besides = truncated.into_iter().chain(is_cut.then_some(Reason::Cut));
                Said {
                    parts: let_out.parts,
                    source: AnswerSource::Model { request: answered.request },
                    // The history has placeholders: it is what later prompts are made of.
                    remembered: text.get(..shown.written_end(let_out.said.len())),
                    why: Reason::Done,
                    word: None,
                    besides: besides.chain((shown.given_back > 0).then_some(Reason::Restored)).collect(),
                }
            }
            Outcome::Failed { reason, .. } => {
                instead(Failure::of(reason).text(texts), Reason::Failed, Some(reason))
            }
            // Call ends a review so, and no answer.
            Outcome::Reviewed { .. } => instead(&texts.failed, Reason::Failed, None),
            Outcome::Expired => instead(&texts.expired, Reason::Expired, None),
            Outcome::Cancelled => instead("", Reason::Cancelled, None),
            Outcome::Dead { reason } => instead(&texts.failed, Reason::Dead, Some(reason)),
        }
    }
}
