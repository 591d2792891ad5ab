//! Before delivery: judge the message, record it, and tell Easemob what to do with it.

use bytes::Bytes;
use catalogue::App;
use catalogue::app::{AnswerPolicy, NoAcknowledgement};
use schemas::Millis;
use schemas::event::{CallbackReply, Event, Message, Reference};
use schemas::ids::AppKey;
use schemas::tier::TierClaim;
use schemas::verdict::{Action, OnError};

use crate::active_bundle::{ActiveBundle, Judged, Shown};
use crate::address::Address;
use crate::among_people::AmongPeople;
use crate::callback::{self, Callback, Content, Json, Subject};
use crate::config::{Codes, Rule};
use crate::draft::{Draft, message_id};
use crate::ingest::{Ingest, RequestContext};
use crate::metrics;
use crate::publish::{Ticket, Unqueued};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::response::LabelledResponse;
use crate::verify::{self, Verified};

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
    let mut verified = verify::callback(Callback::read(&text)?, rule, received_at)?;
    if !verified.callback.is_readable() {
        // An error would let the rule's fallback deliver it unjudged.
        return Ok(Next::respond(Reply::Reject(rule.codes.blocked.clone()), "unreadable"));
    }
    let bundle = ingest.bundle();
    let (app, _) = bundle.app(&rule.app).ok_or(Refusal::Unconfigured)?;
    let claim = ingest.claim(&mut verified, &rule.app, app);
    let callback = &verified.callback;
    if callback.sender().is_some_and(|sender| !ingest.rates.allow(&rule.app, &sender)) {
        return Ok(Next::respond(Reply::Reject(rule.codes.too_many.clone()), "too_many"));
    }
    Ok(match rule_on(&bundle, &rule.app, &rule.codes, &verified, claim)? {
        Ruled::Respond { reply, result, record } => {
            if let Some(message) = record {
                ingest.outbox.send_unawaited(&Event::Message(*message));
            }
            Next::respond(reply, result)
        }
        Ruled::Await { message, pass_reply } => Next::Await(queue(ingest, app, *message, pass_reply)),
    })
}

/// What becomes of a message that may be sent: what Easemob is told, and the record that goes into the log.
pub(crate) enum Ruled {
    /// The reply is known at once; the record, if there is one, is not waited for.
    Respond {
        /// What Easemob is told.
        reply: Reply,
        /// What came of it, in a word for metrics.
        result: &'static str,
        /// The message as it is recorded.
        record: Option<Box<Message>>,
    },
    /// A message to a bot: the reply depends on whether its record is acknowledged.
    Await {
        /// The message as it is recorded.
        message: Box<Message>,
        /// The reply that lets it through.
        pass_reply: Reply,
    },
}

impl Ruled {
    fn respond(reply: Reply, result: &'static str) -> Self {
        Self::Respond { reply, result, record: None }
    }
}

/// Judges the message of a callback that was read whole. Nothing is sent or counted against its sender.
///
/// # Errors
/// [`Refusal::Unconfigured`] when the bundle does not have the app.
pub(crate) fn rule_on(
    bundle: &ActiveBundle,
    key: &AppKey,
    codes: &Codes,
    verified: &Verified<'_>,
    claim: Option<TierClaim>,
) -> Result<Ruled, Refusal> {
    let callback = &verified.callback;
    let (app, bots) = bundle.app(key).ok_or(Refusal::Unconfigured)?;
    let content = callback.content();
    let address = Address::of(key, bots, callback, content.said.as_deref());
    if address.as_ref().is_some_and(|address| address.is_left_alone(app)) {
        return Ok(Ruled::respond(Reply::Deliver, "unjudged"));
    }
    if content.is_cut {
        return Ok(Ruled::respond(Reply::Reject(codes.blocked.clone()), "unreadable"));
    }
    let shown = bundle.shown(key, address.as_ref());
    let masking = match Readers::of(address.as_ref()) {
        Readers::BotAlone => None,
        Readers::People => shown.masking,
    };
    let judged = bundle.judge(key, &content, address.as_ref(), masking);
    let message = Received { app, shown, payload: callback.payload(), content: &content, judged: &judged };
    let fate = message.fate(address.as_ref(), codes.blocked.as_deref());
    // An edit is recorded when it has happened: the post-send rule brings it.
    let id = message_id(key, callback.msg_id().filter(|_| callback.subject() == Subject::Message));
    let draft = id.zip(address).map(|(id, address)| {
        let draft = Draft::new(id, address, content, verified).tagged(bundle.tags(key, callback));
        draft.claimed(claim).read_by(app)
    });
    Ok(match (fate, draft) {
        (Fate::Delivered(reply), None) => Ruled::respond(reply, "unrecorded"),
        (Fate::Delivered(pass_reply), Some(draft)) if draft.is_ai() => {
            let reply = match app.answer {
                AnswerPolicy::Intercept => CallbackReply::Intercept,
                AnswerPolicy::Pass => CallbackReply::Pass,
            };
            Ruled::Await { message: Box::new(draft.finish(judged.verdict, reply)), pass_reply }
        }
        (Fate::Delivered(reply), Some(draft)) => Ruled::Respond {
            reply,
            result: "passed",
            record: draft.published(app, judged.verdict, CallbackReply::Pass).map(Box::new),
        },
        (Fate::Stopped(reply), draft) => Ruled::Respond {
            reply,
            result: "blocked",
            record: draft.and_then(|d| d.published(app, judged.verdict, CallbackReply::Block)).map(Box::new),
        },
    })
}

/// What Easemob is told about a message that was judged.
enum Fate {
    /// It goes on, changed where the verdict says so.
    Delivered(Reply),
    /// It does not.
    Stopped(Reply),
}

/// A message that was read and judged.
struct Received<'a> {
    app: &'a App,
    shown: Shown<'a>,
    payload: &'a Json<'a>,
    content: &'a Content,
    judged: &'a Judged,
}

impl Received<'_> {
    /// What its verdict means for it. One whose address is not known is taken for one among people.
    fn fate(&self, address: Option<&Address>, usual_code: Option<&str>) -> Fate {
        let Self { app, shown, payload, content, judged } = *self;
        if address.is_none_or(Address::is_among_people) {
            let message = AmongPeople { policy: &app.people, shown, payload, content };
            let stop = || Fate::Stopped(message.stop_reply(usual_code));
            let fate = message.pass_reply(judged).map_or_else(stop, Fate::Delivered);
            self.count_held(fate.course());
            return fate;
        }
        let readers = Readers::of(address);
        // Decide waits for the review of a message that nobody else gets.
        let speaks_to_bot = address.is_some_and(|address| address.bot.is_some());
        let waits = self.is_held() && speaks_to_bot && app.answer == AnswerPolicy::Intercept;
        let stop = || Reply::Reject(usual_code.map(str::to_owned));
        let fate = match self.pass_reply(readers) {
            Some(reply) => Fate::Delivered(reply),
            None if waits => Fate::Delivered(stop()),
            None => Fate::Stopped(stop()),
        };
        let is_waiting = waits || matches!(readers, Readers::BotAlone);
        self.count_held(if is_waiting { "waits" } else { fate.course() });
        fate
    }

    /// The reply that lets the message through; `None` when nothing may. A message to be masked reaches people masked, or not at all
    /// unless its rules say so.
    fn pass_reply(&self, readers: Readers) -> Option<Reply> {
        match (self.at_once(readers), readers) {
            (Action::Pass, _) | (Action::Mask, Readers::BotAlone) => Some(Reply::Deliver),
            (Action::Mask, Readers::People) => {
                let goes_on = self.judged.found.on_error(Action::Mask) == Some(OnError::Open);
                self.masked().or_else(|| goes_on.then_some(Reply::Deliver))
            }
            (Action::Replace | Action::Hold | Action::Block, _) => None,
        }
    }

    /// The reply that delivers the message masked, if it can be. Easemob takes changes of text messages only.
    fn masked(&self) -> Option<Reply> {
        self.content.said.as_ref()?;
        let changed = Content::changed(self.payload, |text| self.shown.masked(text));
        let is_clean = self.shown.is_clean(Content::read(&changed).texts(), self.judged.verdict.action);
        serde_json::to_value(changed).ok().and_then(Reply::change).filter(|_| is_clean)
    }

    /// What is done at once: no callback can wait for a review. Whoever else would read a message that is held has it by its rules or the
    /// app's policy; a bot is not answered before the review. Where nobody reviews, its rules may let it on to the bot as well.
    fn at_once(&self, readers: Readers) -> Action {
        let Judged { verdict, found } = self.judged;
        match verdict.action {
            Action::Hold if self.is_held() && matches!(readers, Readers::BotAlone) => Action::Mask,
            Action::Hold if self.app.lets_held_on(found.on_error(Action::Hold)) => found.milder(),
            action => action,
        }
    }

    /// The filter holds the message, and the app has somebody who reviews.
    fn is_held(&self) -> bool {
        self.judged.verdict.action == Action::Hold && self.app.review.is_some()
    }

    fn count_held(&self, course: &'static str) {
        if self.is_held() {
            metrics::held(course);
        }
    }
}

impl Fate {
    /// What becomes of a message that is held, in a word for metrics.
    fn course(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "passed",
            Self::Stopped(_) => "blocked",
        }
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
        let (reply, result) = acknowledged(answer, &rule.codes, pass_reply);
        return LabelledResponse::new(reply, result);
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

/// What Easemob is told about a message to a bot whose record is acknowledged, and what came of it in a word.
pub(crate) fn acknowledged(answer: AnswerPolicy, codes: &Codes, pass_reply: Reply) -> (Reply, &'static str) {
    match answer {
        AnswerPolicy::Intercept => (Reply::Reject(codes.intercepted.clone()), "intercepted"),
        AnswerPolicy::Pass => (pass_reply, "passed"),
    }
}
