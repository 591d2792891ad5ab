//! The steps that judge, each with the code of production, on one bundle.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::Request as Http;
use call::{Completion, Invoke, Invoked, Output as CallOutput, Rules as CallRules, Step, Terms};
use catalogue::{Bundle, Engines, RawCatalogue};
use decide::{At, Output, Rules};
use ingest::{ActiveBundle, Ingest, Log, Publish, RawIngest, Receipt, router};
use md5::{Digest, Md5};
use pipeline::call::{Admission, Cancellation, Handler, Job, Place};
use pipeline::kafka::{Acknowledgement, PublishError};
use pipeline::{Clock, Outgoing, Record, WallClock};
use schemas::answered::Outcome;
use schemas::decision::Decision;
use schemas::event::{Event, Message};
use schemas::request::{Request, Role};
use schemas::topic::TopicNames;
use schemas::verdict::Verdict;
use schemas::wire;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tower::ServiceExt;

/// The rule whose action on answers is another one than that on messages.
pub(crate) const DIFFERS: &str = "contact";

/// What the configuration has beside names and addresses.
pub(crate) const CATALOGUE: &str = r#"
[[app]]
key = "acme#support"
bot = [{ id = "bot" }]
chain = ["m"]
allowed_regions = ["cn"]
label = "AI"
record = "all"
injection = { block = 500 }

[app.personal_data]
people = { style = "stars" }
model = { style = "stars" }
said = { style = "stars" }

[[target]]
name = "m"
provider = "local"
model = "m"
region = "cn"

[[filter.dictionary]]
name = "seed"
file = "seed.tsv"
action = "block"

[[filter.dictionary]]
name = "by-hand"
file = "by_hand.tsv"
action = "replace"
severity = 2

[[filter.dictionary]]
name = "counted"
file = "counted.tsv"
action = "block"
shadow = true

[[filter.allow]]
name = "fine"
file = "fine.txt"

[[filter.rule]]
id = "contact"
words = ["加我"]
near = { words = ["微信", "QQ"], within = 6 }
views = ["pinyin", "separators"]
action = "mask"
output = "block"

[[filter.rule]]
id = "account"
regex = "wx[a-z0-9]{6,20}"
action = "mask"

[[filter.word]]
id = "coupons"
words = ["优惠券"]
action = "mask"
"#;

/// The files that it names.
pub(crate) const FILES: [(&str, &str); 4] = [
    ("seed.tsv", include_str!("../../../../safety/tests/data/seed.tsv")),
    ("by_hand.tsv", include_str!("../../../../safety/tests/data/by_hand.tsv")),
    ("counted.tsv", "天气\tweather\tseparators\t-\n"),
    ("fine.txt", "反赌博\n戒赌\n"),
];

const CALLBACKS: &str = r#"
listen = "127.0.0.1:0"
[[rule]]
path = "/pre"
app = "acme#support"
stage = "pre"
secret = "s3cr3t"
"#;

/// To whom somebody writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To {
    /// A bot.
    Bot,
    /// A person.
    Person,
}

/// All of them.
pub(crate) struct Judges {
    ingest: Arc<Ingest>,
    queue: Arc<Queue>,
    rules: Rules,
    call: Step<Echo>,
    _bundles: watch::Sender<Arc<ActiveBundle>>,
    sent: AtomicU64,
}

/// A message that the callback recorded.
pub(crate) struct Sent {
    message: Message,
    /// Its text as it is delivered, where the reply changes it.
    pub(crate) changed: Option<String>,
}

impl Sent {
    pub(crate) fn verdict(&self) -> &Verdict {
        &self.message.verdict
    }
}

/// What decide made of a message.
pub(crate) struct Decided {
    decision: Decision,
    request: Option<Request>,
}

impl Decided {
    pub(crate) fn verdict(&self) -> &Verdict {
        self.decision.verdict.as_ref().unwrap()
    }

    /// What the model is told that the person said.
    pub(crate) fn request_text(&self) -> Option<&str> {
        let line = self.request.as_ref()?.prompt.iter().rfind(|line| line.role == Role::User)?;
        line.text.plain()
    }
}

impl Judges {
    pub(crate) fn new() -> Self {
        let mut raw: RawCatalogue = toml::from_str(CATALOGUE).unwrap();
        let files = FILES.map(|(name, text)| (name.to_owned(), Ok(Arc::from(text))));
        raw.filter.files = files.into_iter().collect();
        let bundle: Arc<Bundle> = Arc::new(catalogue::validate(&raw).unwrap());
        let engines = Arc::new(Engines::of(&bundle, &raw.contents()).unwrap());
        let rules = Rules::new(&bundle, bundle.hash().unwrap(), Arc::clone(&engines));
        let config = toml::from_str::<RawIngest>(CALLBACKS).unwrap();
        let config = ingest::validate(&config, &bundle).unwrap();
        let queue = Arc::new(Queue::default());
        let active = Arc::new(ActiveBundle::new(Arc::clone(&bundle), Arc::clone(&engines)));
        let (bundles, receiver) = watch::channel(active);
        let log = Log::new("d", &TopicNames::new("d."), 8);
        let ingest = Ingest::new(config, Arc::clone(&queue) as Arc<dyn Publish>, log, receiver);
        let output = CallOutput { topic: "d.events".into(), source: "/huiyin/d/call".into() };
        let (_, of_call) = watch::channel(Arc::new(CallRules { bundle, engines }));
        let call = Step::asking(Echo, of_call, output, Arc::new(WallClock));
        Self { ingest, queue, rules, call, _bundles: bundles, sent: AtomicU64::new(0) }
    }

    /// Somebody sends a text.
    pub(crate) async fn send(&self, text: &str, to: To) -> Sent {
        self.send_payload(json!({"bodies": [{"type": "txt", "msg": text}], "ext": {}}), to).await
    }

    /// Somebody sends a message, each time somebody else.
    pub(crate) async fn send_payload(&self, payload: Value, to: To) -> Sent {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let (from, at) = (format!("user{number}"), WallClock.now());
        let to = match to {
            To::Bot => "bot",
            To::Person => "someone",
        };
        let digest = Md5::digest(format!("acme#support_1s3cr3t{at}"));
        let security: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let callback = json!({
            "callId": "acme#support_1", "timestamp": at, "security": security, "chat_type": "chat",
            "from": from, "to": to, "msg_id": number.to_string(), "payload": payload,
        });
        let request = Http::post("/pre").header("content-type", "application/json");
        let request = request.body(Body::from(callback.to_string())).unwrap();
        let response = router(&self.ingest).oneshot(request).await.unwrap();
        let reply = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        let Event::Message(message) = self.queue.take() else { panic!("{callback}: {reply}") };
        let changed = reply["payload"]["bodies"][0]["msg"].as_str().map(str::to_owned);
        Sent { message, changed }
    }

    /// Folds it into a conversation of its own.
    pub(crate) fn guard(&self, sent: &Sent) -> Decided {
        let at = At { partition: 0, offset: 0, time: WallClock.now() };
        let event = Event::Message(sent.message.clone());
        let step = decide::fold(Some(&self.rules), at, &sent.message.conversation, None, event);
        let (mut decision, mut request) = (None, None);
        for output in step.outputs {
            match output {
                Output::Decision(one) => decision = decision.or(Some(*one)),
                Output::Request(one) => request = Some(one),
                _ => {}
            }
        }
        Decided { decision: decision.unwrap(), request }
    }

    /// A model says the text: the verdict on it, and what is sent.
    pub(crate) async fn review(&self, text: &str) -> (Verdict, Option<String>) {
        let now = WallClock.now();
        let request: Request = serde_json::from_value(json!({
            "id": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b02", "kind": "answer",
            "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01", "lane": "acme#support/group/7@alice",
            "bot": "bot", "user": "alice", "message": "acme#support/chat/1", "chain": ["m"],
            "allowed_regions": ["cn"], "prompt": [{"role": "user", "text": {"plain": text}}],
            "max_output_tokens": 500, "answer_by": now + 60_000, "bundle": "0".repeat(64), "decided_at": now,
        }))
        .unwrap();
        let encoded = wire::encode(&request, "/huiyin/d/decide").unwrap();
        let record = Record {
            topic: "d.requests".into(),
            partition: 0,
            offset: 0,
            timestamp: now,
            key: encoded.key,
            headers: encoded.headers.into_iter().collect(),
            value: Some(encoded.value),
        };
        let Admission { hard_deadline, decoded, .. } = self.call.admit(&record).unwrap();
        let (record, cancellation, place) = (Arc::new(record), Cancellation::never(), Place::unwatched());
        let job = Job { record, rerun: false, hard_deadline, decoded, cancellation, place };
        let done = self.call.run(job).await;
        let [output] = &done.outputs[..] else { panic!("{text:?}: {done:?}") };
        let Event::Answered(answered) = event(output) else { panic!("{done:?}") };
        match answered.outcome {
            Outcome::Done { text, verdict, .. } => (verdict, text.plain().map(str::to_owned)),
            Outcome::Failed { reason, verdict: Some(verdict) } if reason == "blocked_output" => {
                (verdict, None)
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// A model that says what it is told.
struct Echo;

impl Invoke for Echo {
    async fn invoke(&self, _: &Bundle, request: &Request, _: Terms<'_>) -> Invoked {
        let text = request.prompt[0].text.plain().unwrap().to_owned();
        let answer = (request.chain[0].clone(), Completion { text, truncated: false });
        let attempt = json!({
            "number": 1, "target": "m", "provider": "local", "model": "m", "region": "cn",
            "started_at": request.decided_at, "duration_ms": 1, "may_be_billed": true,
        });
        Invoked { attempts: vec![serde_json::from_value(attempt).unwrap()], result: Ok(answer) }
    }

    fn set_share(&self, _: f64) {}
}

/// A log that takes every record at once, and keeps the last.
#[derive(Default)]
struct Queue(Mutex<Option<Outgoing>>);

impl Queue {
    /// The record that came last, as it is read.
    fn take(&self) -> Event {
        event(&self.0.lock().unwrap().take().expect("a record"))
    }
}

impl Publish for Queue {
    fn publish(&self, record: &Outgoing) -> Result<Receipt, PublishError> {
        let (sender, receipt) = oneshot::channel();
        *self.0.lock().unwrap() = Some(record.clone());
        // Nobody waits for the records of some messages.
        drop(sender.send(Ok(Acknowledgement { partition: record.partition, offset: 0 })));
        Ok(receipt)
    }

    fn waiting(&self) -> usize {
        0
    }
}

fn event(record: &Outgoing) -> Event {
    let header = |name: &str| record.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
    wire::decode(header, record.value.as_deref()).unwrap()
}
