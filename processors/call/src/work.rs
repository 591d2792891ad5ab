//! What one request comes to, by its kind: an answer that was judged, and reviewed if it is held; or the review of a text.

use catalogue::ReviewTime;
use pipeline::Clock;
use schemas::answered::{Attempt, Outcome};
use schemas::ids::TargetName;
use schemas::request::{Request, RequestKind, Role};
use schemas::review::AnswerReview;
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};
use tokio::time::Instant;

use crate::invoke::{Invoke, Invoked, Terms, Unanswered};
use crate::metrics;
use crate::review::{Course, Review};
use crate::reviewers::{HeldText, Reviewed, Said, Subject};
use crate::rules::Rules;

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Worked {
    pub(crate) outcome: Outcome,
    /// Why it failed, in a closed word; empty if it did not.
    pub(crate) reason: &'static str,
    pub(crate) attempts: Vec<Attempt>,
    /// The review of its answer, if that was held.
    pub(crate) review: Option<Box<AnswerReview>>,
}

/// One request at work.
pub(crate) struct Work<'a, I> {
    pub(crate) invoker: &'a I,
    pub(crate) rules: &'a Rules,
    pub(crate) request: &'a Request,
    pub(crate) terms: Terms<'a>,
    pub(crate) clock: &'a dyn Clock,
}

impl Worked {
    fn new(outcome: Outcome, attempts: Vec<Attempt>) -> Self {
        Self { outcome, reason: "", attempts, review: None }
    }

    fn failed(reason: &'static str, verdict: Option<Verdict>, attempts: Vec<Attempt>) -> Self {
        let outcome = Outcome::Failed { reason: reason.to_owned(), verdict };
        Self { reason, ..Self::new(outcome, attempts) }
    }

    /// Nothing came of it.
    pub(crate) fn without(why: Unanswered, attempts: Vec<Attempt>) -> Self {
        match why {
            Unanswered::Expired => Self::new(Outcome::Expired, attempts),
            Unanswered::Cancelled => Self::new(Outcome::Cancelled, attempts),
            Unanswered::Failed(reason) => Self::failed(reason, None, attempts),
        }
    }
}

impl<I: Invoke> Work<'_, I> {
    /// Does it.
    pub(crate) async fn run(self) -> Worked {
        match self.request.kind {
            RequestKind::Answer | RequestKind::Summary => self.answer().await,
            RequestKind::Review => self.reviewed(Subject::Message).await,
            RequestKind::AnswerReview => self.reviewed(Subject::Answer).await,
        }
    }

    async fn answer(self) -> Worked {
        let began = Instant::now();
        let Invoked { attempts, result } =
            self.invoker.invoke(&self.rules.bundle, self.request, self.terms).await;
        let (target, said) = match result {
            Ok(answer) => answer,
            Err(why) => return Worked::without(why, attempts),
        };
        let truncated = said.truncated;
        let (verdict, course) = Review::of(self.rules, self.request).review(&said.text);
        metrics::reviewed(&verdict);
        let answer = |text| Answer { text, verdict: verdict.clone(), target, truncated };
        match course {
            Course::Stopped => Worked::failed("blocked_output", Some(verdict), attempts),
            Course::Out(text) => Worked::new(answer(text).done(), attempts),
            Course::Held(text) => self.held(answer(text), attempts, began).await,
        }
    }

    /// The review of an answer that is held, in what is left of the request's time, unless it is reviewed after it went out.
    async fn held(self, answer: Answer, attempts: Vec<Attempt>, began: Instant) -> Worked {
        let app = self.rules.bundle.apps.get(self.request.lane.conversation.app());
        let on_error = answer.verdict.on_error;
        let Some(policy) = app.and_then(|app| app.review.as_ref()) else {
            return match app.is_some_and(|app| app.lets_held_on(on_error)) {
                true => Worked::new(answer.let_on().done(), attempts),
                false => Worked::failed("blocked_output", Some(answer.verdict), attempts),
            };
        };
        if policy.answers == ReviewTime::After {
            // Its verdict holds it still: decide lets it out, and has it reviewed.
            return Worked::new(answer.done(), attempts);
        }
        let held = HeldText {
            subject: Subject::Answer,
            text: &answer.text,
            request: self.request,
            reviewer: &policy.reviewer,
            policy: Some(policy),
            due: self.clock.now().saturating_add(policy.within_ms),
        };
        let longest = self.terms.longest.saturating_sub(began.elapsed());
        let reviewed = self.ask(held, Terms { longest, ..self.terms }).await;
        let is_cancelled = matches!(reviewed.result, Err(Unanswered::Cancelled));
        let (said, reason) = match reviewed.result {
            Ok(said) => (Some(said), None),
            Err(Unanswered::Failed(reason)) => (None, Some(reason)),
            Err(Unanswered::Expired) => (None, Some("expired")),
            Err(Unanswered::Cancelled) => (None, Some("cancelled")),
        };
        let level = said.as_ref().map(|said| said.level);
        let worked = if is_cancelled {
            Worked::without(Unanswered::Cancelled, attempts)
        } else if policy.lets_on(level, on_error) {
            Worked::new(answer.let_on().done(), attempts)
        } else {
            Worked::failed("blocked_output", Some(answer.verdict), attempts)
        };
        let (category, reason) = (said.and_then(|said| said.category), reason.map(str::to_owned));
        let review = AnswerReview { level, category, reason, attempts: reviewed.attempts };
        Worked { review: Some(Box::new(review)), ..worked }
    }

    /// The review of a text that the request brings.
    async fn reviewed(self, subject: Subject) -> Worked {
        let Some(reviewer) = self.request.chain.first() else {
            return Worked::failed("unknown_reviewer", None, Vec::new());
        };
        let said = self.request.prompt.iter().rev().find(|line| line.role == Role::User);
        let text = match said.map(|line| &line.text) {
            Some(Text::Plain(text)) => text,
            Some(Text::Sealed(_)) | None => return Worked::failed("sealed", None, Vec::new()),
        };
        let app = self.rules.bundle.apps.get(self.request.lane.conversation.app());
        let held = HeldText {
            subject,
            text,
            request: self.request,
            reviewer,
            policy: app.and_then(|app| app.review.as_ref()),
            due: self.request.answer_by,
        };
        let Reviewed { attempts, result } = self.ask(held, self.terms).await;
        match result {
            Ok(Said { level, category }) => {
                Worked::new(Outcome::Reviewed { level, category, reviewer: reviewer.clone() }, attempts)
            }
            Err(why) => Worked::without(why, attempts),
        }
    }

    async fn ask(&self, held: HeldText<'_>, terms: Terms<'_>) -> Reviewed {
        // Few requests come to a review, so that none of the others has the room for it in its own future.
        let reviewed = Box::pin(self.invoker.review(&self.rules.bundle, held, terms)).await;
        let result = match &reviewed.result {
            Ok(said) => said.level.label(),
            Err(Unanswered::Expired) => "expired",
            Err(Unanswered::Cancelled) => "cancelled",
            Err(Unanswered::Failed("review_budget")) => "budget",
            Err(Unanswered::Failed(_)) => "failed",
        };
        metrics::held_reviewed(held.reviewer.as_str(), held.subject.label(), result);
        reviewed
    }
}

/// An answer that may go out.
struct Answer {
    text: String,
    verdict: Verdict,
    target: TargetName,
    truncated: bool,
}

impl Answer {
    fn done(self) -> Outcome {
        let Self { text, verdict, target, truncated } = self;
        Outcome::Done { text: text.into(), verdict, target, truncated }
    }

    /// The verdict names the rules that held it, and holds it no more.
    fn let_on(&self) -> Self {
        let verdict = Verdict { action: Action::Pass, on_error: None, ..self.verdict.clone() };
        Self { text: self.text.clone(), verdict, target: self.target.clone(), truncated: self.truncated }
    }
}
