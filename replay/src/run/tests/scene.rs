//! A line in virtual time: people write, a model answers after two seconds, timers fire when they are due. What it leaves are the topics that a replay reads.

use std::sync::Arc;

use catalogue::{Bundle, RawCatalogue};
use conversation::{Bundles, Deployment, Folded, Settings, States};
use decide::Output;
use pipeline::{Outgoing, Record, StartPolicy};
use schemas::Millis;
use schemas::answered::{Answered, Attempt, Outcome, Usage};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, Event, Message, MessageKind};
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::money::Money;
use schemas::request::Request;
use schemas::topic::TopicNames;
use schemas::verdict::{Action, Verdict};
use schemas::wire;

use crate::log::Log;
use crate::range::Span;
use crate::run::Logs;
use crate::shadow::Kind;
use crate::world::{Line, Place, World, switch};

pub(super) const START: Millis = 1_780_000_000_000;
/// How long the recorded model takes.
const TAKES: Millis = 2_000;

/// A bundle with one app, and what is added to its file.
pub(super) fn bundle(app: &str, more: &str) -> Bundle {
    let text = format!(
        "[[app]]\nkey = \"a#shop\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"large\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n{app}\n\
         [[target]]\nname = \"large\"\nprovider = \"local\"\nmodel = \"large\"\nregion = \"cn\"\n\
         [[target]]\nname = \"small\"\nprovider = \"local\"\nmodel = \"small\"\nregion = \"cn\"\n{more}"
    );
    let raw: RawCatalogue = toml::from_str(&text).unwrap();
    catalogue::validate(&raw).unwrap()
}

/// Somebody writes something at a time, in milliseconds since the start.
pub(super) struct Says(pub(super) Millis, pub(super) &'static str, pub(super) &'static str);

pub(super) struct Scene {
    bundles: Vec<Bundle>,
    pub(super) events: Vec<Record>,
    topics: Vec<(Kind, Outgoing, Millis)>,
}

impl Scene {
    /// Plays what people say under a bundle.
    pub(super) fn play(bundle: &Bundle, says: &[Says]) -> Self {
        Self::played(bundle, None, says)
    }

    /// The same, with a switch to another bundle at a time, if one is given.
    pub(super) fn played(bundle: &Bundle, then: Option<(Millis, &Bundle)>, says: &[Says]) -> Self {
        let bundles = [bundle].into_iter().chain(then.map(|(_, bundle)| bundle)).cloned().collect();
        let mut scene = Self { bundles, events: Vec::new(), topics: Vec::new() };
        let mut then = then.map(|(at, bundle)| (START + at, bundle.hash().unwrap()));
        let line = scene.line(&[]);
        let mut world = World::new(&line, 0, "scene", States::default()).unwrap();
        let place = Place { partition: 0, offset: 0, time: START };
        let first = switch(line.events(), "/huiyin/scene/admin", place, &bundle.hash().unwrap()).unwrap();
        scene.feed(&line, &mut world, first);
        let mut waiting: Vec<(Millis, Answered)> = Vec::new();
        let mut says = says.iter().enumerate().peekable();
        loop {
            let next = says.peek().map(|(_, says)| START + says.0);
            let outcome = waiting.iter().map(|(at, _)| *at).min();
            let Some(now) = [next, outcome, world.due()].into_iter().flatten().min() else { break };
            if let Some((at, hash)) = then.take_if(|(at, _)| *at <= now) {
                let place = Place { partition: 0, offset: scene.events.len() as i64, time: at };
                let switched = switch(line.events(), "/huiyin/scene/admin", place, &hash).unwrap();
                scene.feed(&line, &mut world, switched);
                continue;
            }
            let made = if outcome == Some(now) {
                let at = waiting.iter().position(|(at, _)| *at == now).unwrap();
                let (_, answered) = waiting.remove(at);
                scene.event(&line, &mut world, now, &Event::Answered(answered))
            } else if next == Some(now) {
                let (number, says) = says.next().unwrap();
                scene.event(&line, &mut world, now, &Event::Message(message(number, now, says)))
            } else {
                // Conversations are forgotten long after the last word.
                if next.is_none() && outcome.is_none() && now > world.now() + 3_600_000 {
                    break;
                }
                let clock = world.clock(now);
                let offset = scene.events.len() as i64;
                scene.feed(&line, &mut world, Record { offset, ..clock })
            };
            waiting.extend(made.iter().map(|request| (now + TAKES, answer(request, now))));
        }
        scene
    }

    /// The same log with one recorded decision changed: the last one that this changes.
    pub(super) fn with_decision(&self, change: impl Fn(&str) -> String) -> Self {
        let Self { bundles, events, mut topics } =
            Self { bundles: self.bundles.clone(), events: self.events.clone(), topics: self.topics.clone() };
        for (_, output, _) in topics.iter_mut().rev().filter(|(kind, ..)| *kind == Kind::Decisions) {
            let value = String::from_utf8(output.value.clone().unwrap()).unwrap();
            let changed = change(&value);
            if changed != value {
                output.value = Some(changed.into());
                break;
            }
        }
        Self { bundles, events, topics }
    }

    fn event(&mut self, line: &Line, world: &mut World, now: Millis, event: &Event) -> Vec<Request> {
        let encoded = wire::encode(event, "/huiyin/scene/test").unwrap();
        let record = Record {
            topic: Arc::clone(line.events()),
            partition: 0,
            offset: self.events.len() as i64,
            timestamp: now,
            key: encoded.key,
            headers: encoded.headers.into_iter().collect(),
            value: Some(encoded.value),
        };
        self.feed(line, world, record)
    }

    fn feed(&mut self, line: &Line, world: &mut World, record: Record) -> Vec<Request> {
        let step = world.feed(&record).unwrap();
        let written = step
            .outputs
            .iter()
            .filter_map(|output| Some((line.kind(output)?, output.clone(), record.timestamp)));
        self.topics.extend(written);
        self.events.push(record);
        let request = |folded: &Folded| match folded {
            Folded::Output(Output::Request(request)) => Some(request.clone()),
            _ => None,
        };
        step.folded.iter().filter_map(request).collect()
    }

    /// The line, with these candidates.
    pub(super) fn line(&self, candidates: &[&Bundle]) -> Line {
        let deployment = Deployment {
            name: "scene".to_owned(),
            kafka: pipeline::simulation::offline(),
            topics: TopicNames::new("p."),
            partitions: 1,
        };
        let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1 };
        let all = self.bundles.iter().chain(candidates.iter().copied());
        let bundles = all.map(|bundle| (bundle.hash().unwrap(), bundle.clone()));
        Line::new(deployment, settings, Arc::new(Bundles::of(bundles)))
    }

    pub(super) fn span(&self) -> Span {
        Span { partition: 0, lead: 0, warm: 0, first: 0, end: self.events.len() as i64 }
    }

    fn topic(&self, kind: Kind) -> Box<dyn Log> {
        let of_kind = self.topics.iter().filter(|(known, ..)| *known == kind);
        let record = |(offset, (_, output, time)): (i64, &(Kind, Outgoing, Millis))| Record {
            topic: Arc::clone(&output.topic),
            partition: 0,
            offset,
            timestamp: *time,
            key: output.key.clone(),
            headers: output.headers.iter().cloned().collect(),
            value: output.value.clone(),
        };
        Box::new((0..).zip(of_kind).map(record).collect::<Vec<_>>().into_iter())
    }

    pub(super) fn logs(&self, span: Span) -> Logs {
        let events = self.events.iter().filter(|r| (span.lead..span.end).contains(&r.offset)).cloned();
        Logs {
            events: Box::new(events.collect::<Vec<_>>().into_iter()),
            decisions: self.topic(Kind::Decisions),
            requests: self.topic(Kind::Requests),
            answers: self.topic(Kind::Answers),
            crashed: Vec::new(),
        }
    }
}

fn message(number: usize, now: Millis, Says(_, who, text): &Says) -> Message {
    let (app, user) = (AppKey::new("a#shop").unwrap(), UserId::new(*who).unwrap());
    let conversation = Conversation::with_bot(app, UserId::new("bot").unwrap(), user.clone());
    Message {
        id: MessageId::new(format!("a#shop/chat/{number}")).unwrap(),
        conversation,
        sender: user,
        bot: Some(UserId::new("bot").unwrap()),
        kind: MessageKind::Text,
        text: Some((*text).into()),
        other_texts: Vec::new(),
        tags: Default::default(),
        claim: None,
        attachment: None,
        raw: None,
        verdict: Verdict::new(Action::Pass, vec![], "ingest"),
        reply: CallbackReply::Intercept,
        sent_at: now - 20,
        received_at: now - 10,
    }
}

/// What the recorded model says to a request.
fn answer(request: &Request, now: Millis) -> Answered {
    let asked = request.prompt.last().and_then(|line| line.text.plain()).unwrap_or_default();
    let outcome = done(&format!("large on {asked}"), request);
    let attempts = vec![attempt(request, 1_000)];
    Answered { attempts, ..Answered::of(request, outcome, now, now + TAKES) }
}

/// A model's answer by the first target of a request.
pub(super) fn done(text: &str, request: &Request) -> Outcome {
    Outcome::Done {
        text: text.into(),
        verdict: Verdict::new(Action::Pass, vec![], "reviewer"),
        target: request.chain[0].clone(),
        truncated: false,
    }
}

/// The one attempt that such an answer took.
pub(super) fn attempt(request: &Request, pico: i128) -> Attempt {
    let attempt = serde_json::json!({
        "number": 1, "target": request.chain[0], "provider": "local", "model": "m", "region": "cn",
        "started_at": request.decided_at, "duration_ms": 900, "time_to_first_token_ms": 200,
    });
    let attempt: Attempt = serde_json::from_value(attempt).unwrap();
    let usage = Usage { input: 10, output: 5, ..Usage::default() };
    Attempt { usage: Some(usage), cost: Some(Money { currency: "CNY".into(), pico }), ..attempt }
}
