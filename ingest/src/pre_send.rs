//! Before delivery: judge, record, and tell Easemob what to do with the message.

use axum::response::IntoResponse;
use bytes::Bytes;
use catalogue::App;
use catalogue::app::{AnswerPolicy, NoAcknowledgement, RecordPolicy};
use schemas::Millis;
use schemas::event::{CallbackReply, Event, Message, Reference};
use schemas::verdict::{Action, Verdict};

use crate::accept::{Draft, message_id};
use crate::address::Address;
use crate::callback::{self, Callback, Content, Subject};
use crate::config::Rule;
use crate::ingest::{Answer, Ingest, Visit};
use crate::judge::Judge;
use crate::metrics;
use crate::publish::{Ticket, Unqueued};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::verify;

/// Answers one callback.
///
/// # Errors
/// [`Refusal`] when it cannot be believed or read; a verdict never is one.
pub(crate) async fn answer(
    ingest: &Ingest,
    rule: &Rule,
    body: Bytes,
    visit: Visit,
) -> Result<Answer, Refusal> {
    let next = judge(ingest, rule, &body, visit.received_at)?;
    // While the record is awaited nothing of the callback is kept: what waits would be dropped by another thread.
    drop(body);
    let (reply, result) = match next {
        Next::Told(reply, result) => (reply, result),
        Next::Spoken(spoken) => speak((ingest, rule), spoken, visit).await,
    };
    Ok((reply.into_response(), result))
}

/// What follows from a callback.
enum Next {
    /// It is answered so at once.
    Told(Reply, &'static str),
    /// Its record is awaited.
    Spoken(Spoken),
}

/// A message to a bot, on its way into the log.
struct Spoken {
    sent: Result<Ticket, Unqueued>,
    /// How the message may be delivered.
    delivery: Reply,
    policies: (AnswerPolicy, NoAcknowledgement),
    /// What takes it back.
    reference: Reference,
}

/// Reads, judges, and queues the record.
fn judge(ingest: &Ingest, rule: &Rule, body: &[u8], received_at: Millis) -> Result<Next, Refusal> {
    let text = callback::text(body);
    let callback = Callback::read(&text)?;
    let envelope = verify::envelope(&callback, rule, received_at)?;
    if !callback.is_readable() {
        // Refused, it would be delivered unjudged by the rule's fallback.
        return Ok(Next::Told(Reply::Reject(rule.codes.blocked.clone()), "unreadable"));
    }
    let judge = ingest.judge();
    let (app, bots) = judge.app(&rule.app).ok_or(Refusal::Unconfigured)?;
    if callback.sender().is_some_and(|sender| !ingest.rates.allow(&rule.app, &sender)) {
        return Ok(Next::Told(Reply::Reject(rule.codes.too_many.clone()), "too_many"));
    }
    let content = callback.content();
    let address = Address::of(&rule.app, bots, &callback, content.said.as_deref());
    let said = address.as_ref().and_then(|address| address.said_otherwise(content.said.as_deref()));
    let verdict = judge.verdict(content.texts().chain(said));
    let alone = address.as_ref().is_some_and(|address| address.with_bot && !address.own);
    let delivery = delivery(&judge, &callback, &content, (verdict.action, alone));
    // An edit is recorded when it has happened: the post-send rule says so.
    let id = message_id(&rule.app, callback.msg_id().filter(|_| callback.subject() == Subject::Message));
    let from = (&callback, &envelope, received_at);
    let draft = id.zip(address).map(|(id, address)| Draft::new(id, address, content, from));
    Ok(match (delivery, draft) {
        (Some(delivery), None) => Next::Told(delivery, "unrecorded"),
        (Some(delivery), Some(draft)) if draft.is_ai() => {
            let reply = match app.answer {
                AnswerPolicy::Intercept => CallbackReply::Intercept,
                AnswerPolicy::Pass => CallbackReply::Pass,
            };
            Next::Spoken(queue(ingest, app, draft.finish(verdict, reply), delivery))
        }
        (Some(delivery), Some(draft)) => {
            record_behind(ingest, app, draft, (verdict, CallbackReply::Pass));
            Next::Told(delivery, "passed")
        }
        (None, draft) => {
            if let Some(draft) = draft {
                record_behind(ingest, app, draft, (verdict, CallbackReply::Block));
            }
            Next::Told(Reply::Reject(rule.codes.blocked.clone()), "blocked")
        }
    })
}

/// Records a message whose answer does not wait for its record.
fn record_behind(ingest: &Ingest, app: &App, draft: Draft, (verdict, reply): (Verdict, CallbackReply)) {
    if is_recorded(app.record, draft.is_ai() || draft.is_by_hand(), &verdict) {
        ingest.outbox.send_behind(&Event::Message(draft.finish(verdict, reply)));
    }
}

/// Whether a message is published; `ours` are those to a bot, and those written by hand from a bot's account.
pub(crate) fn is_recorded(policy: RecordPolicy, ours: bool, verdict: &Verdict) -> bool {
    ours || match policy {
        RecordPolicy::Ai => false,
        RecordPolicy::Hits => verdict.action > Action::Pass,
        RecordPolicy::All => true,
    }
}

/// How the message may be delivered; `None` when it may not. What is to be masked is delivered masked or not at all,
/// unless `alone`: nobody but a bot would read it.
fn delivery(
    judge: &Judge,
    callback: &Callback<'_>,
    content: &Content,
    (action, alone): (Action, bool),
) -> Option<Reply> {
    match action {
        Action::Pass => Some(Reply::Deliver),
        Action::Mask if alone => Some(Reply::Deliver),
        // Easemob takes changes of text messages only.
        Action::Mask if content.said.is_some() => {
            let masked = Content::changed(callback.payload(), |text| judge.masked(text));
            let clean = judge.passes(Content::read(&masked).texts());
            serde_json::to_value(masked).ok().and_then(Reply::change).filter(|_| clean)
        }
        Action::Mask | Action::Replace | Action::Hold | Action::Block => None,
    }
}

/// Queues a message to a bot.
fn queue(ingest: &Ingest, app: &App, message: Message, delivery: Reply) -> Spoken {
    let reference = Reference {
        message: message.id.clone(),
        conversation: message.conversation.clone(),
        at: message.received_at,
    };
    let sent = ingest.outbox.send(&Event::Message(message));
    Spoken { sent, delivery, policies: (app.answer, app.no_acknowledgement), reference }
}

/// A message to a bot: it must be in the log before Easemob is told that the line answers it.
async fn speak(
    (ingest, rule): (&Ingest, &Rule),
    Spoken { sent, delivery, policies: (answer, no_acknowledgement), reference }: Spoken,
    visit: Visit,
) -> (Reply, &'static str) {
    let unavailable = || Reply::Reject(rule.codes.unavailable.clone());
    let ticket = match sent {
        Ok(ticket) => ticket,
        Err(Unqueued(reason)) => {
            metrics::unqueued(no_acknowledgement, reason);
            return match no_acknowledgement {
                NoAcknowledgement::Pass => (delivery, "unqueued_passed"),
                NoAcknowledgement::Reject => (unavailable(), "unqueued_rejected"),
            };
        }
    };
    if ticket.by(visit.arrived + rule.deadline).await {
        return match answer {
            AnswerPolicy::Intercept => (Reply::Reject(rule.codes.intercepted.clone()), "intercepted"),
            AnswerPolicy::Pass => (delivery, "passed"),
        };
    }
    metrics::unacknowledged(no_acknowledgement);
    match no_acknowledgement {
        NoAcknowledgement::Pass => (delivery, "unacknowledged_passed"),
        NoAcknowledgement::Reject => {
            ingest.outbox.withdraw(Event::Withdrawn(reference), visit.place);
            (unavailable(), "unacknowledged_rejected")
        }
    }
}
