//! What distinguishes one wire from another.

use super::completion::Completion;
use super::config::CodeForm;
use super::family::Family;
use super::fields::Complaint;
use super::framing::{Framing, StreamFrame};
use super::keys;
use super::limits::Quota;
use super::refusal::{Refusal, Row, Trouble};
use super::request::{ChatRequest, UsagePlace};
use super::rules::Rules;
use super::state::Model;
use super::tokens::{self, Usage};
use crate::wire::Connection;
use axum::extract::{FromRequest, Query, Request};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) connection: Connection,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Arrival {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What follows `Bearer` in `Authorization`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION.as_str())?.strip_prefix("Bearer ")
    }

    /// A part of the path, from 0.
    pub(crate) fn segment(&self, place: usize) -> &str {
        self.uri.path().split('/').nth(place + 1).unwrap_or_default()
    }

    /// A value of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).ok()?;
        pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl FromRequest<Arc<Model>> for Arrival {
    type Rejection = Response;

    async fn from_request(request: Request, model: &Arc<Model>) -> Result<Self, Response> {
        let connection = request.extensions().get().copied().unwrap_or(Connection { is_reused: false });
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let bytes = Bytes::from_request(request, model).await.map_err(IntoResponse::into_response)?;
        Ok(Self { connection, uri, headers, bytes })
    }
}

/// A piece of an answer on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// The new text.
    pub(crate) text: &'a str,
    /// All text of this kind up to and including the new.
    pub(crate) so_far: &'a str,
    /// Whether it is reasoning.
    pub(crate) is_thought: bool,
    /// Whether no text follows it.
    pub(crate) is_last: bool,
    /// Its place in the stream, from 0.
    pub(crate) number: u32,
    /// What is spent so far.
    pub(crate) usage: Usage,
    /// Where the stream tells what it spent.
    pub(crate) usage_place: UsagePlace,
}

/// What happens to a prompt that is longer than the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// Refused.
    Refused,
    /// Its oldest messages are left out and nobody is told.
    Trimmed,
}

/// One wire of a family.
pub(crate) trait Dialect: Send + Sync + 'static {
    fn family(&self) -> Family;

    /// How a stream's frames are written.
    fn framing(&self) -> Framing;

    /// The family's errors.
    fn rows(&self) -> &'static [Row];

    /// The key that a call shows.
    fn credential(&self, _model: &Model, arrival: &Arrival) -> Option<String> {
        arrival.bearer().map(str::to_owned)
    }

    /// Refuses a key that is not accepted.
    fn admit(&self, model: &Model, _arrival: &Arrival, key: Option<&str>) -> Result<(), Refusal> {
        if keys::admits(&model.config, key) { Ok(()) } else { Err(self.refuse(Trouble::InvalidKey)) }
    }

    /// Reads a call; the error says what is wrong with its form.
    fn read(&self, arrival: &Arrival) -> Result<ChatRequest, Refusal>;

    /// What a healthy server refuses about a request that has the right form, by the rules of its model.
    fn check(&self, request: &ChatRequest, rules: &Rules) -> Result<(), Refusal>;

    /// The name in a reply's header and body by which the vendor finds the call again.
    fn id(&self, number: u64) -> String;

    /// Whether the wire shows what a model thinks.
    fn shows_thoughts(&self) -> bool {
        true
    }

    /// Whether the request's limit of output tokens bounds the thinking too.
    fn caps_thoughts(&self) -> bool {
        true
    }

    /// Whether a reply says why it ends.
    fn tells_finish(&self) -> bool {
        true
    }

    /// Whether the provider keeps beginnings of prompts without being asked.
    fn caches_by_itself(&self) -> bool {
        true
    }

    /// Whether a refusal over a limit always says when to come back.
    fn tells_when(&self) -> bool {
        false
    }

    /// The JSON type of the code in errors, when this is what is asked for.
    fn form(&self, asked: CodeForm) -> CodeForm {
        asked
    }

    /// Tokens that a request takes from the limits when it arrives.
    fn reserve(&self, request: &ChatRequest) -> u64 {
        tokens::of_prompt(&request.turns)
    }

    /// The refusal of a prompt of so many tokens where so many are allowed.
    fn too_long(&self, prompt: u64, most: u64) -> Refusal;

    fn overlong(&self) -> Overlong {
        Overlong::Refused
    }

    /// Whether only names of the family's table exist while none are configured.
    fn is_strict(&self) -> bool {
        true
    }

    /// The body of a whole answer.
    fn whole(&self, completion: &Completion) -> Value;

    /// Frames before the first piece.
    fn opening(&self, completion: &Completion) -> Vec<StreamFrame>;

    /// Frames of one piece.
    fn piece(&self, completion: &Completion, piece: Piece<'_>) -> Vec<StreamFrame>;

    /// Frames after the last piece, but for the terminator.
    fn closing(&self, completion: &Completion, usage: UsagePlace) -> Vec<StreamFrame>;

    /// The frame that ends a stream, where it is not the last one of the closing.
    fn terminator(&self) -> Option<StreamFrame> {
        None
    }

    /// Headers of every reply.
    fn headers(&self, number: u64) -> Vec<(&'static str, String)>;

    /// Headers that tell what is left of a limit.
    fn quota_headers(&self, _quota: &Quota) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The body of an error.
    fn error(&self, refusal: &Refusal, number: u64) -> Value;

    /// The frame of an error in the middle of a stream.
    fn error_frame(&self, refusal: &Refusal, number: u64) -> StreamFrame {
        StreamFrame::data(self.error(refusal, number).to_string())
    }

    /// The family's refusal of a trouble; a family without a word for it has a word for what is nearest.
    fn refuse(&self, trouble: Trouble) -> Refusal {
        let nearest = match trouble {
            Trouble::TokenRate
            | Trouble::InputTokenRate
            | Trouble::OutputTokenRate
            | Trouble::Burst
            | Trouble::Ramp
            | Trouble::Concurrency => Trouble::RequestRate,
            Trouble::RetiredModel => Trouble::UnknownModel,
            Trouble::SpendLimit => Trouble::NoMoney,
            Trouble::Overloaded | Trouble::Timeout => Trouble::ServerError,
            Trouble::PermissionDenied | Trouble::ExpiredToken => Trouble::InvalidKey,
            _ => Trouble::BadRequest,
        };
        let found = Refusal::of(self.rows(), trouble).or_else(|| Refusal::of(self.rows(), nearest));
        found.unwrap_or_else(|| Refusal::from(&UNWORDED))
    }

    /// Whether the family has a word of its own for a trouble.
    fn words(&self, trouble: Trouble) -> bool {
        Refusal::of(self.rows(), trouble).is_some()
    }

    /// The family's refusal of a complaint.
    fn complain(&self, complaint: &Complaint) -> Refusal {
        self.refuse(Trouble::BadRequest).saying(complaint.message.clone()).about(complaint.param)
    }
}

/// What a local server without the notion answers.
const UNWORDED: Row =
    Row { troubles: &[], status: 500, kind: "api_error", code: "", message: "internal server error" };
