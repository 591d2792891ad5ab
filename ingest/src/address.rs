//! To whom a message speaks: its conversation, and the bot that it is for.

use catalogue::App;
use catalogue::people::Judge;
use safety::is_blank;
use schemas::conversation::{ChatKind, Conversation};
use schemas::ids::{AppKey, UserId};

use crate::callback::{Callback, Place};
use crate::mention::{Bots, Mention, without};

/// Where a message was said, by whom, and to whom.
pub(crate) struct Address {
    pub(crate) conversation: Conversation,
    pub(crate) sender: UserId,
    /// The bot that it speaks to; `None` when it is not an AI conversation.
    pub(crate) bot: Option<UserId>,
    /// What was said, without mentions of that bot; `None` when nothing is left that can be seen.
    pub(crate) said: Option<String>,
    /// The conversation is one of a bot and one person.
    pub(crate) with_bot: bool,
    /// A bot or the line itself sent it, so it gets no answer.
    pub(crate) own: bool,
    /// A person wrote it to people by hand, from a bot's account: it lacks the mark that the line's own messages have.
    pub(crate) by_hand: bool,
}

impl Address {
    /// It is a message among people: it speaks to no bot, comes from no bot's account, and stands in no conversation with one.
    pub(crate) fn is_among_people(&self) -> bool {
        self.bot.is_none() && !self.by_hand && !self.with_bot
    }

    /// A member of staff speaks where a bot may talk too: whoever does takes the conversation over.
    pub(crate) fn is_of_staff(&self, app: &App) -> bool {
        let is_shared = self.conversation.kind() != ChatKind::Chat;
        is_shared && app.staff.as_ref().is_some_and(|staff| staff.has(&self.sender))
    }

    /// It passes unjudged and unrecorded: the app judges for its bots alone.
    pub(crate) fn is_left_alone(&self, app: &App) -> bool {
        app.people.judge == Judge::Bots && self.is_among_people() && !self.is_of_staff(app)
    }

    /// What was said, if it differs from the text as it came, which is judged anyway.
    pub(crate) fn said_otherwise(&self, came: Option<&str>) -> Option<&str> {
        self.said.as_deref().filter(|said| Some(*said) != came)
    }

    /// The address of a callback whose text is `said`; `None` when its ids are missing or malformed.
    pub(crate) fn of(app: &AppKey, bots: &Bots, callback: &Callback<'_>, said: Option<&str>) -> Option<Self> {
        let sender = callback.sender()?;
        let from_bot = bots.by_id(&sender);
        let own = callback.is_ours() || from_bot.is_some();
        let to_bot = |place: &Place| matches!(place, Place::Pair(_, to) if bots.by_id(to).is_some());
        let place = callback.place()?;
        let by_hand = from_bot.is_some() && !callback.is_ours() && !to_bot(&place);
        let sender = from_bot.cloned().unwrap_or(sender);
        let mentions = said.map(|said| bots.mentions(said)).unwrap_or_default();
        let (conversation, spoken_to, with_bot) = match place {
            Place::Pair(from, to) => {
                let (conversation, with_bot) = pair(app, bots, &from, &to);
                (conversation, bots.by_id(&to), with_bot)
            }
            Place::Group(id) => {
                (Conversation::group(app.clone(), id), mentioned(bots, callback, &mentions), false)
            }
            Place::Room(id) => {
                (Conversation::chatroom(app.clone(), id), mentioned(bots, callback, &mentions), false)
            }
        };
        let bot = spoken_to.filter(|_| !own).cloned();
        let said = said.map(|said| without(said, mentions.iter().filter(|m| Some(m.bot) == bot.as_ref())));
        let said = said.filter(|said| !is_blank(said));
        Some(Self { conversation, sender, bot, said, with_bot, own, by_hand })
    }
}

/// The conversation of two users, and whether one of them is a bot.
pub(crate) fn pair(app: &AppKey, bots: &Bots, from: &UserId, to: &UserId) -> (Conversation, bool) {
    let with_bot =
        |bot: &UserId, user: &UserId| Conversation::with_bot(app.clone(), bot.clone(), user.clone());
    match (bots.by_id(to), bots.by_id(from)) {
        (Some(bot), _) => (with_bot(bot, from), true),
        (None, Some(bot)) => (with_bot(bot, to), true),
        (None, None) => (Conversation::between(app.clone(), from.clone(), to.clone()), false),
    }
}

/// The bot that a message in a group or room is for. If the message has a list of mentions, the bot must be in it; of several, it is
/// the one that the text names first, or else the first in the list. Without a list it is the bot that the text names first, or else the
/// one whose message it quotes.
fn mentioned<'a>(bots: &'a Bots, callback: &Callback<'_>, mentions: &[Mention<'a>]) -> Option<&'a UserId> {
    let mut named = mentions.iter().map(|mention| mention.bot);
    let listed = callback.mentioned();
    if listed.is_empty() {
        let besides = || bots.meant_besides(callback.quoted().as_deref(), callback.mentions_all());
        return named.next().or_else(besides);
    }
    let listed: Vec<&UserId> = listed.iter().filter_map(|id| bots.by_id(id)).collect();
    named.find(|bot| listed.contains(bot)).or(listed.first().copied())
}
