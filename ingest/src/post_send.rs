//! After delivery: messages that the pre-send rule missed, edits, recalls, reactions. Answered when Kafka has acknowledged their
//! records.

use catalogue::app::RecordPolicy;
use schemas::Millis;
use schemas::event::{CallbackReply, Edit, Event, Reference};
use schemas::ids::{AppKey, MessageId};
use schemas::tier::TierClaim;
use schemas::wire::Record;

use crate::active_bundle::ActiveBundle;
use crate::address::Address;
use crate::callback::{self, Callback, Json, Subject, field};
use crate::config::Rule;
use crate::draft::{Draft, message_id};
use crate::ingest::{Ingest, RequestContext};
use crate::refusal::Refusal;
use crate::response::LabelledResponse;
use crate::verify::Verified;
use crate::{reaction, verify};

/// Answers one callback.
///
/// # Errors
/// [`Refusal`] when it cannot be believed or read, or is not acknowledged in time: Easemob then calls once more.
pub(crate) async fn answer(
    ingest: &Ingest,
    rule: &Rule,
    body: &[u8],
    context: RequestContext,
) -> Result<LabelledResponse, Refusal> {
    let text = callback::text(body);
    let callback = Callback::read(&text)?;
    if callback.is_unsigned() {
        // Easemob documents events without a signature. They mean nothing here, but refusing them would count
        // towards a ban of all the app's rules.
        return Ok(LabelledResponse::accepted("unsigned"));
    }
    let mut verified = verify::callback(callback, rule, context.received_at)?;
    if !verified.callback.is_readable() {
        // Easemob would bring the same body again.
        return Ok(LabelledResponse::accepted("unreadable"));
    }
    let bundle = ingest.bundle();
    let app = bundle.app(&rule.app).ok_or(Refusal::Unconfigured)?.0;
    let claim = ingest.claim(&mut verified, &rule.app, app);
    let Some(events) = events(&bundle, &rule.app, &verified, claim)? else {
        return Ok(LabelledResponse::accepted("unreadable"));
    };
    ingest.outbox.publish(&events, context.arrived + rule.deadline).await?;
    Ok(LabelledResponse::accepted(events.first().map_or("ignored", Record::kind)))
}

/// The events that a callback stands for; `None` when it has more texts than are judged.
pub(crate) fn events(
    bundle: &ActiveBundle,
    key: &AppKey,
    verified: &Verified<'_>,
    claim: Option<TierClaim>,
) -> Result<Option<Vec<Event>>, Refusal> {
    let (app, bots) = bundle.app(key).ok_or(Refusal::Unconfigured)?;
    let Verified { callback, sent_at, .. } = verified;
    if callback.subject() == Subject::Notify {
        return Ok(Some(reaction::events(key, bots, callback, *sent_at)));
    }
    let content = callback.content();
    let address = Address::of(key, bots, callback, content.said.as_deref());
    let Some(address) = address.filter(|address| !address.own || address.by_hand) else {
        return Ok(Some(Vec::new()));
    };
    if content.is_cut {
        return Ok(None);
    }
    // In groups and rooms it is not known whether the changed message spoke to a bot.
    let may_concern_bot =
        address.with_bot || address.conversation.group_id().is_some() || app.record == RecordPolicy::All;
    let changed = |field| changed(key, callback, field).filter(|_| may_concern_bot);
    let is_unjudged = address.is_left_alone(app);
    let event = match callback.subject() {
        Subject::Message if is_unjudged => None,
        Subject::Message => message_id(key, callback.msg_id()).and_then(|id| {
            let verdict = bundle.judge(key, &content, Some(&address), None).verdict;
            let tags = bundle.tags(key, callback);
            let draft = Draft::new(id, address, content, verified).tagged(tags);
            let draft = draft.claimed(claim).read_by(app);
            draft.published(app, verdict, CallbackReply::None).map(Event::Missed)
        }),
        Subject::Edit => changed("edit_message_id").map(|message| {
            let verdict = bundle.judge(key, &content, Some(&address), None).verdict;
            Event::Edit(Edit {
                message,
                conversation: address.conversation,
                text: address.said.unwrap_or_default().into(),
                verdict,
                at: edited_at(callback).unwrap_or(*sent_at),
            })
        }),
        Subject::Recall => changed("ack_message_id").map(|message| {
            Event::Recall(Reference { message, conversation: address.conversation, at: *sent_at })
        }),
        Subject::Offline | Subject::Notify | Subject::Other => None,
    };
    Ok(Some(event.into_iter().collect()))
}

/// The message that an edit or recall is about; `field` of the payload names it in some versions.
fn changed(key: &AppKey, callback: &Callback<'_>, field: &str) -> Option<MessageId> {
    message_id(key, callback.word("recall_id").or_else(|| callback.payload_word(field)))
}

fn edited_at(callback: &Callback<'_>) -> Option<Millis> {
    let edit = callback.payload().at(&["meta", "edit_msg"]).and_then(Json::as_object)?;
    field::millis(edit, "edit_time")
}
