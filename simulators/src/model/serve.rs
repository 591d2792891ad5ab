//! The course of a call, whatever its wire.

use super::completion::Completion;
use super::dialect::{Arrival, Dialect, Overlong};
use super::faults::{Caller, Fault, Planned, RetryAfter};
use super::keys;
use super::latency::latency;
use super::ledger::{End, Entry, OpenCall};
use super::limits::Pass;
use super::pace::Pace;
use super::performance::Performance;
use super::refusal::{Refusal, Trouble, page};
use super::request::ChatRequest;
use super::rules::Rules;
use super::state::Model;
use super::stream::{Show, StreamBody};
use super::tokens::{self, Usage};
use super::whole;
use crate::time::now_ms;
use crate::traffic::Fate;
use crate::wire;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base16ct::lower;
use md5::{Digest as _, Md5};
use serde_json::json;
use std::time::Duration;

/// Characters of the last user message that the ledger shows.
const SHOWN: usize = 200;

/// How a call is answered.
pub(crate) enum Answered {
    /// In one piece, or not at all.
    Whole(Response),
    /// With a stream that is yet to be performed.
    Stream(Box<Show>),
}

/// An answer with what its reply is to tell besides.
pub(crate) struct Visited {
    pub(crate) answered: Answered,
    /// Number of the call's entry.
    pub(crate) number: u64,
    /// Headers that tell what is left of the limits.
    pub(crate) quota: Vec<(&'static str, String)>,
}

/// A call on its way.
pub(crate) struct Visit<'a> {
    pub(crate) model: &'a Model,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) arrival: &'a Arrival,
}

impl Visit<'_> {
    /// Answers a call over HTTP.
    pub(crate) async fn serve(&self) -> Response {
        let Visited { answered, number, quota } = self.answer().await;
        let mut reply = match answered {
            Answered::Whole(reply) => reply,
            Answered::Stream(show) => {
                let resets = show.performance.resets();
                let body = Body::new(StreamBody::new(show));
                let mut reply = if resets { wire::reset_in(body) } else { Response::new(body) };
                let kind = HeaderValue::from_static(self.dialect.framing().content_type());
                reply.headers_mut().insert(header::CONTENT_TYPE, kind);
                reply
            }
        };
        for (name, value) in self.dialect.headers(number).into_iter().chain(quota) {
            insert(&mut reply, name, &value);
        }
        reply
    }

    /// Answers a call.
    pub(crate) async fn answer(&self) -> Visited {
        let Self { model, dialect, arrival } = *self;
        let read = dialect.read(arrival);
        let mut request = read.clone().unwrap_or_default();
        let rules = model.rules(dialect, &request.model);
        self.trim(&mut request, &rules);
        let key = dialect.credential(model, arrival);
        let key_name = key.as_deref().map(|key| keys::name(&model.config, key));
        let caller =
            Caller { family: dialect.family(), key: key_name.as_deref(), connection: arrival.connection };
        let planned = if read.is_ok() { model.fault_of(&request, arrival, caller) } else { None };
        let (fault, form) = planned.map_or((None, None), |Planned { fault, form }| (Some(fault), form));
        let rules = Rules { error_code: form.unwrap_or(rules.error_code), ..rules };
        let call = model.ledger.open(self.entry(&request, key_name.clone(), fault.as_ref()));
        let number = call.number();
        let refused = read.err().or_else(|| self.check(&request, &rules, key.as_deref()).err());
        if let Some(refusal) = refused {
            call.replied(refusal.status);
            let answered = Answered::Whole(self.refused(refusal, &rules, number));
            return Visited { answered, number, quota: Vec::new() };
        }
        let at_gate = (request.model.as_str(), key_name.as_deref());
        let answered = match model.limits.arrive(at_gate, dialect.reserve(&request), now_ms()) {
            Ok(pass) => {
                let course = Course { visit: self, rules: &rules, request: &request, fault };
                course.run(call, pass).await
            }
            Err(over) => {
                let mut refusal = Refusal { retry_after: over.retry_after, ..dialect.refuse(over.trouble) };
                if dialect.tells_when() && refusal.retry_after == RetryAfter::default() {
                    let seconds = Duration::from_secs(over.clears_in.as_secs() + 1);
                    refusal.retry_after.retry_after = Some(seconds);
                }
                call.replied(refusal.status);
                Answered::Whole(self.refused(refusal, &rules, number))
            }
        };
        let quota = dialect.quota_headers(&model.limits.quota(at_gate, now_ms()));
        Visited { answered, number, quota }
    }

    /// The oldest messages go where the server cuts silently.
    fn trim(&self, request: &mut ChatRequest, rules: &Rules) {
        let window = request.window.unwrap_or(rules.window);
        let trims = self.dialect.overlong() == Overlong::Trimmed;
        while trims && tokens::of_prompt(&request.turns) > window {
            let oldest = request.turns.iter().position(|turn| turn.role != "system");
            match oldest.filter(|_| request.turns.len() > 1) {
                Some(oldest) => drop(request.turns.remove(oldest)),
                None => return,
            }
        }
    }

    /// What a healthy server refuses about a request.
    fn check(&self, request: &ChatRequest, rules: &Rules, key: Option<&str>) -> Result<(), Refusal> {
        let Self { model, dialect, arrival } = *self;
        dialect.admit(model, arrival, key)?;
        if !model.knows(dialect, &request.model) {
            let text = format!("The model `{}` does not exist.", request.model);
            return Err(dialect.refuse(Trouble::UnknownModel).saying(text));
        }
        if rules.is_retired(&model.today()) {
            return Err(dialect.refuse(Trouble::RetiredModel));
        }
        dialect.check(request, rules)?;
        let prompt = tokens::of_prompt(&request.turns);
        let most = rules.input.unwrap_or(rules.window);
        if dialect.overlong() == Overlong::Refused && prompt > most {
            return Err(dialect.too_long(prompt, most));
        }
        Ok(())
    }

    /// A refusal in the wire's words.
    fn refused(&self, refusal: Refusal, rules: &Rules, number: u64) -> Response {
        let refusal = Refusal { form: self.dialect.form(rules.error_code), ..refusal };
        refusal.reply(&self.dialect.error(&refusal, number))
    }

    fn entry(&self, request: &ChatRequest, key: Option<String>, fault: Option<&Fault>) -> Entry {
        let arrival = self.arrival;
        Entry {
            family: self.dialect.family(),
            model: request.model.clone(),
            key,
            stream: request.stream,
            request_id: arrival.header("x-request-id").map(str::to_owned),
            fingerprint: lower::encode_string(&Md5::digest(&arrival.bytes)),
            last_user: request.last_user().chars().take(SHOWN).collect(),
            images: request.images(),
            fault: fault.map(|fault| json!(fault)),
            started_at: now_ms(),
            ended_at: None,
            status: None,
            end: End::Running,
            held: false,
            billed: false,
            chunks: 0,
            usage: Usage::default(),
        }
    }
}

fn insert(reply: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// A call that was let in.
struct Course<'a> {
    visit: &'a Visit<'a>,
    rules: &'a Rules,
    request: &'a ChatRequest,
    fault: Option<Fault>,
}

impl Course<'_> {
    /// Plays the fault, or works and answers.
    async fn run(self, call: OpenCall, pass: Pass) -> Answered {
        let (number, fault) = (call.number(), self.fault.as_ref());
        if fault == Some(&Fault::Hang) {
            return std::future::pending().await;
        }
        if fault == Some(&Fault::Reset) {
            call.reset();
            pass.end(Fate::Failed);
            return Answered::Whole(wire::reset());
        }
        if let Some(refused) = self.refusal(number) {
            if fault.is_some_and(Fault::billed) {
                call.bill(self.completion(number).usage);
            }
            self.work(&call).await;
            let refused = Answered::Whole(refused);
            return finish(refused, call, pass);
        }
        let completion = self.completion(number);
        let streams = self.request.stream && !matches!(fault, Some(Fault::Reply { .. }));
        let begun = if streams { completion.usage.with_output("", "") } else { completion.usage };
        if fault.is_none_or(Fault::billed) {
            call.bill(begun);
        }
        self.work(&call).await;
        if streams {
            let pace = Pace::new(&self.visit.model.config, self.request.usage, fault);
            pass.end(Fate::Accepted);
            let performance = Performance::new(self.visit.dialect, completion, pace);
            return Answered::Stream(Box::new(Show::new(performance, call, pass)));
        }
        pass.spend(completion.usage.completion_tokens);
        let reply = match fault {
            Some(Fault::Reply { script }) => script.reply(),
            _ => whole::reply(&self.visit.dialect.whole(&completion), fault),
        };
        if fault == Some(&Fault::ResetAfterHeaders) {
            pass.end(Fate::of(&reply));
            call.reset();
            return Answered::Whole(reply);
        }
        finish(Answered::Whole(reply), call, pass)
    }

    /// The reply of a fault that refuses.
    fn refusal(&self, number: u64) -> Option<Response> {
        let dialect = self.visit.dialect;
        let fault = self.fault.as_ref()?;
        let refusal = match fault {
            Fault::BadGateway => return Some(page(StatusCode::BAD_GATEWAY)),
            Fault::GatewayTimeout => return Some(page(StatusCode::GATEWAY_TIMEOUT)),
            Fault::Error { code, status, message, retry_after } => {
                let known = Refusal::coded(dialect.rows(), code);
                let unknown =
                    || Refusal { code: Some(code.as_str().into()), ..dialect.refuse(Trouble::BadRequest) };
                let mut refusal = known.unwrap_or_else(unknown);
                refusal.status = status.unwrap_or(refusal.status);
                refusal.message = message.as_deref().map_or(refusal.message, Into::into);
                Refusal { retry_after: *retry_after, ..refusal }
            }
            // A filter whose word stands in the answer has no error for it.
            Fault::InvalidPrompt if !dialect.words(Trouble::PromptBlocked) => return None,
            Fault::ContentFilter if !self.request.stream && dialect.words(Trouble::AnswerBlocked) => {
                dialect.refuse(Trouble::AnswerBlocked)
            }
            fault => {
                let (trouble, retry_after) = fault.trouble()?;
                Refusal { retry_after, ..dialect.refuse(trouble) }
            }
        };
        Some(self.visit.refused(refusal, self.rules, number))
    }

    fn completion(&self, number: u64) -> Completion {
        let Visit { model, dialect, .. } = *self.visit;
        let about = (self.request, self.rules);
        let mut completion = Completion::new(dialect, about, &model.config.answers, number);
        completion.form = dialect.form(self.rules.error_code);
        completion.usage.cache(model.cache.share(self.request, dialect.caches_by_itself()));
        if let Some(fault) = &self.fault {
            completion.spoil(fault, model.config.chunk_chars.max(1));
            if let (Fault::Length, false, Some(cap)) = (fault, dialect.tells_finish(), self.request.cap) {
                completion.fill(cap);
            }
            if let Fault::Flagged { contains: Some(text) } = fault {
                completion.flagged = self.request.round_with(text);
            }
        }
        completion
    }

    async fn work(&self, call: &OpenCall) {
        let Visit { model, .. } = *self.visit;
        let fault = self.fault.as_ref();
        let works = fault.is_none_or(Fault::billed) || matches!(fault, Some(Fault::Reply { .. }));
        if !works {
            return;
        }
        if model.holds.holds(self.request) {
            call.hold();
            model.holds.released(self.request).await;
        }
        tokio::time::sleep(latency(&model.config, fault, call.fingerprint())).await;
    }
}

fn finish(answered: Answered, call: OpenCall, pass: Pass) -> Answered {
    if let Answered::Whole(reply) = &answered {
        pass.end(Fate::of(reply));
        call.replied(reply.status().as_u16());
    }
    answered
}
