//! Sources other than Easemob: ratings from an app's own screens, hand-overs from a help desk, findings of a moderation system.

use axum::http::HeaderMap;
use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::event::{Event, Feedback, Takeover};
use schemas::ids::{AnswerId, MessageId, UserId};
use schemas::key::{escaped, unescaped};
use schemas::retract::LateFinding;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::config::{Source, SourceKind};
use crate::draft::message_id;
use crate::ingest::{Ingest, RequestContext};
use crate::refusal::Refusal;
use crate::response::LabelledResponse;
use crate::signature::{self, Window};

/// Header with the time of signing in milliseconds since the epoch.
pub const TIMESTAMP_HEADER: &str = "x-huiyin-timestamp";
/// Header with the hexadecimal HMAC-SHA256 over that time, a full stop and the body.
pub const SIGNATURE_HEADER: &str = "x-huiyin-signature";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedbackBody {
    id: String,
    #[serde(deserialize_with = "conversation")]
    conversation: Conversation,
    easemob_id: Option<String>,
    rating: Option<u8>,
    text: Option<String>,
    at: Option<Millis>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TakeoverBody {
    #[serde(deserialize_with = "conversation")]
    conversation: Conversation,
    person: Option<UserId>,
    at: Option<Millis>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingBody {
    id: String,
    #[serde(deserialize_with = "conversation")]
    conversation: Conversation,
    reply_id: Option<AnswerId>,
    easemob_id: Option<String>,
    category: Option<String>,
    at: Option<Millis>,
}

/// Answers one request when Kafka has its record.
///
/// # Errors
/// [`Refusal`] when it cannot be believed or read, or is not acknowledged in time: whoever sent it may send it again.
pub(crate) async fn answer(
    ingest: &Ingest,
    source: &Source,
    headers: &HeaderMap,
    body: &[u8],
    context: RequestContext,
) -> Result<LabelledResponse, Refusal> {
    let signed_at = verify(source, headers, body, context.received_at)?;
    let event = event(source.kind, body, signed_at)?;
    if event.conversation().is_none_or(|conversation| *conversation.app() != source.app) {
        return Err(Refusal::BadRecord("the conversation is of another app than the path".into()));
    }
    schemas::wire::Record::check(&event).map_err(|invalid| Refusal::BadRecord(invalid.to_string()))?;
    ingest.outbox.publish(&[event], context.arrived + source.deadline).await?;
    Ok(LabelledResponse::accepted("accepted"))
}

fn verify(source: &Source, headers: &HeaderMap, body: &[u8], now: Millis) -> Result<Millis, Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let timestamp = text(TIMESTAMP_HEADER).ok_or(Refusal::BadEnvelope(TIMESTAMP_HEADER))?;
    let given = text(SIGNATURE_HEADER).ok_or(Refusal::BadEnvelope(SIGNATURE_HEADER))?;
    let expected = signature::source(&source.secret, timestamp, body).ok_or(Refusal::BadSignature)?;
    if !signature::matches(&expected, given) {
        return Err(Refusal::BadSignature);
    }
    let signed_at = timestamp.parse().map_err(|_| Refusal::BadEnvelope(TIMESTAMP_HEADER))?;
    let window = Window { behind: source.window, ahead: source.window };
    if window.contains(signed_at, now) { Ok(signed_at) } else { Err(Refusal::Stale) }
}

fn event(kind: SourceKind, body: &[u8], signed_at: Millis) -> Result<Event, Refusal> {
    Ok(match kind {
        SourceKind::Feedback => {
            let FeedbackBody { id, conversation, easemob_id, rating, text, at } = read(body)?;
            let (text, at) = (text.map(Into::into), at.unwrap_or(signed_at));
            Event::Feedback(Feedback { id, conversation, easemob_id, rating, text, at })
        }
        SourceKind::Takeover => {
            let TakeoverBody { conversation, person, at } = read(body)?;
            Event::Takeover(Takeover { conversation, person, at: at.unwrap_or(signed_at) })
        }
        SourceKind::Finding => {
            let FindingBody { id, conversation, reply_id: reply, easemob_id, category, at } = read(body)?;
            let message = easemob_id.map(|id| question(&conversation, id)).transpose()?;
            let at = at.unwrap_or(signed_at);
            Event::Finding(LateFinding { id, conversation, reply, message, category, at })
        }
    })
}

/// The message of a person that has this id of Easemob's.
fn question(conversation: &Conversation, easemob_id: String) -> Result<MessageId, Refusal> {
    message_id(conversation.app(), Some(easemob_id))
        .ok_or_else(|| Refusal::BadRecord("easemob_id is no id of a message".into()))
}

/// Reads a conversation as other programs spell it: in upper or lower case, and its ids escaped or as they are.
fn conversation<'de, D: Deserializer<'de>>(from: D) -> Result<Conversation, D::Error> {
    let text = String::deserialize(from)?;
    let pieces =
        text.split('/').map(|piece| unescaped(piece).map_or_else(|| escaped(piece), |_| piece.into()));
    let key = pieces.collect::<Vec<_>>().join("/");
    key.parse().map(Conversation::canonical).map_err(D::Error::custom)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_json(&error))
}
