//! Before delivery: judge, record, and tell Easemob what to do with the message.

use axum::response::IntoResponse;
use catalogue::App;
use catalogue::app::{AnswerPolicy, NoAcknowledgement, RecordPolicy};
use schemas::event::{CallbackReply, Event, Message, Reference};
use schemas::verdict::{Action, Verdict};

use crate::accept::{Draft, message_id};
use crate::address::Address;
use crate::callback::{Callback, Content, Subject};
use crate::config::Rule;
use crate::ingest::{Answer, Ingest, Visit};
use crate::judge::Judge;
use crate::metrics;
use crate::publish::Unqueued;
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
    body: &[u8],
    visit: Visit,
) -> Result<Answer, Refusal> {
    let callback = Callback::read(body)?;
    let envelope = verify::envelope(&callback, rule, visit.received_at)?;
    if !callback.is_readable() {
        // Refused, it would be delivered unjudged by the rule's fallback.
        return Ok((Reply::Reject(rule.codes.blocked.clone()).into_response(), "unreadable"));
    }
    let judge = ingest.judge();
    let (app, bots) = judge.app(&rule.app).ok_or(Refusal::Unconfigured)?;
    if callback.sender().is_some_and(|sender| !ingest.rates.allow(&rule.app, &sender)) {
        return Ok((Reply::Reject(rule.codes.too_many.clone()).into_response(), "too_many"));
    }
    let content = callback.content();
    let address = Address::of(&rule.app, bots, &callback, content.said.as_deref());
    let said = address.as_ref().and_then(|address| address.said_otherwise(content.said.as_deref()));
    let verdict = judge.verdict(content.texts().chain(said));
    let alone = address.as_ref().is_some_and(|address| address.with_bot);
    let delivery = delivery(&judge, &callback, &content, (verdict.action, alone));
    // An edit is recorded when it has happened: the post-send rule says so.
    let id = message_id(&rule.app, callback.msg_id().filter(|_| callback.subject() == Subject::Message));
    let from = (&callback, &envelope, visit.received_at);
    let draft = id.zip(address).map(|(id, address)| Draft::new(id, address, content, from));
    let (reply, result) = match (delivery, draft) {
        (Some(delivery), None) => (delivery, "unrecorded"),
        (Some(delivery), Some(draft)) if draft.is_ai() => {
            let reply = match app.answer {
                AnswerPolicy::Intercept => CallbackReply::Intercept,
                AnswerPolicy::Pass => CallbackReply::Pass,
            };
            speak((ingest, rule, app), draft.finish(verdict, reply), delivery, visit).await
        }
        (Some(delivery), Some(draft)) => {
            record_behind(ingest, app, draft, (verdict, CallbackReply::Pass));
            (delivery, "passed")
        }
        (None, draft) => {
            if let Some(draft) = draft {
                record_behind(ingest, app, draft, (verdict, CallbackReply::Block));
            }
            (Reply::Reject(rule.codes.blocked.clone()), "blocked")
        }
    };
    Ok((reply.into_response(), result))
}

/// Records a message whose answer does not wait for its record.
fn record_behind(ingest: &Ingest, app: &App, draft: Draft, (verdict, reply): (Verdict, CallbackReply)) {
    if is_recorded(app.record, draft.is_ai(), &verdict) {
        ingest.outbox.send_behind(&Event::Message(draft.finish(verdict, reply)));
    }
}

/// Whether a message is published.
pub(crate) fn is_recorded(policy: RecordPolicy, ai: bool, verdict: &Verdict) -> bool {
    ai || match policy {
        RecordPolicy::Ai => false,
        RecordPolicy::Hits => verdict.action > Action::Pass,
        RecordPolicy::All => true,
    }
}

/// How the message may be delivered; `None` when it may not. What is to be masked is delivered masked or not at all,
/// unless `alone`: nobody but a bot would read it.
fn delivery(
    judge: &Judge,
    callback: &Callback,
    content: &Content,
    (action, alone): (Action, bool),
) -> Option<Reply> {
    match action {
        Action::Pass => Some(Reply::Deliver),
        Action::Mask if alone => Some(Reply::Deliver),
        // Easemob takes changes of text messages only.
        Action::Mask if content.said.is_some() => {
            let masked = Content::changed(callback.payload(), |text| judge.mask(text));
            let clean = judge.passes(Content::read(&masked).texts());
            Reply::change(masked).filter(|_| clean)
        }
        Action::Mask | Action::Replace | Action::Hold | Action::Block => None,
    }
}

/// A message to a bot: it must be in the log before Easemob is told that the line answers it.
async fn speak(
    (ingest, rule, app): (&Ingest, &Rule, &App),
    message: Message,
    delivery: Reply,
    visit: Visit,
) -> (Reply, &'static str) {
    let withdrawn = Reference {
        message: message.id.clone(),
        conversation: message.conversation.clone(),
        at: message.received_at,
    };
    let unavailable = || Reply::Reject(rule.codes.unavailable.clone());
    let ticket = match ingest.outbox.send(&Event::Message(message)) {
        Ok(ticket) => ticket,
        Err(Unqueued(reason)) => {
            metrics::unqueued(app.no_acknowledgement, reason);
            return match app.no_acknowledgement {
                NoAcknowledgement::Pass => (delivery, "unqueued_passed"),
                NoAcknowledgement::Reject => (unavailable(), "unqueued_rejected"),
            };
        }
    };
    if ticket.by(visit.arrived + rule.deadline).await {
        return match app.answer {
            AnswerPolicy::Intercept => (Reply::Reject(rule.codes.intercepted.clone()), "intercepted"),
            AnswerPolicy::Pass => (delivery, "passed"),
        };
    }
    metrics::unacknowledged(app.no_acknowledgement);
    match app.no_acknowledgement {
        NoAcknowledgement::Pass => (delivery, "unacknowledged_passed"),
        NoAcknowledgement::Reject => {
            ingest.outbox.withdraw(Event::Withdrawn(withdrawn), visit.place);
            (unavailable(), "unacknowledged_rejected")
        }
    }
}
