//! An Easemob, the step that sends to it, and what the step says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deliver::{Lookup, LookupError, Output, RawDeliver, Results, Settings, Step, Wanted};
use outbound::{Client, ClientConfig, Method, Request as Call};
use pipeline::Record;
use pipeline::call::{Cancellation, Decoded, Done, Handler, Job, Place};
use pipeline::{Clock, WallClock};
use schemas::answer::{Answer, DeliveryClass};
use schemas::delivery::{Delivery, DeliveryResult};
use schemas::ids::AnswerId;
use schemas::retract::Retract;
use schemas::wire;
use serde_json::{Value, json};
use simulators::Handle;
use simulators::easemob::{self, AppConfig, Config, QuotaConfig};
use tokio::time::Instant;

pub(crate) struct World {
    pub(crate) sim: Handle,
    pub(crate) step: Step,
    /// What is committed of the sends.
    pub(crate) log: Arc<Log>,
    settings: Settings,
    http: Client,
}

/// Stands for the topic `deliveries`.
#[derive(Default)]
pub(crate) struct Log {
    committed: Mutex<BTreeMap<AnswerId, DeliveryResult>>,
    /// Lookups that fail before one succeeds.
    pub(crate) away: AtomicU32,
    pub(crate) lookups: AtomicU32,
}

impl Results for Log {
    fn find(&self, wanted: Wanted) -> Lookup<'_> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let is_away =
            self.away.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let found = self.committed.lock().unwrap().get(&wanted.answer).cloned();
        assert_eq!(wanted.partition, 5);
        Box::pin(async move { if is_away.is_ok() { Err(LookupError::Slow) } else { Ok(found) } })
    }
}

impl Log {
    /// The result of a send is committed.
    pub(crate) fn commit(&self, delivery: &Delivery) {
        if !delivery.result.is_retraction() {
            self.committed.lock().unwrap().insert(delivery.answer, delivery.result.clone());
        }
    }
}

/// A step as a process has it.
fn step(settings: &Settings, log: &Arc<Log>) -> Step {
    let output = Output { topic: "demo.deliveries".into(), source: "/huiyin/demo/deliver".into() };
    Step::new(settings.clone(), output, Arc::clone(log) as Arc<dyn Results>, Arc::new(WallClock)).unwrap()
}

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "local"
    model = "m"
    region = "cn"
"#;

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(QuotaConfig::default(), "").await
    }

    /// With Easemob's quotas and further lines of `[[deliver.app]]`.
    pub(crate) async fn with(quotas: QuotaConfig, lines: &str) -> Self {
        Self::at(AppConfig { quotas, ..AppConfig::default() }, lines).await
    }

    /// With an app at Easemob, whose key and secrets are put in, and further lines of `[[deliver.app]]`.
    pub(crate) async fn at(app: AppConfig, lines: &str) -> Self {
        let app = AppConfig {
            app: "acme#support".into(),
            client_id: "id".into(),
            client_secret: "secret".into(),
            ..app
        };
        let sim = easemob::start(Config { seed: 7, apps: vec![app], ..Config::default() }).await.unwrap();
        let section = format!(
            r#"
            backoff_base = "5ms"
            backoff_cap = "20ms"
            client = {{ attempt_timeout = "1s" }}
            health = {{ pause_base = "50ms", pause_cap = "200ms", breaker_probe = "200ms" }}
            [[app]]
            key = "acme#support"
            base_url = "{}"
            client_id = "id"
            client_secret = "secret"
            {lines}
            "#,
            sim.url("")
        );
        let bundle = catalogue::validate(&toml::from_str(CATALOGUE).unwrap()).unwrap();
        let raw: RawDeliver = toml::from_str(&section).unwrap();
        let settings = deliver::validate(&raw, &bundle).unwrap();
        let log = Arc::new(Log::default());
        let step = step(&settings, &log);
        let http = Client::new(&ClientConfig::default().validate("client").unwrap()).unwrap();
        Self { sim, step, log, settings, http }
    }

    /// The process ends, and the next one knows only what is committed.
    pub(crate) fn restart(&mut self) {
        self.step = step(&self.settings, &self.log);
    }

    /// Takes the part back.
    pub(crate) async fn retract(&self, answer: &Answer) -> Delivery {
        self.run_retract(&retract(answer), false).await
    }

    /// Takes it back as a process does that does not know whether the one before did.
    pub(crate) async fn run_retract(&self, retract: &Retract, rerun: bool) -> Delivery {
        let record = record(retract);
        let hard_deadline = self.step.admit(&record).unwrap().hard_deadline;
        self.job(record, rerun, hard_deadline).await
    }

    /// What stands in alice's chat.
    pub(crate) async fn standing(&self) -> Vec<Value> {
        let url = self.sim.url("/control/inbox").parse().unwrap();
        let inbox = self.exchange(Call::new(Method::GET, url, Default::default())).await;
        let messages = inbox["messages"].as_array().unwrap().iter();
        messages.filter(|message| message["recalled"] == false).cloned().collect()
    }

    /// The next `times` calls to `path` go wrong.
    pub(crate) async fn fault(&self, path: &str, times: u32, fault: Value) {
        let order = json!({"scope": {"path": path}, "times": times, "fault": fault});
        self.order("/control/faults", order).await;
    }

    pub(crate) async fn order(&self, path: &str, order: Value) {
        self.exchange(Call::post_json(self.sim.url(path).parse().unwrap(), order.to_string())).await;
    }

    /// How many calls of an endpoint reached Easemob, those that it refused included.
    pub(crate) async fn calls(&self, path: &str) -> u64 {
        let url = self.sim.url("/control/traffic").parse().unwrap();
        let traffic = self.exchange(Call::new(Method::GET, url, Default::default())).await;
        traffic["apps"]["acme#support"][path]["calls"].as_u64().unwrap_or_default()
    }

    /// What Easemob took, oldest first.
    pub(crate) async fn taken(&self) -> Vec<Value> {
        let url = self.sim.url("/control/sends").parse().unwrap();
        let sends = self.exchange(Call::new(Method::GET, url, Default::default())).await;
        sends["sends"].as_array().unwrap().clone()
    }

    async fn exchange(&self, call: Call) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = self.http.attempt(&call, deadline).await.unwrap();
        assert!(reply.status.is_success(), "{}", reply.status);
        serde_json::from_slice(&reply.body).unwrap()
    }

    pub(crate) async fn run(&self, answer: &Answer) -> Delivery {
        self.run_within(answer, false, self.hard_deadline(answer)).await
    }

    /// An earlier run may have left no trace.
    pub(crate) async fn run_again(&self, answer: &Answer) -> Delivery {
        self.run_within(answer, true, self.hard_deadline(answer)).await
    }

    fn hard_deadline(&self, answer: &Answer) -> Duration {
        self.step.admit(&record(answer)).unwrap().hard_deadline
    }

    pub(crate) async fn run_within(&self, answer: &Answer, rerun: bool, hard_deadline: Duration) -> Delivery {
        self.job(record(answer), rerun, hard_deadline).await
    }

    async fn job(&self, record: Record, rerun: bool, hard_deadline: Duration) -> Delivery {
        let job = Job {
            record: Arc::new(record.clone()),
            rerun,
            hard_deadline,
            decoded: Decoded::default(),
            cancellation: Cancellation::never(),
            place: Place::unwatched(),
        };
        let done = self.step.run(job).await;
        result(&record, done)
    }

    /// The result of a part of class `resend` to alice.
    pub(crate) async fn send(&self, text: &str) -> Delivery {
        self.run(&to_alice(text)).await
    }
}

/// A step of [`while_time_passes`]. The test's own time-outs are many of them, so that none is over before a socket had its moments.
const STEP: Duration = Duration::from_millis(20);

/// Lets paused time pass until a future is ready, and tells how much passed. Step and Easemob talk over real sockets, of which paused time
/// knows nothing: left alone it would jump to the next time-out whenever both wait for a socket. So it moves by small steps only, with
/// a moment for the sockets before each; while a blocking task runs, the runtime does not move it.
pub(crate) async fn while_time_passes<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let mut future = std::pin::pin!(future);
    loop {
        let step = async {
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
            tokio::time::advance(STEP).await;
        };
        tokio::select! {
            biased;
            output = &mut future => return (output, begun.elapsed()),
            () = step => {}
        }
    }
}

/// A part in `lane` that must start within `within_ms`.
pub(crate) fn answer(lane: &str, text: &str, within_ms: i64) -> Answer {
    let now = WallClock.now();
    let json = json!({
        "id": AnswerId::derive(text, 0), "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01", "lane": lane,
        "bot": "bot", "user": "alice", "message": "acme#support/chat/1", "part": 1, "parts": 2,
        "text": {"plain": text}, "source": {"from": "canned", "reason": "test"}, "class": "resend",
        "send_by": now + within_ms, "decided_at": now.min(now + within_ms),
    });
    serde_json::from_value(json).unwrap()
}

pub(crate) fn to_alice(text: &str) -> Answer {
    answer("acme#support/chat/bot/alice", text, 10_000)
}

pub(crate) fn of_class_drop(answer: Answer) -> Answer {
    Answer { class: DeliveryClass::Drop, ..answer }
}

/// What takes a part back.
pub(crate) fn retract(answer: &Answer) -> Retract {
    let now = WallClock.now();
    let example = include_str!("../../../../schemas/examples/answers/valid-retract.json");
    Retract {
        answer: answer.id,
        turn: answer.turn,
        lane: answer.lane.clone(),
        bot: answer.bot.clone(),
        user: answer.user.clone(),
        message: answer.message.clone(),
        part: answer.part,
        parts: answer.parts,
        let_out_at: answer.decided_at,
        retract_by: now + 10_000,
        decided_at: now,
        ..serde_json::from_str(example).unwrap()
    }
}

/// The record of a part, or of a retract, as decide writes it.
pub(crate) fn record<R: wire::Record>(record: &R) -> Record {
    let encoded = wire::encode(record, "/huiyin/demo/decide").unwrap();
    Record {
        topic: "demo.answers".into(),
        partition: 5,
        offset: 41,
        timestamp: 1_700_000_000_000,
        key: encoded.key,
        headers: encoded.headers.into_iter().collect(),
        value: Some(encoded.value),
    }
}

/// The one result that was written, and that it was written where it belongs.
pub(crate) fn result(record: &Record, done: Done) -> Delivery {
    let [output] = done.outputs.try_into().expect("one result");
    assert_eq!((&*output.topic, output.partition), ("demo.deliveries", record.partition));
    assert_eq!(output.key, record.key, "the key is the lane");
    let header = |name: &str| output.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
    assert_eq!(header("ce_source"), Some(&b"/huiyin/demo/deliver"[..]));
    wire::decode(header, output.value.as_deref()).unwrap()
}

/// `sent`, `unknown`, or why it was not sent.
pub(crate) fn end(delivery: &Delivery) -> &str {
    match &delivery.result {
        DeliveryResult::Undelivered { reason } | DeliveryResult::Unretractable { reason } => reason,
        other => other.label(),
    }
}
