//! Reactions: emojis that were just put on messages or taken off.

use schemas::Millis;
use schemas::conversation::Conversation;
use schemas::event::{Event, Reaction};
use schemas::ids::{AppKey, GroupId, UserId};

use crate::address;
use crate::callback::{Callback, Fields, Json, field};
use crate::mention::Bots;

/// One event for each change. A reaction without `op` did not change: Easemob lists all reactions of a message.
pub(crate) fn events(app: &AppKey, bots: &Bots, callback: &Callback<'_>, sent_at: Millis) -> Vec<Event> {
    if callback.payload_word("type").as_deref() != Some("reaction") {
        return Vec::new();
    }
    let messages = list(callback.payload().get("data"));
    messages.filter_map(Json::as_object).flat_map(|message| of_message(app, bots, message, sent_at)).collect()
}

fn of_message(app: &AppKey, bots: &Bots, message: &Fields<'_>, sent_at: Millis) -> Vec<Event> {
    let Some(conversation) = conversation(app, bots, message) else { return Vec::new() };
    let Some(easemob_id) = field::word(message, "messageId") else { return Vec::new() };
    let at = field::millis(message, "ts").unwrap_or(sent_at);
    let mut events = Vec::new();
    for reaction in list(message.get("reactions")).filter_map(Json::as_object) {
        let Some(emoji) = field::word(reaction, "reaction") else { continue };
        for change in list(reaction.get("op")).filter_map(Json::as_object) {
            let operator = field::id(change, "operator").and_then(|id| user(app, &id));
            events.extend(operator.map(|user| {
                let put = field::word(change, "reactionType").as_deref() == Some("create");
                let (conversation, easemob_id, reaction) =
                    (conversation.clone(), easemob_id.clone(), emoji.clone());
                Event::Reaction(Reaction { conversation, easemob_id, user, reaction, put, at })
            }));
        }
    }
    events
}

/// The conversation of a message; `None` for one between two people, where no bot has written.
fn conversation(app: &AppKey, bots: &Bots, message: &Fields<'_>) -> Option<Conversation> {
    let to = field::id(message, "to")?;
    match field::word(message, "channel_type").as_deref() {
        Some("group" | "groupchat") => Some(Conversation::group(app.clone(), GroupId::new(to).ok()?)),
        Some("chatroom") => Some(Conversation::chatroom(app.clone(), GroupId::new(to).ok()?)),
        _ => {
            let from = user(app, &field::id(message, "from")?)?;
            let (conversation, with_bot) = address::pair(app, bots, &from, &user(app, &to)?);
            with_bot.then_some(conversation)
        }
    }
}

/// A user id; some events put the App Key before it.
fn user(app: &AppKey, id: &str) -> Option<UserId> {
    let bare = id.strip_prefix(app.as_str()).and_then(|rest| rest.strip_prefix('_'));
    UserId::new(bare.unwrap_or(id)).ok()
}

/// The items of an array; a value that is no array is the only item.
fn list<'a, 'b>(value: Option<&'b Json<'a>>) -> impl Iterator<Item = &'b Json<'a>> {
    match value {
        Some(Json::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
    .iter()
}
