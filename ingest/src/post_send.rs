//! After delivery: what the pre-send rule missed, edits, recalls, reactions. Answered when Kafka has it.

use axum::response::IntoResponse;
use catalogue::app::RecordPolicy;
use schemas::event::{CallbackReply, Edit, Event, Reference};
use schemas::ids::MessageId;
use serde_json::json;

use crate::accept::{Draft, message_id};
use crate::address::Address;
use crate::callback::{self, Callback, Envelope, Json, Subject, field};
use crate::config::Rule;
use crate::ingest::{Answer, Ingest, Visit};
use crate::judge::Judge;
use crate::pre_send::is_recorded;
use crate::publish::Outbox;
use crate::refusal::Refusal;
use crate::{reaction, verify};

/// Answers one callback.
///
/// # Errors
/// [`Refusal`] when it cannot be believed or read, or is not acknowledged in time: Easemob then calls once more.
pub(crate) async fn answer(
    ingest: &Ingest,
    rule: &Rule,
    body: &[u8],
    visit: Visit,
) -> Result<Answer, Refusal> {
    let text = callback::text(body);
    let callback = Callback::read(&text)?;
    if callback.is_unsigned() {
        // Easemob documents events without a signature. They mean nothing here, but refusing them would count
        // towards a ban of all the app's rules.
        return Ok((accepted(), "unsigned"));
    }
    let envelope = verify::envelope(&callback, rule, visit.received_at)?;
    if !callback.is_readable() {
        // Whoever calls again brings the same.
        return Ok((accepted(), "unreadable"));
    }
    let judge = ingest.judge();
    let events = events(&judge, rule, &callback, (&envelope, &visit))?;
    let result = events.first().map_or("ignored", |event| schemas::wire::Record::kind(event));
    publish(&ingest.outbox, &events, visit.arrived + rule.deadline).await?;
    Ok((accepted(), result))
}

/// Queues events and waits until all are acknowledged.
///
/// # Errors
/// [`Refusal`] when one is not queued, or not acknowledged in time.
pub(crate) async fn publish(
    outbox: &Outbox,
    events: &[Event],
    deadline: tokio::time::Instant,
) -> Result<(), Refusal> {
    let tickets: Result<Vec<_>, _> = events.iter().map(|event| outbox.send(event)).collect();
    for ticket in tickets.map_err(|_| Refusal::Unqueued)? {
        if !ticket.by(deadline).await {
            return Err(Refusal::Unacknowledged);
        }
    }
    Ok(())
}

pub(crate) fn accepted() -> axum::response::Response {
    axum::Json(json!({ "accepted": true })).into_response()
}

fn events(
    judge: &Judge,
    rule: &Rule,
    callback: &Callback<'_>,
    (envelope, visit): (&Envelope, &Visit),
) -> Result<Vec<Event>, Refusal> {
    let (app, bots) = judge.app(&rule.app).ok_or(Refusal::Unconfigured)?;
    if callback.subject() == Subject::Notify {
        return Ok(reaction::events(&rule.app, bots, callback, envelope.sent_at));
    }
    let content = callback.content();
    let address = Address::of(&rule.app, bots, callback, content.said.as_deref());
    let Some(address) = address.filter(|address| !address.own || address.by_hand) else {
        return Ok(Vec::new());
    };
    // Whether the changed message spoke to a bot is not known where others talk, too.
    let concerns =
        address.with_bot || address.conversation.group_id().is_some() || app.record == RecordPolicy::All;
    let event = match callback.subject() {
        Subject::Message => message_id(&rule.app, callback.msg_id()).and_then(|id| {
            let verdict =
                judge.verdict(content.texts().chain(address.said_otherwise(content.said.as_deref())));
            let recorded = is_recorded(app.record, address.bot.is_some() || address.by_hand, &verdict);
            let draft = Draft::new(id, address, content, (callback, envelope, visit.received_at));
            recorded.then(|| Event::Missed(draft.finish(verdict, CallbackReply::None)))
        }),
        Subject::Edit => changed(rule, callback, "edit_message_id").filter(|_| concerns).map(|message| {
            let verdict =
                judge.verdict(content.texts().chain(address.said_otherwise(content.said.as_deref())));
            let text = address.said.unwrap_or_default().into();
            Event::Edit(Edit {
                message,
                conversation: address.conversation,
                text,
                verdict,
                at: edited_at(callback, envelope),
            })
        }),
        Subject::Recall => changed(rule, callback, "ack_message_id").filter(|_| concerns).map(|message| {
            Event::Recall(Reference { message, conversation: address.conversation, at: envelope.sent_at })
        }),
        Subject::Offline | Subject::Notify | Subject::Other => None,
    };
    Ok(event.into_iter().collect())
}

/// The message that an edit or recall is about.
fn changed(rule: &Rule, callback: &Callback<'_>, field: &str) -> Option<MessageId> {
    message_id(&rule.app, callback.word("recall_id").or_else(|| callback.payload_word(field)))
}

fn edited_at(callback: &Callback<'_>, envelope: &Envelope) -> schemas::Millis {
    let edit = callback.payload().at(&["meta", "edit_msg"]).and_then(Json::as_object);
    edit.and_then(|edit| field::millis(edit, "edit_time")).unwrap_or(envelope.sent_at)
}
