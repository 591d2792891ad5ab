//! What ingest writes for people who talk to a bot, alone and in a group.

use pipeline::Outgoing;
use pipeline::simulation::{Random, Sim};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, Edit, Event, Feedback, Message, MessageKind, Reference, Takeover};
use schemas::ids::{AppKey, GroupId, MessageId, UserId};
use schemas::verdict::{Action, Verdict};

use super::{PARTITIONS, encoded};

const WORDS: [&str; 6] = ["hello", "what is 回音?", "my password is x", "gun", "/new", "/rate 5"];

/// Remembers what was said, so that it can be said again, taken back and changed.
#[derive(Default)]
pub(super) struct Customers {
    said: Vec<Message>,
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn pass() -> Verdict {
    Verdict::new(Action::Pass, vec![], "ingest")
}

impl Customers {
    pub(super) fn next(&mut self, sim: &Sim) -> Outgoing {
        let now = sim.now();
        let random = &mut *sim.random();
        let event = self.event(random, now);
        let partition = event.conversation().unwrap().partition(PARTITIONS);
        let mut outgoing = encoded(&event, "ingest", partition);
        match random.below(60) {
            0 => outgoing.value = Some(b"no json".to_vec()),
            1 => outgoing.partition = (partition + 1) % PARTITIONS,
            _ => {}
        }
        outgoing
    }

    fn event(&mut self, random: &mut Random, now: i64) -> Event {
        let message = match self.said.len() {
            0 => self.say(random, now),
            length => self.said[random.index(length)].clone(),
        };
        let conversation = message.conversation.clone();
        let reference =
            Reference { message: message.id.clone(), conversation: conversation.clone(), at: now };
        match random.below(30) {
            0 => Event::Recall(reference),
            1 => Event::Withdrawn(reference),
            2 | 3 => {
                let text = WORDS[random.index(4)].into();
                Event::Edit(Edit { message: message.id, conversation, text, verdict: pass(), at: now })
            }
            4 => Event::Takeover(Takeover { conversation, person: Some(user("clerk")), at: now }),
            5..8 => Event::Takeover(Takeover { conversation, person: None, at: now }),
            8 => Event::Feedback(Feedback {
                id: now.to_string(),
                conversation,
                easemob_id: None,
                rating: Some(4),
                text: None,
                at: now,
            }),
            9 | 10 => Event::Message(message),
            11 => Event::Missed(self.say(random, now)),
            _ => Event::Message(self.say(random, now)),
        }
    }

    fn say(&mut self, random: &mut Random, now: i64) -> Message {
        let app = AppKey::new("acme#support").unwrap();
        let sender = user(["ann", "bob", "cid"][random.index(3)]);
        let conversation = if random.one_in(3) {
            Conversation::group(app, GroupId::new("42").unwrap())
        } else {
            Conversation::with_bot(app, user("bot"), sender.clone())
        };
        let message = Message {
            id: MessageId::new(format!("acme#support/chat/{}", self.said.len())).unwrap(),
            conversation,
            sender,
            bot: Some(user("bot")),
            kind: MessageKind::Text,
            text: Some(WORDS[random.index(WORDS.len())].into()),
            other_texts: Vec::new(),
            tags: Default::default(),
            claim: None,
            attachment: None,
            raw: None,
            verdict: pass(),
            reply: CallbackReply::Intercept,
            sent_at: now - 20,
            received_at: now - 10,
        };
        self.said.push(message.clone());
        message
    }
}
