//! Folds a scripted log and records it.

use conversation::Conversations;
use pipeline::fold::Refold;
use pipeline::{Outgoing, Record};
use schemas::Millis;
use schemas::answered::{Answered, Attempt, Outcome, Usage, UsageSource};
use schemas::cancel::Cancel;
use schemas::conversation::Conversation;
use schemas::event::{
    CallbackReply, Clock, ConfigSwitch, Edit, Event, Message, MessageKind, Reference, Takeover,
};
use schemas::ids::{AppKey, BundleHash, MessageId, TargetName, UserId};
use schemas::money::Money;
use schemas::request::Request;
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};
use schemas::wire;

use super::line::{self, PARTITIONS};
use super::recording::{PARTITION, Recording, Step};

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
const START: Millis = 1_780_000_000_000;

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn app(name: &str) -> AppKey {
    AppKey::new(format!("a#{name}")).unwrap()
}

pub(crate) fn pass() -> Verdict {
    Verdict::new(Action::Pass, vec![], "ingest")
}

pub(crate) fn done(text: &str) -> Outcome {
    Outcome::Done {
        text: text.into(),
        verdict: Verdict::new(Action::Pass, vec![], "reviewer"),
        target: TargetName::new("first").unwrap(),
        truncated: false,
    }
}

pub(crate) fn attempt(number: u16, error: Option<&str>, pico: Option<i128>) -> Attempt {
    Attempt {
        number,
        target: TargetName::new("first").unwrap(),
        provider: "openai".into(),
        model: "gpt".into(),
        model_answered: None,
        region: "cn".into(),
        started_at: START,
        key: None,
        duration_ms: 5,
        time_to_first_token_ms: None,
        error: error.map(str::to_owned),
        code: None,
        detail: None,
        status: None,
        provider_request: None,
        finish: None,
        flagged: None,
        usage: pico.map(|_| Usage {
            input: 10,
            cached: 0,
            output: 5,
            reasoning: 0,
            source: UsageSource::Provider,
            ..Usage::default()
        }),
        raw_usage: None,
        usage_contradicts: false,
        may_be_billed: pico.is_some(),
        cost: pico.map(|pico| Money { currency: "CNY".into(), pico }),
        price: None,
    }
}

pub(crate) struct Tape {
    refold: Refold<Conversations>,
    recording: Recording,
    pub(crate) now: Millis,
    /// Requests that were written, by the order in which they were.
    pub(crate) requests: Vec<Request>,
}

impl Tape {
    /// A partition that was never folded, and the bundles that its `config` records may name.
    pub(crate) fn new(bundles: &[catalogue::Bundle]) -> Self {
        let stored = |bundle: &catalogue::Bundle| {
            let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
            (bundle.hash().unwrap().as_str().to_owned(), json)
        };
        let recording = Recording { bundles: bundles.iter().map(stored).collect(), steps: Vec::new() };
        let refold = Refold::new(line::fold(&recording), &line::driver(), PARTITION);
        Self { refold, recording, now: START, requests: Vec::new() }
    }

    pub(crate) fn end(self) -> Recording {
        self.recording
    }

    pub(crate) fn pass(&mut self, time: Millis) {
        self.now += time;
    }

    /// Folds what `step` writes.
    pub(crate) fn event(&mut self, step: &str, event: &Event) {
        let encoded = wire::encode(event, &format!("/huiyin/recorded/{step}")).unwrap();
        let (key, headers, value) = (encoded.key, encoded.headers, Some(encoded.value));
        let place = event.conversation().map_or(PARTITION, |talk| talk.partition(PARTITIONS));
        assert_eq!(place, PARTITION, "{:?} is of another partition", event.conversation());
        self.write(Outgoing { topic: "events".into(), partition: PARTITION, key, headers, value });
    }

    pub(crate) fn write(&mut self, outgoing: Outgoing) {
        let input = Record {
            topic: outgoing.topic,
            partition: PARTITION,
            offset: i64::try_from(self.recording.steps.len()).unwrap(),
            timestamp: self.now,
            key: outgoing.key,
            headers: outgoing.headers.into_iter().collect(),
            value: outgoing.value,
        };
        let outputs = self.refold.feed_with_snapshots(&input).unwrap();
        for output in outputs.iter().filter(|output| &*output.topic == "requests") {
            let header =
                |name: &str| output.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
            if header(wire::KIND) != Some(Cancel::KIND.as_bytes()) {
                self.requests.push(wire::decode(header, output.value.as_deref()).unwrap());
            }
        }
        self.recording.steps.push(Step { input, outputs });
        self.now += 10;
    }

    /// What the driver appends when a timer is due.
    pub(crate) fn clock(&mut self) {
        self.event("decide", &Event::Clock(Clock { due: self.now }));
    }

    pub(crate) fn config(&mut self, bundle: &catalogue::Bundle) {
        let bundle: BundleHash = bundle.hash().unwrap();
        self.event("admin", &Event::Config(ConfigSwitch { bundle, at: self.now }));
    }

    pub(crate) fn message(&self, n: u32, talk: &Conversation, text: &str) -> Message {
        Message {
            id: MessageId::new(format!("{}/chat/{n}", talk.app())).unwrap(),
            conversation: talk.clone(),
            sender: talk.user().cloned().unwrap_or_else(|| user("alice")),
            bot: Some(user("bot")),
            kind: MessageKind::Text,
            text: Some(Text::from(text)),
            other_texts: Vec::new(),
            tags: Default::default(),
            claim: None,
            attachment: None,
            raw: None,
            verdict: pass(),
            reply: CallbackReply::Intercept,
            sent_at: self.now - 20,
            received_at: self.now - 10,
        }
    }

    pub(crate) fn say(&mut self, n: u32, talk: &Conversation, text: &str) {
        let message = self.message(n, talk, text);
        self.event("ingest", &Event::Message(message));
    }

    pub(crate) fn say_as(&mut self, sender: &str, n: u32, talk: &Conversation, text: &str) {
        let message = Message { sender: user(sender), ..self.message(n, talk, text) };
        self.event("ingest", &Event::Message(message));
    }

    pub(crate) fn by_hand(&mut self, n: u32, talk: &Conversation, text: &str) {
        let message = Message { sender: user("bot"), bot: None, ..self.message(n, talk, text) };
        self.event("ingest", &Event::Message(message));
    }

    pub(crate) fn reference(&self, n: u32, talk: &Conversation) -> Reference {
        let message = MessageId::new(format!("{}/chat/{n}", talk.app())).unwrap();
        Reference { message, conversation: talk.clone(), at: self.now }
    }

    pub(crate) fn recall(&mut self, n: u32, talk: &Conversation) {
        let reference = self.reference(n, talk);
        self.event("ingest", &Event::Recall(reference));
    }

    pub(crate) fn withdraw(&mut self, n: u32, talk: &Conversation) {
        let reference = self.reference(n, talk);
        self.event("ingest", &Event::Withdrawn(reference));
    }

    pub(crate) fn edit(&mut self, n: u32, talk: &Conversation, text: &str) {
        let Reference { message, conversation, at } = self.reference(n, talk);
        let edit = Edit { message, conversation, text: text.into(), verdict: pass(), at };
        self.event("ingest", &Event::Edit(edit));
    }

    pub(crate) fn takeover(&mut self, talk: &Conversation, person: Option<&str>) {
        let takeover = Takeover { conversation: talk.clone(), person: person.map(user), at: self.now };
        self.event("admin", &Event::Takeover(takeover));
    }

    /// The newest request ends.
    pub(crate) fn end_last(&mut self, outcome: Outcome) {
        let request = self.requests.last().cloned().unwrap();
        let ok = matches!(outcome, Outcome::Done { .. } | Outcome::Reviewed { .. });
        let attempts = if ok { vec![attempt(1, None, Some(700))] } else { Vec::new() };
        let answered = self.outcome(&request, outcome, attempts);
        self.event("call", &Event::Answered(answered));
    }

    pub(crate) fn outcome(&self, request: &Request, outcome: Outcome, attempts: Vec<Attempt>) -> Answered {
        Answered {
            id: Answered::id_of(request.id),
            request: request.id,
            kind: request.kind,
            turn: request.turn,
            lane: request.lane.clone(),
            message: request.message.clone(),
            user: Some(request.user.clone()),
            tier: None,
            outcome,
            attempts,
            review: None,
            rerun: false,
            route: None,
            decided_at: None,
            started_at: self.now - 5,
            ended_at: self.now,
        }
    }
}
