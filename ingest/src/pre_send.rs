//! Before delivery: judge the message, record it, and tell Easemob what to do with it.

use bytes::Bytes;
use catalogue::App;
use catalogue::app::{AnswerPolicy, NoAcknowledgement, RecordPolicy};
use schemas::Millis;
use schemas::event::{CallbackReply, Event, Message, Reference};
use schemas::verdict::{Action, Verdict};

use crate::active_bundle::ActiveBundle;
use crate::address::Address;
use crate::callback::{self, Callback, Content, Json, Subject};
use crate::config::Rule;
use crate::draft::{Draft, message_id};
use crate::ingest::{Ingest, RequestContext};
use crate::metrics;
use crate::publish::{Ticket, Unqueued};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::response::LabelledResponse;
use crate::verify;

/// Answers one callback.
///
/// # Errors
/// [`Refusal`] when it cannot be believed or read; a verdict never is one.
pub(crate) async fn answer(
    ingest: &Ingest,
    rule: &Rule,
    body: Bytes,
    context: RequestContext,
) -> Result<LabelledResponse, Refusal> {
    let next = receive(ingest, rule, &body, context.received_at)?;
    // Nothing of the callback is kept while its record is awaited: another thread would have to free it.
    drop(body);
    Ok(match next {
        Next::Respond(response) => response,
        Next::Await(queued) => await_record(ingest, rule, queued, context).await,
    })
}

/// What follows from a callback.
enum Next {
    /// The response is known at once.
    Respond(LabelledResponse),
    /// The response depends on whether the message's record is acknowledged.
    Await(QueuedMessage),
}

impl Next {
    fn respond(reply: Reply, result: &'static str) -> Self {
        Self::Respond(LabelledResponse::new(reply, result))
    }
}

/// A message to a bot, on its way into the log.
struct QueuedMessage {
    queued: Result<Ticket, Unqueued>,
    /// The reply that lets the message through.
    pass_reply: Reply,
    answer: AnswerPolicy,
    no_acknowledgement: NoAcknowledgement,
    /// Names the message if it must be withdrawn.
    reference: Reference,
}

/// Reads a callback, judges its message, and queues the record.
fn receive(ingest: &Ingest, rule: &Rule, body: &[u8], received_at: Millis) -> Result<Next, Refusal> {
    let text = callback::text(body);
    let verified = verify::callback(Callback::read(&text)?, rule, received_at)?;
    let callback = &verified.callback;
    if !callback.is_readable() {
        // An error would let the rule's fallback deliver it unjudged.
        return Ok(Next::respond(Reply::Reject(rule.codes.blocked.clone()), "unreadable"));
    }
    let bundle = ingest.bundle();
    let (app, bots) = bundle.app(&rule.app).ok_or(Refusal::Unconfigured)?;
    if callback.sender().is_some_and(|sender| !ingest.rates.allow(&rule.app, &sender)) {
        return Ok(Next::respond(Reply::Reject(rule.codes.too_many.clone()), "too_many"));
    }
    let content = callback.content();
    let address = Address::of(&rule.app, bots, callback, content.said.as_deref());
    let verdict = bundle.verdict(&content, address.as_ref());
    let readers = Readers::of(address.as_ref());
    let action = at_once(&bundle, app, &content, verdict.action, readers);
    let pass_reply =
        pass_reply(&bundle, callback.payload(), &content, Ruled { action, found: verdict.action }, readers);
    let speaks_to_bot = address.as_ref().is_some_and(|address| address.bot.is_some());
    // Decide waits for the review of a message that nobody else gets.
    let waits = is_held(app, verdict.action) && speaks_to_bot && app.answer == AnswerPolicy::Intercept;
    let pass_reply = pass_reply.or_else(|| waits.then(|| Reply::Reject(rule.codes.blocked.clone())));
    if is_held(app, verdict.action) {
        metrics::held(match (&pass_reply, waits || matches!(readers, Readers::BotAlone)) {
            (_, true) => "waits",
            (Some(_), false) => "passed",
            (None, false) => "blocked",
        });
    }
    // An edit is recorded when it has happened: the post-send rule brings it.
    let id = message_id(&rule.app, callback.msg_id().filter(|_| callback.subject() == Subject::Message));
    let draft = id.zip(address).map(|(id, address)| Draft::new(id, address, content, &verified));
    Ok(match (pass_reply, draft) {
        (Some(pass_reply), None) => Next::respond(pass_reply, "unrecorded"),
        (Some(pass_reply), Some(draft)) if draft.is_ai() => {
            let reply = match app.answer {
                AnswerPolicy::Intercept => CallbackReply::Intercept,
                AnswerPolicy::Pass => CallbackReply::Pass,
            };
            Next::Await(queue(ingest, app, draft.finish(verdict, reply), pass_reply))
        }
        (Some(pass_reply), Some(draft)) => {
            record_unawaited(ingest, app.record, draft, verdict, CallbackReply::Pass);
            Next::respond(pass_reply, "passed")
        }
        (None, draft) => {
            if let Some(draft) = draft {
                record_unawaited(ingest, app.record, draft, verdict, CallbackReply::Block);
            }
            Next::respond(Reply::Reject(rule.codes.blocked.clone()), "blocked")
        }
    })
}

/// Records a message whose response does not wait for its record, if the app's policy says so.
fn record_unawaited(
    ingest: &Ingest,
    policy: RecordPolicy,
    draft: Draft,
    verdict: Verdict,
    reply: CallbackReply,
) {
    if draft.is_recorded(policy, &verdict) {
        ingest.outbox.send_unawaited(&Event::Message(draft.finish(verdict, reply)));
    }
}

/// Who would read a message that is delivered.
#[derive(Clone, Copy)]
enum Readers {
    /// A bot, and nobody else.
    BotAlone,
    /// People, for all that is known.
    People,
}

impl Readers {
    fn of(address: Option<&Address>) -> Self {
        match address {
            Some(address) if address.with_bot && !address.own => Self::BotAlone,
            _ => Self::People,
        }
    }
}

/// What is done at once with a message that the filter holds: no callback can wait for a review. Whoever else would read it has it by the
/// app's policy; a bot is not answered before the review.
fn at_once(bundle: &ActiveBundle, app: &App, content: &Content, action: Action, readers: Readers) -> Action {
    match readers {
        _ if !is_held(app, action) => action,
        Readers::BotAlone => Action::Mask,
        Readers::People if !app.lets_held_on() => Action::Hold,
        Readers::People if content.texts().all(|text| bundle.masked(text) == text) => Action::Pass,
        Readers::People => Action::Mask,
    }
}

/// The filter holds the message, and the app has somebody who reviews.
fn is_held(app: &App, action: Action) -> bool {
    action == Action::Hold && app.review.is_some()
}

/// What is done with a message at once, and what the filter found.
#[derive(Clone, Copy)]
struct Ruled {
    action: Action,
    found: Action,
}

/// The reply that lets the message through; `None` when nothing may. A message to be masked reaches people masked or not at all.
fn pass_reply(
    bundle: &ActiveBundle,
    payload: &Json<'_>,
    content: &Content,
    ruled: Ruled,
    readers: Readers,
) -> Option<Reply> {
    let Ruled { action, found } = ruled;
    match (action, readers) {
        (Action::Pass, _) | (Action::Mask, Readers::BotAlone) => Some(Reply::Deliver),
        // Easemob takes changes of text messages only.
        (Action::Mask, Readers::People) if content.said.is_some() => {
            let masked = Content::changed(payload, |text| bundle.masked(text));
            let left = bundle.action(Content::read(&masked).texts());
            // What was let on although it is held is held still.
            let is_clean = left == Action::Pass || (left == Action::Hold && found == Action::Hold);
            serde_json::to_value(masked).ok().and_then(Reply::change).filter(|_| is_clean)
        }
        (Action::Mask | Action::Replace | Action::Hold | Action::Block, _) => None,
    }
}

/// Queues the record of a message to a bot.
fn queue(ingest: &Ingest, app: &App, message: Message, pass_reply: Reply) -> QueuedMessage {
    let reference = Reference {
        message: message.id.clone(),
        conversation: message.conversation.clone(),
        at: message.received_at,
    };
    QueuedMessage {
        queued: ingest.outbox.send(&Event::Message(message)),
        pass_reply,
        answer: app.answer,
        no_acknowledgement: app.no_acknowledgement,
        reference,
    }
}

/// The response to a message to a bot: its record must be in the log before Easemob is told that the line answers it.
async fn await_record(
    ingest: &Ingest,
    rule: &Rule,
    message: QueuedMessage,
    context: RequestContext,
) -> LabelledResponse {
    let QueuedMessage { queued, pass_reply, answer, no_acknowledgement, reference } = message;
    let unavailable = || Reply::Reject(rule.codes.unavailable.clone());
    let ticket = match queued {
        Ok(ticket) => ticket,
        Err(Unqueued(reason)) => {
            metrics::unqueued(no_acknowledgement, reason);
            return match no_acknowledgement {
                NoAcknowledgement::Pass => LabelledResponse::new(pass_reply, "unqueued_passed"),
                NoAcknowledgement::Reject => LabelledResponse::new(unavailable(), "unqueued_rejected"),
            };
        }
    };
    if ticket.acknowledged_by(context.arrived + rule.deadline).await {
        return match answer {
            AnswerPolicy::Intercept => {
                LabelledResponse::new(Reply::Reject(rule.codes.intercepted.clone()), "intercepted")
            }
            AnswerPolicy::Pass => LabelledResponse::new(pass_reply, "passed"),
        };
    }
    metrics::unacknowledged(no_acknowledgement);
    match no_acknowledgement {
        NoAcknowledgement::Pass => LabelledResponse::new(pass_reply, "unacknowledged_passed"),
        NoAcknowledgement::Reject => {
            ingest.outbox.withdraw(Event::Withdrawn(reference), context.permit);
            LabelledResponse::new(unavailable(), "unacknowledged_rejected")
        }
    }
}
