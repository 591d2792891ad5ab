//! Where a message belongs: the conversation decides the partition, the lane what is answered one at a time.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::ids::{AppKey, BadId, GroupId, UserId};
use crate::key::{escaped, unescaped};

/// Easemob's three kinds of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// Between two users.
    Chat,
    /// In a group.
    Group,
    /// In a chat room.
    Chatroom,
}

impl ChatKind {
    /// Its name in keys, metrics and rows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Group => "group",
            Self::Chatroom => "chatroom",
        }
    }
}

/// Room that is made for a text form, in bytes: growing would copy it.
const USUAL_TEXT: usize = 96;

/// Who talks where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    /// A bot and a user; between two people, the lesser id first.
    Pair(UserId, UserId),
    Group(GroupId),
    Chatroom(GroupId),
}

/// App, chat kind and its id. Its text form is the key in `events`:
/// `org#app/chat/bot/user`, `org#app/group/id`, `org#app/chatroom/id`. In an id `/`, `@`, `|`, a space and what would read as
/// an escape are escaped as in an URL (`a%40b.com`). Users are spelt in one case, so that nobody is in two conversations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Conversation {
    app: AppKey,
    place: Place,
}

impl Conversation {
    /// A bot and a user.
    pub fn with_bot(app: AppKey, bot: UserId, user: UserId) -> Self {
        Self { app, place: Place::Pair(bot.canonical(), user.canonical()) }
    }

    /// Two people, in whichever order they write.
    pub fn between(app: AppKey, one: UserId, other: UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self::with_bot(app, first, second)
    }

    /// A group.
    pub fn group(app: AppKey, id: GroupId) -> Self {
        Self { app, place: Place::Group(id) }
    }

    /// A chat room.
    pub fn chatroom(app: AppKey, id: GroupId) -> Self {
        Self { app, place: Place::Chatroom(id) }
    }

    /// The same, spelt in one case, whoever wrote it.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self.place {
            Place::Pair(one, other) => Self::with_bot(self.app, one, other),
            Place::Group(_) | Place::Chatroom(_) => self,
        }
    }

    /// The app.
    pub fn app(&self) -> &AppKey {
        &self.app
    }

    /// The kind of chat.
    pub fn kind(&self) -> ChatKind {
        match self.place {
            Place::Pair(..) => ChatKind::Chat,
            Place::Group(_) => ChatKind::Group,
            Place::Chatroom(_) => ChatKind::Chatroom,
        }
    }

    /// The bot of a conversation between a bot and a person.
    pub fn bot(&self) -> Option<&UserId> {
        match &self.place {
            Place::Pair(bot, _) => Some(bot),
            Place::Group(_) | Place::Chatroom(_) => None,
        }
    }

    /// The person of a conversation between a bot and a person.
    pub fn user(&self) -> Option<&UserId> {
        match &self.place {
            Place::Pair(_, user) => Some(user),
            Place::Group(_) | Place::Chatroom(_) => None,
        }
    }

    /// The group or room, if it is one.
    pub fn group_id(&self) -> Option<&GroupId> {
        match &self.place {
            Place::Pair(..) => None,
            Place::Group(id) | Place::Chatroom(id) => Some(id),
        }
    }

    /// The partition of this conversation among `partitions`, as every Java client chooses it for this key.
    pub fn partition(&self, partitions: i32) -> i32 {
        partition_of(self.text().as_bytes(), partitions)
    }

    /// Its text form. Every record that is written has it several times: no formatting machinery.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(USUAL_TEXT);
        for piece in [self.app.as_str(), "/", self.kind().label(), "/"] {
            text.push_str(piece);
        }
        match &self.place {
            Place::Pair(one, other) => {
                text.push_str(&escaped(one.as_str()));
                text.push('/');
                text.push_str(&escaped(other.as_str()));
            }
            Place::Group(id) | Place::Chatroom(id) => text.push_str(&escaped(id.as_str())),
        }
        text
    }
}

impl std::fmt::Display for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl FromStr for Conversation {
    type Err = BadId;

    fn from_str(value: &str) -> Result<Self, BadId> {
        let Pieces { app, place } = Pieces::of(value)?;
        let place = match place {
            SpeltPlace::Pair(one, other) => Place::Pair(UserId::new(one)?, UserId::new(other)?),
            SpeltPlace::Group(id) => Place::Group(GroupId::new(id)?),
            SpeltPlace::Chatroom(id) => Place::Chatroom(GroupId::new(id)?),
        };
        Ok(Self { app: AppKey::new(app)?, place })
    }
}

/// The pieces of a conversation's text, their escapes undone and nothing else checked.
#[derive(Debug)]
struct Pieces<'a> {
    app: &'a str,
    place: SpeltPlace<'a>,
}

#[derive(Debug)]
enum SpeltPlace<'a> {
    Pair(Cow<'a, str>, Cow<'a, str>),
    Group(Cow<'a, str>),
    Chatroom(Cow<'a, str>),
}

impl<'a> Pieces<'a> {
    fn of(value: &'a str) -> Result<Self, BadId> {
        let mut parts = value.split('/');
        let app = parts.next().unwrap_or_default();
        let place = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("chat"), Some(one), Some(other), None) => SpeltPlace::Pair(id_of(one)?, id_of(other)?),
            (Some("group"), Some(id), None, None) => SpeltPlace::Group(id_of(id)?),
            (Some("chatroom"), Some(id), None, None) => SpeltPlace::Chatroom(id_of(id)?),
            _ => return Err(BadId::new("conversation", value, "it is not app/kind/id")),
        };
        Ok(Self { app, place })
    }
}

fn id_of(piece: &str) -> Result<Cow<'_, str>, BadId> {
    unescaped(piece)
        .ok_or_else(|| BadId::new("key", piece, "/ @ | and spaces of an id are written as in an URL"))
}

/// A conversation as a text spells it, checked like a [`Conversation`] and not copied.
#[derive(Debug)]
pub struct SpeltConversation<'a> {
    text: &'a str,
    pieces: Pieces<'a>,
}

impl<'a> SpeltConversation<'a> {
    /// Checks a text.
    ///
    /// # Errors
    /// [`BadId`] where [`Conversation`] has one.
    pub fn read(text: &'a str) -> Result<Self, BadId> {
        let pieces = Pieces::of(text)?;
        AppKey::check(pieces.app)?;
        match &pieces.place {
            SpeltPlace::Pair(one, other) => UserId::check(one).and_then(|()| UserId::check(other))?,
            SpeltPlace::Group(id) | SpeltPlace::Chatroom(id) => GroupId::check(id)?,
        }
        Ok(Self { text, pieces })
    }

    /// The app.
    pub fn app(&self) -> &'a str {
        self.pieces.app
    }

    /// The kind of chat.
    pub fn kind(&self) -> ChatKind {
        match self.pieces.place {
            SpeltPlace::Pair(..) => ChatKind::Chat,
            SpeltPlace::Group(_) => ChatKind::Group,
            SpeltPlace::Chatroom(_) => ChatKind::Chatroom,
        }
    }

    /// The person of a conversation between a bot and a person.
    pub fn user(&self) -> Option<&str> {
        match &self.pieces.place {
            SpeltPlace::Pair(_, user) => Some(user),
            SpeltPlace::Group(_) | SpeltPlace::Chatroom(_) => None,
        }
    }

    /// What follows the app in the text: kind and ids, escaped.
    pub fn within_app(&self) -> &'a str {
        self.text.get(self.pieces.app.len() + 1..).unwrap_or_default()
    }
}

impl TryFrom<String> for Conversation {
    type Error = BadId;

    fn try_from(value: String) -> Result<Self, BadId> {
        value.parse()
    }
}

impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

/// What is answered one at a time, in order: a conversation, or one sender's part of it. Its text form is the key
/// after decide: the conversation, and `@sender` where it is one sender's, escaped and spelt as in a conversation's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Lane {
    /// The conversation.
    pub conversation: Conversation,
    /// The sender, where each has a lane of their own.
    pub sender: Option<UserId>,
}

impl Lane {
    /// Its text form.
    pub fn text(&self) -> String {
        let mut text = self.conversation.text();
        if let Some(sender) = &self.sender {
            text.push('@');
            text.push_str(&escaped(sender.as_str()));
        }
        text
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl FromStr for Lane {
    type Err = BadId;

    fn from_str(value: &str) -> Result<Self, BadId> {
        let (conversation, sender) = pieces_of_lane(value)?;
        Ok(Self { conversation: conversation.parse()?, sender: sender.map(UserId::new).transpose()? })
    }
}

fn pieces_of_lane(value: &str) -> Result<(&str, Option<Cow<'_, str>>), BadId> {
    match value.rsplit_once('@') {
        None => Ok((value, None)),
        Some((conversation, sender)) => Ok((conversation, Some(id_of(sender)?))),
    }
}

/// A lane as a text spells it, checked like a [`Lane`] and not copied.
#[derive(Debug)]
pub struct SpeltLane<'a> {
    /// The conversation.
    pub conversation: SpeltConversation<'a>,
    /// The sender, where each has a lane of their own.
    pub sender: Option<Cow<'a, str>>,
}

impl<'a> SpeltLane<'a> {
    /// Checks a text.
    ///
    /// # Errors
    /// [`BadId`] where [`Lane`] has one.
    pub fn read(text: &'a str) -> Result<Self, BadId> {
        let (conversation, sender) = pieces_of_lane(text)?;
        let conversation = SpeltConversation::read(conversation)?;
        sender.as_deref().map_or(Ok(()), UserId::check)?;
        Ok(Self { conversation, sender })
    }
}

impl TryFrom<String> for Lane {
    type Error = BadId;

    fn try_from(value: String) -> Result<Self, BadId> {
        value.parse()
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

/// Kafka's keyed partition: murmur2 of the key, sign bit cleared, modulo the partition count.
/// Source: `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner.partitionForKey`.
pub fn partition_of(key: &[u8], partitions: i32) -> i32 {
    (murmur2(key) & 0x7fff_ffff) as i32 % partitions.max(1)
}

fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c_u32 ^ data.len() as u32;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        for (i, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * i);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppKey {
        AppKey::new("acme#support").unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn murmur2_agrees_with_the_java_clients() {
        // Vectors of Apache Kafka's own `UtilsTest.testMurmur2`.
        for (key, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()) as i32, hash, "{key}");
        }
    }

    #[test]
    fn a_conversation_reads_back_what_it_writes() {
        for conversation in [
            Conversation::with_bot(app(), user("bot"), user("alice")),
            Conversation::group(app(), GroupId::new("184524748161025").unwrap()),
            Conversation::chatroom(app(), GroupId::new("7").unwrap()),
        ] {
            assert_eq!(conversation.to_string().parse::<Conversation>().unwrap(), conversation);
            let lane = Lane { conversation, sender: Some(user("alice")) };
            assert_eq!(lane.to_string().parse::<Lane>().unwrap(), lane);
        }
        assert!("acme#support/chat/bot".parse::<Conversation>().is_err());
    }

    #[test]
    fn whatever_ids_are_made_of_every_key_reads_back_and_no_two_are_alike() {
        let ids =
            ["a", "b", "a/b", "a@b", "a|b", "a b", "a%40b", "a%2540b", "%", "50%", "12", "张三", "b/a@c|d"];
        let mut keys = std::collections::BTreeSet::new();
        for (one, other) in ids.iter().flat_map(|one| ids.map(|other| (*one, other))) {
            let group = GroupId::new(other).unwrap();
            for conversation in [
                Conversation::with_bot(app(), user(one), user(other)),
                Conversation::group(app(), group.clone()),
                Conversation::chatroom(app(), group),
            ] {
                assert_eq!(conversation.to_string().parse::<Conversation>().unwrap(), conversation);
                for sender in [None, Some(user(one))] {
                    let lane = Lane { conversation: conversation.clone(), sender };
                    let key = lane.to_string();
                    assert_eq!(key.parse::<Lane>().unwrap(), lane, "{key}");
                    assert_eq!(key.parse::<Lane>().unwrap().to_string(), key);
                    let spelt = SpeltLane::read(&key).unwrap();
                    let there = &lane.conversation;
                    assert_eq!(spelt.sender.as_deref(), lane.sender.as_ref().map(UserId::as_str));
                    assert_eq!(spelt.conversation.user(), there.user().map(UserId::as_str));
                    assert_eq!(
                        (spelt.conversation.app(), spelt.conversation.kind()),
                        ("acme#support", there.kind())
                    );
                    let written = there.to_string();
                    assert_eq!(spelt.conversation.within_app(), &written["acme#support/".len()..]);
                    assert!(!key.contains(['|', ' ']), "{key}");
                    keys.insert(key);
                }
            }
        }
        // Groups and rooms stand by one id, their lanes by two.
        let (pairs, singles) = (ids.len() * ids.len(), ids.len());
        assert_eq!(keys.len(), 2 * pairs + 2 * (singles + pairs));
    }

    #[test]
    fn a_person_is_in_one_conversation_and_partition_however_the_id_is_spelt() {
        let sent = Conversation::with_bot(app(), user("Bot_HelpDesk"), user("Alice@Acme.com"));
        assert_eq!(sent.to_string(), "acme#support/chat/bot_helpdesk/alice%40acme.com");
        assert_eq!(
            sent.partition(48),
            Conversation::with_bot(app(), user("bot_helpdesk"), user("ALICE@acme.com")).partition(48)
        );
        let there = Conversation::between(app(), user("Bob"), user("alice"));
        assert_eq!(there.to_string(), Conversation::between(app(), user("ALICE"), user("bob")).to_string());
    }

    /// A log that was written before ids had one case is folded again under the keys that it has.
    #[test]
    fn what_is_read_is_written_as_it_was_and_canonical_on_demand() {
        let key = "acme#support/chat/Bot/Alice";
        let old: Conversation = key.parse().unwrap();
        assert_eq!((old.to_string().as_str(), old.partition(48)), (key, partition_of(key.as_bytes(), 48)));
        assert_eq!(old.clone().canonical().to_string(), "acme#support/chat/bot/alice");
        assert_eq!(old, old.clone().canonical());
        let lane = "acme#support/group/42@Alice";
        assert_eq!(lane.parse::<Lane>().unwrap().to_string(), lane);
    }

    #[test]
    fn a_text_that_is_no_lane_is_none_either_way() {
        let long = format!("acme#support/chat/bot/{}", "u".repeat(65));
        for bad in [
            "",
            "acme",
            "acme#support/chat/bot",
            "acme#support/chat/bot/a/b",
            "acme/chat/bot/a",
            "acme#support/room/1",
            "acme#support/chat/bot/a%2f",
            "acme#support/chat//a",
            "acme#support/group/1@",
            "acme#support/group/1@a@b",
            "a b#c/group/1",
            &long,
        ] {
            assert!(bad.parse::<Lane>().is_err() && SpeltLane::read(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn two_people_share_one_conversation() {
        let there = Conversation::between(app(), user("bob"), user("alice"));
        assert_eq!(there, Conversation::between(app(), user("alice"), user("bob")));
    }
}
