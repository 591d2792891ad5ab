//! What the log says of some conversations: what people said, and what was let out for their turns.

use std::collections::{BTreeMap, HashMap};

use account::Pseudonyms;
use pipeline::Record;
use schemas::Millis;
use schemas::answer::{Answer, AnswerSource};
use schemas::answered::{Answered, Outcome};
use schemas::conversation::{Conversation, Lane};
use schemas::event::{Edit, Event, Message, Reference};
use schemas::ids::RequestId;
use schemas::retract::Retract;
use schemas::text::Text;
use schemas::topic::Topic;
use schemas::verdict::Action;
use schemas::wire;

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) id: String,
    pub(super) sender: String,
    /// When it was appended to the log.
    pub(super) at: Millis,
    pub(super) text: String,
    /// The callback's filter did not let it pass.
    pub(super) is_stopped: bool,
}

/// What was let out for a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LetOut {
    /// The message that opened the turn.
    pub(super) opener: String,
    /// When it was let out.
    pub(super) at: Millis,
    /// The request that a model answered.
    request: Option<RequestId>,
    /// The occasion for which the operator wrote it.
    pub(super) canned: Option<String>,
    parts: BTreeMap<u16, String>,
    is_retracted: bool,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Come {
    text: Option<String>,
}

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct OfConversation {
    /// In the log's order.
    pub(super) spoken: Vec<Spoken>,
    /// By turn.
    let_out: BTreeMap<String, LetOut>,
    come: HashMap<RequestId, Come>,
    /// When the request of a turn was decided on.
    asked: BTreeMap<String, Millis>,
}

impl OfConversation {
    /// What the person got for a turn; nothing if that was taken back.
    pub(super) fn answer(&self, turn: &str) -> Option<(&LetOut, String)> {
        let let_out = self.let_out.get(turn).filter(|let_out| !let_out.is_retracted)?;
        // What the model said, without labels and before it was cut into parts.
        let made = let_out.request.and_then(|request| self.come.get(&request)?.text.clone());
        let parts = || let_out.parts.values().map(String::as_str).collect::<String>();
        Some((let_out, made.unwrap_or_else(parts)))
    }

    /// Turns with what was let out for them.
    pub(super) fn turns(&self) -> impl Iterator<Item = (&str, &LetOut)> {
        self.let_out.iter().map(|(turn, let_out)| (turn.as_str(), let_out))
    }

    /// When a turn was asked, if the log tells.
    pub(super) fn asked_at(&self, turn: &str) -> Option<Millis> {
        self.asked.get(turn).copied()
    }
}

/// The conversations that are wanted, by their pseudonyms.
pub(super) struct Log {
    names: Pseudonyms,
    conversations: BTreeMap<String, OfConversation>,
    /// The pseudonym of each key that was met, if it is wanted: a key comes many times.
    known: HashMap<Vec<u8>, Option<String>>,
}

impl Log {
    /// Nothing is read yet.
    pub(super) fn new(names: Pseudonyms, wanted: impl Iterator<Item = String>) -> Self {
        let conversations = wanted.map(|name| (name, OfConversation::default())).collect();
        Self { names, conversations, known: HashMap::new() }
    }

    /// One of the conversations that were wanted.
    pub(super) fn conversation(&self, pseudonym: &str) -> Option<&OfConversation> {
        self.conversations.get(pseudonym)
    }

    /// Takes a record over, those of `events` in their order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn take(&mut self, topic: Topic, record: &Record) -> anyhow::Result<()> {
        let Some(conversation) = self.wanted(record.key.as_deref()) else { return Ok(()) };
        let header = |name: &str| record.header(name);
        match topic {
            Topic::Events => {
                conversation.event(wire::decode(header, record.value.as_deref())?, record.timestamp)
            }
            Topic::Answers if header(wire::KIND) == Some(Retract::KIND.as_bytes()) => {
                conversation.retract(&wire::decode(header, record.value.as_deref())?);
            }
            Topic::Answers => conversation.part(wire::decode(header, record.value.as_deref())?),
            _ => {}
        }
        Ok(())
    }

    /// The conversation of a record, if it is wanted: the key is the conversation's or a lane's.
    fn wanted(&mut self, key: Option<&[u8]>) -> Option<&mut OfConversation> {
        let key = key?;
        if !self.known.contains_key(key) {
            let text = std::str::from_utf8(key).ok();
            let conversation = text.and_then(|text| {
                let lane = || text.parse::<Lane>().ok().map(|lane| lane.conversation);
                text.parse::<Conversation>().ok().or_else(lane)
            });
            let name = conversation.map(|conversation| self.names.of_conversation(&conversation));
            let wanted = name.filter(|name| self.conversations.contains_key(name));
            self.known.insert(key.to_vec(), wanted);
        }
        self.conversations.get_mut(self.known.get(key)?.as_ref()?)
    }
}

impl OfConversation {
    fn event(&mut self, event: Event, at: Millis) {
        match event {
            Event::Message(message) | Event::Missed(message) => self.message(message, at),
            Event::Withdrawn(Reference { message, .. }) | Event::Recall(Reference { message, .. }) => {
                // Whoever takes back what they said does not want it to be read.
                self.spoken.retain(|spoken| spoken.id != message.as_str());
            }
            Event::Edit(Edit { message, text, .. }) => {
                let edited = self.spoken.iter_mut().filter(|spoken| spoken.id == message.as_str());
                edited.for_each(|spoken| spoken.text = readable(&text));
            }
            Event::Answered(answered) => self.answered(answered),
            _ => {}
        }
    }

    fn message(&mut self, message: Message, at: Millis) {
        // A callback that comes twice says nothing new.
        if self.spoken.iter().rev().any(|spoken| spoken.id == message.id.as_str()) {
            return;
        }
        self.spoken.push(Spoken {
            id: message.id.to_string(),
            sender: message.sender.canonical().to_string(),
            at,
            text: message.text.as_ref().map(readable).unwrap_or_default(),
            is_stopped: message.verdict.action >= Action::Replace,
        });
    }

    fn answered(&mut self, answered: Answered) {
        let text = match &answered.outcome {
            Outcome::Done { text, .. } => Some(readable(text)).filter(|text| !text.is_empty()),
            _ => None,
        };
        if let Some(at) = answered.decided_at {
            self.asked.insert(answered.turn.to_string(), at);
        }
        self.come.entry(answered.request).or_insert(Come { text });
    }

    fn part(&mut self, part: Answer) {
        let let_out = self.let_out.entry(part.turn.to_string()).or_default();
        let_out.opener = part.message.to_string();
        let_out.at = part.decided_at;
        match part.source {
            AnswerSource::Model { request } => let_out.request = Some(request),
            AnswerSource::Canned { reason } => let_out.canned = Some(reason),
        }
        let_out.parts.insert(part.part, readable(&part.text));
    }

    fn retract(&mut self, retract: &Retract) {
        if let Some(let_out) = self.let_out.get_mut(&retract.turn.to_string()) {
            let_out.is_retracted = true;
        }
    }
}

/// A text that is not sealed.
fn readable(text: &Text) -> String {
    text.plain().unwrap_or_default().to_owned()
}
