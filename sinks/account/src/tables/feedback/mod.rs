//! `feedback`: one row per rating, remark and reaction. Remarks are counted, not kept.

use std::sync::LazyLock;

use clickhouse::Row;
use memchr::memmem::Finder;
use pipeline::Refused;
use schemas::conversation::Conversation;
use schemas::event::{Event, Feedback as Told, Reaction};
use schemas::ids::UserId;
use schemas::topic::Topic;
use serde::Serialize;
use uuid::Uuid;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::{Pseudonyms, Who};
use crate::source::Source;
use crate::value::timestamp;
use crate::view::Decision;

/// How a rating by command stands in a decision's JSON.
static RATED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""rating":"#));
/// Longest name of an emoji that is kept, in bytes.
const LONGEST_REACTION: usize = 64;

pub(super) struct Feedback;

impl Table for Feedback {
    const DEFINITION: &'static Definition = &Definition {
        name: "feedback",
        row: "one rating, remark or reaction",
        retention_days: 400,
        moment: AT,
        migrations: &[Migration {
            number: 14,
            name: "0014_feedback",
            template: include_str!("0014_feedback.sql"),
        }],
        counts: Some(Counts { label: "kind", ordinal: "0" }),
    };
    const SINCE: u8 = 6;

    type Row<'a> = FeedbackRow;
    type Rows<'a> = Option<FeedbackRow>;

    fn takes(unread: Unread<'_>) -> bool {
        ["feedback", "reaction"].iter().any(|kind| unread.may_be_event(kind))
            || (unread.topic == Topic::Decisions && unread.mentions(&RATED))
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        let with = With { source, names };
        match fact {
            Fact::Event(Event::Feedback(told)) => with.told(told).map(Some),
            Fact::Event(Event::Reaction(reaction)) => with.reaction(reaction).map(Some),
            Fact::Decision(decision, who) if decision.rating.is_some() => {
                with.command(decision, who).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// One signal; the columns are described in the table's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize)]
pub(crate) struct FeedbackRow {
    app: String,
    at: i64,
    id: String,
    kind: &'static str,
    origin: &'static str,
    rating: Option<u8>,
    reaction: String,
    put: bool,
    characters: u32,
    #[serde(with = "clickhouse::serde::uuid::option")]
    turn: Option<Uuid>,
    message: String,
    easemob_id: String,
    chat_kind: &'static str,
    conversation: String,
    user: String,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

/// What every row is made with besides its signal.
struct With<'a> {
    source: Source<'a>,
    names: &'a Pseudonyms,
}

impl With<'_> {
    fn row(
        &self,
        conversation: &Conversation,
        user: Option<&UserId>,
        at: i64,
    ) -> Result<FeedbackRow, Refused> {
        let (app, source) = (conversation.app(), self.source);
        Ok(FeedbackRow {
            app: app.to_string(),
            at: timestamp(at)?,
            put: true,
            chat_kind: conversation.kind().label(),
            conversation: self.names.of_conversation(conversation),
            user: user.map(|user| self.names.of_user(app, user)).unwrap_or_default(),
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
            ..FeedbackRow::default()
        })
    }

    fn told(&self, told: &Told) -> Result<FeedbackRow, Refused> {
        let characters =
            told.text.as_ref().and_then(|text| text.plain()).map_or(0, |text| text.chars().count());
        Ok(FeedbackRow {
            id: format!("{}:feedback:{}", told.conversation.kind().label(), told.id),
            kind: if told.rating.is_some() { "rating" } else { "remark" },
            origin: "source",
            rating: told.rating,
            characters: u32::try_from(characters).unwrap_or(u32::MAX),
            easemob_id: told.easemob_id.clone().unwrap_or_default(),
            ..self.row(&told.conversation, told.conversation.user(), told.at)?
        })
    }

    fn reaction(&self, reaction: &Reaction) -> Result<FeedbackRow, Refused> {
        let name = &reaction.reaction;
        let row = self.row(&reaction.conversation, Some(&reaction.user), reaction.at)?;
        Ok(FeedbackRow {
            id: format!("{}:reaction:{}:{}", reaction.easemob_id, row.user, reaction.at),
            kind: "reaction",
            origin: "chat",
            reaction: name[..name.floor_char_boundary(LONGEST_REACTION)].to_owned(),
            put: reaction.put,
            easemob_id: reaction.easemob_id.clone(),
            ..row
        })
    }

    fn command(&self, decision: &Decision<'_>, who: &Who<'_>) -> Result<FeedbackRow, Refused> {
        Ok(FeedbackRow {
            app: who.app.to_owned(),
            at: timestamp(decision.at)?,
            id: decision.id.to_string(),
            kind: "rating",
            origin: "command",
            rating: decision.rating,
            put: true,
            turn: decision.turn.map(|turn| turn.uuid()),
            message: decision.message.as_deref().unwrap_or_default().to_owned(),
            chat_kind: who.chat_kind,
            conversation: who.conversation().to_owned(),
            user: who.user().to_owned(),
            source_topic: self.source.topic.to_owned(),
            source_partition: self.source.partition,
            source_offset: self.source.offset,
            builder: self.source.builder,
            ..FeedbackRow::default()
        })
    }
}

#[cfg(test)]
mod tests;
