//! What one side made of one turn, as far as its records have told.

use super::content::{Hash, short};
use super::cost::Costs;
use super::waiting::Judged;
pub use crate::results::Source;
use crate::results::{Side, Tokens};
use schemas::answer::{Answer, AnswerSource};
use schemas::answered::{Answered, Attempt, Outcome, Usage};
use schemas::decision::{Decision, Ruling};
use schemas::ids::TurnId;
use schemas::request::{Request, RequestKind, Role};
use schemas::text::Text;
use schemas::verdict::Action;

/// The reason of a decision that lets out what a model said.
const LET_OUT: &str = decide::Reason::Done.label();
/// The error of a turn that somebody called off.
const CALLED_OFF: &str = "cancelled";

/// One side of one turn.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// It has a turn of its own, or stopped the message that would have opened it.
    pub(super) is_told: bool,
    /// Nothing more comes of it.
    pub(super) is_over: bool,
    /// Hash of the hashes of its decisions.
    decisions: Hash,
    question: Judged,
    answer: Judged,
    request: Option<Hash>,
    route: Option<String>,
    /// What a model said.
    text: Option<Text>,
    /// It was let out.
    is_let_out: bool,
    /// What was said instead.
    canned: Option<String>,
    target: Option<String>,
    tokens: Option<Tokens>,
    pub(super) costs: Costs,
    latency_ms: Option<u64>,
    first_token_ms: Option<u64>,
    pub(super) source: Option<Source>,
    error: Option<String>,
    /// Class of the question's complexity.
    pub(super) class: Option<String>,
    /// Tier of the person.
    pub(super) tier: Option<String>,
    /// What was asked.
    pub(super) asked: Option<Text>,
}

impl Half {
    /// A decision that belongs to the turn, with the hash of its record's value.
    pub(super) fn decided(&mut self, decision: &Decision, hash: Hash, waited: Option<Judged>) {
        self.decisions = short([self.decisions.to_be_bytes(), hash.to_be_bytes()].as_flattened());
        self.is_told = true;
        if let Some(waited) = waited {
            self.question.and(waited);
        }
        if decision.input != "answered" {
            self.question.and(judged(decision));
        }
        if let Some(route) = &decision.route {
            self.route = Some(route.rule.clone());
            let why = route.why.as_ref().and_then(|why| why.complexity.as_ref());
            self.class = why.map(|complexity| complexity.class.clone()).or(self.class.take());
        }
        self.tier = decision.tier.as_ref().map(|tier| tier.name.clone()).or(self.tier.take());
        match decision.ruling {
            Ruling::Asked | Ruling::Held => self.is_over = false,
            Ruling::Answered if decision.input == "answered" => {
                self.is_let_out = decision.reasons.iter().any(|reason| reason == LET_OUT);
            }
            Ruling::Lost => self.fail("lost"),
            Ruling::Cancelled | Ruling::Withdrawn if self.text.is_none() => self.fail(CALLED_OFF),
            Ruling::Unanswerable | Ruling::TakenOver if self.text.is_none() => {
                self.fail(decision.ruling.label());
            }
            _ => {}
        }
        self.is_over |= ends(decision);
    }

    fn fail(&mut self, why: &str) {
        self.error.get_or_insert_with(|| why.to_owned());
    }

    /// A request of the turn.
    pub(super) fn requested(&mut self, request: &Request, content: Hash) {
        if request.kind == RequestKind::Answer || self.request.is_none() {
            self.request = Some(content);
        }
        let last = request.prompt.iter().rev().find(|line| line.role == Role::User);
        if matches!(request.kind, RequestKind::Answer | RequestKind::Review) {
            let readable = last.filter(|line| line.text.plain().is_some());
            self.asked = readable.map(|line| line.text.clone()).or(self.asked.take());
        }
        let class = request.route.as_ref().and_then(|route| route.class.clone());
        self.class = class.or(self.class.take());
        self.tier = request.tier.clone().or(self.tier.take());
    }

    /// The hash of a request of which nothing else is known.
    pub(super) fn requested_as(&mut self, content: Hash) {
        self.request.get_or_insert(content);
    }

    /// An outcome of one of its requests.
    pub(super) fn ended(&mut self, answered: &Answered, source: Source) {
        self.costs.add(answered);
        for usage in answered.attempts.iter().filter_map(|attempt| attempt.usage.as_ref()) {
            self.count(usage);
        }
        if answered.kind != RequestKind::Answer || self.is_over {
            return;
        }
        self.source = Some(source);
        self.latency_ms = u64::try_from(answered.ended_at - answered.started_at).ok();
        self.first_token_ms = first_token(answered);
        if let Some(verdict) = answered.outcome.verdict() {
            self.answer.and(Judged { action: Some(verdict.action), rules: verdict.rules.clone() });
        }
        match &answered.outcome {
            Outcome::Done { text, target, .. } => {
                self.target = Some(target.to_string());
                self.text = text.plain().map(|_| text.clone());
            }
            Outcome::Failed { reason, verdict } => {
                self.target = answered.attempts.last().map(|attempt| attempt.target.to_string());
                // A reviewer who stops an answer is no error.
                if verdict.is_none() {
                    self.fail(reason);
                }
            }
            Outcome::Dead { reason } => self.fail(reason),
            other => self.fail(other.label()),
        }
    }

    fn count(&mut self, usage: &Usage) {
        let sum = self.tokens.get_or_insert_default();
        sum.input = sum.input.saturating_add(usage.input);
        sum.cached = sum.cached.saturating_add(usage.cached);
        sum.output = sum.output.saturating_add(usage.output);
    }

    /// A part of what was let out. What a model said is known by its outcome.
    pub(super) fn let_out(&mut self, answer: &Answer) {
        if let (AnswerSource::Canned { .. }, Some(text)) = (&answer.source, answer.text.plain()) {
            self.canned.get_or_insert_default().push_str(text);
        }
    }

    /// What was let out instead of a model's answer, all parts of it.
    pub(super) fn said_instead(&mut self, text: String) {
        self.canned = Some(text);
    }

    /// What people got to see: a model's answer, or what was said instead.
    pub(super) fn shown(&self) -> Option<&str> {
        self.canned.as_deref().or(self.text.as_ref().and_then(Text::plain).filter(|_| self.is_let_out))
    }

    /// Whether it came to anything that can be compared.
    pub(super) fn says_something(&self) -> bool {
        let failed = self.error.as_ref().is_some_and(|error| error != CALLED_OFF);
        self.is_told && (self.shown().is_some() || self.stops() || failed)
    }

    /// A filter answers in place of a model.
    fn stops(&self) -> bool {
        let strictest = self.question.action.max(self.answer.action);
        strictest.is_some_and(|action| action >= Action::Replace)
    }

    /// What of it a model was asked for and ended without saying why.
    pub(super) fn cut_off(&mut self) {
        if self.is_told && !self.is_over {
            self.fail("unfinished");
        }
    }

    /// Its place in the results; `shown` is what people got to see, masked.
    pub(super) fn side(self, shown: Option<String>) -> Side {
        let hex = |hash: Hash| format!("{hash:016x}");
        let mut rules = self.question.rules;
        rules.extend(self.answer.rules);
        rules.sort();
        rules.dedup();
        Side {
            verdict: self.question.action,
            answer_verdict: self.answer.action,
            rules,
            decision: self.is_told.then(|| hex(self.decisions)),
            request: self.request.map(hex),
            route: self.route,
            target: self.target,
            answer: shown,
            tokens: self.tokens,
            cost: self.costs.one(),
            latency_ms: self.latency_ms,
            first_token_ms: self.first_token_ms,
            source: self.source,
            error: self.error,
        }
    }
}

pub(super) fn judged(decision: &Decision) -> Judged {
    let verdict = decision.verdict.as_ref();
    Judged {
        action: verdict.map(|verdict| verdict.action),
        rules: verdict.map(|verdict| verdict.rules.clone()).unwrap_or_default(),
    }
}

/// Whether a turn is over with this decision.
fn ends(decision: &Decision) -> bool {
    let of_answer = |turn: TurnId| decision.request == Some(RequestKind::Answer.of_turn(turn));
    match decision.ruling {
        Ruling::Answered
        | Ruling::Lost
        | Ruling::Blocked
        | Ruling::Unanswerable
        | Ruling::Late
        | Ruling::Cancelled
        | Ruling::Withdrawn
        | Ruling::TakenOver => true,
        // An outcome of which nothing goes out, or a route that says nothing.
        Ruling::Noted => {
            decision.route.is_some() || (decision.input == "answered" && decision.turn.is_some_and(of_answer))
        }
        _ => false,
    }
}

/// From the start of the work to the first token of the attempt that answered.
fn first_token(answered: &Answered) -> Option<u64> {
    let last: &Attempt = answered.attempts.last()?;
    let token = i64::from(last.time_to_first_token_ms?);
    u64::try_from(last.started_at - answered.started_at + token).ok()
}
