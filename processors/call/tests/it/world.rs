//! A provider, the step that calls it, and what the step says.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use call::{Output, RawCall, Rules, Step};
use catalogue::Engines;
use outbound::{Client, ClientConfig, Method, Request as Call};
use pipeline::Record;
use pipeline::call::{Admission, Cancellation, Done, Handler, Job, Place};
use pipeline::{Clock, WallClock};
use safety::{Action, Rule, RuleSet};
use schemas::answered::{Answered, Outcome};
use schemas::event::Event;
use schemas::line::Line;
use schemas::request::Request;
use schemas::wire;
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::{self, Answer, Config, ModelConfig};
use tokio::sync::watch;

use crate::server::Server;

/// Wall clock that a test can move.
#[derive(Default)]
pub(crate) struct Shifted(AtomicI64);

impl Shifted {
    pub(crate) fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for Shifted {
    fn now(&self) -> i64 {
        WallClock.now() + self.0.load(Ordering::Relaxed)
    }
}

/// Two targets at the provider: `main` (openai) and `spare` (local), and what is configured around them.
pub(crate) struct World {
    pub(crate) sim: Handle,
    pub(crate) step: Arc<Step>,
    pub(crate) clock: Arc<Shifted>,
    rules: watch::Sender<Arc<Rules>>,
    engines: Arc<Engines>,
    http: Client,
}

pub(crate) fn catalogue(main_model: &str, spare_model: &str) -> String {
    format!(
        r#"
        [[app]]
        key = "acme#support"
        chain = ["main", "spare"]
        allowed_regions = ["cn", "eu"]
        label = "AI"
        [[app.bot]]
        id = "bot"
        [[target]]
        name = "main"
        provider = "openai"
        model = "{main_model}"
        region = "cn"
        timeout = "5s"
        context_tokens = 8000
        [[target]]
        name = "spare"
        provider = "local"
        model = "{spare_model}"
        region = "eu"
        timeout = "5s"
        context_tokens = 16000
        [[price]]
        provider = "openai"
        model = "{main_model}"
        currency = "USD"
        from = "2020-01-01"
        input = "2"
        cached = "0.2"
        output = "10"
        "#
    )
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with("sim-main", "sim-spare").await
    }

    /// Retries come fast, breakers are slow to open.
    pub(crate) async fn with(main_model: &str, spare_model: &str) -> Self {
        Self::of_models([main_model, spare_model], "").await
    }

    /// The provider's streams, whose first token and whose silences are waited for this long.
    pub(crate) async fn patient(patience: Duration) -> Self {
        Self::of_models(["sim-main", "sim-spare"], &times(patience)).await
    }

    async fn of_models([main_model, spare_model]: [&str; 2], also: &str) -> Self {
        let new =
            ModelConfig { name: "sim-main".into(), new: true, reasoning: true, ..ModelConfig::default() };
        let answers = vec![
            Answer { contains: "bad word".into(), reply: "you won the 彩票 today".into() },
            Answer { contains: "number".into(), reply: "call 12345 now".into() },
        ];
        let config =
            Config { api_keys: vec!["sk-sim".into()], models: vec![new], answers, ..Config::default() };
        let sim = model::start(config).await.unwrap();
        let base = sim.url("/v1");
        Self::at(sim, &catalogue(main_model, spare_model), [&base, &base], also)
    }

    /// The two targets are servers that answer as a test says, at the catalogue's prices. They are asked for whole replies.
    pub(crate) async fn of_servers(main: &Server, spare: &Server, catalogue: &str) -> Self {
        let sim = model::start(Config::default()).await.unwrap();
        Self::at(sim, catalogue, [&main.base, &spare.base], "stream = false")
    }

    /// The same, and they are asked for streams, whose first token and whose silences are waited for this long.
    pub(crate) async fn of_streams(main: &Server, spare: &Server, patience: Duration) -> Self {
        let sim = model::start(Config::default()).await.unwrap();
        Self::at(sim, &catalogue("sim-main", "sim-spare"), [&main.base, &spare.base], &times(patience))
    }

    fn at(sim: Handle, catalogue: &str, [main, spare]: [&str; 2], also: &str) -> Self {
        let section = format!(
            r#"
            chain = {{ backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms", max_attempts = 4 }}
            health = {{ pause_base = "20ms", breaker_failures_in_a_row = 20, breaker_min_lanes = 50 }}
            [[target]]
            name = "main"
            base_url = "{main}"
            api_key = "sk-sim"
            {also}
            [[target]]
            name = "spare"
            base_url = "{spare}"
            api_key = "sk-sim"
            omit = ["user"]
            {also}
            "#
        );
        Self::built(sim, catalogue, &section)
    }

    /// What a catalogue and a section `[call]` make, with a stand-in for the vendors.
    pub(crate) fn built(sim: Handle, catalogue: &str, section: &str) -> Self {
        let bundle = Arc::new(catalogue::validate(&toml::from_str(catalogue).unwrap()).unwrap());
        let raw: RawCall = toml::from_str(section).unwrap();
        let settings = call::validate(&raw, &bundle).unwrap();
        let rule = |id: &str, word: &str, action| Rule::words(id, &[word], action);
        let words = [
            rule("gamble", "彩票", Action::Block),
            rule("phone", "12345", Action::Mask),
            rule("odd", "奇怪", Action::Hold),
        ];
        let engines = Arc::new(Engines::one(Arc::new(RuleSet::new(&words, "d1").unwrap())));
        let (rules, receiver) = watch::channel(Arc::new(Rules { bundle, engines: Arc::clone(&engines) }));
        let output = Output { topic: "demo.events".into(), source: "/huiyin/demo/call".into() };
        let clock = Arc::new(Shifted::default());
        let step = Step::new(settings, receiver, output, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let (step, http) =
            (Arc::new(step), Client::new(&ClientConfig::default().validate("client").unwrap()).unwrap());
        Self { sim, step, clock, rules, engines, http }
    }

    /// The step is in this line.
    pub(crate) fn on(self, line: Line) -> Self {
        Self { step: Arc::new(Arc::into_inner(self.step).unwrap().on(line)), ..self }
    }

    /// From now on answers are judged by this rule alone.
    pub(crate) fn judge_by(&self, rule: Rule) {
        let engines = Arc::new(Engines::one(Arc::new(RuleSet::new(&[rule], "d2").unwrap())));
        let bundle = Arc::clone(&self.rules.borrow().bundle);
        self.rules.send(Arc::new(Rules { bundle, engines })).unwrap();
    }

    /// From now on another catalogue holds.
    pub(crate) fn apply(&self, catalogue: &str) {
        let bundle = Arc::new(catalogue::validate(&toml::from_str(catalogue).unwrap()).unwrap());
        let engines = Arc::clone(&self.engines);
        self.rules.send(Arc::new(Rules { bundle, engines })).unwrap();
    }

    pub(crate) async fn fault(&self, model: &str, times: u32, fault: Value) {
        let order = json!({"scope": {"model": model}, "times": times, "fault": fault});
        self.control(Method::POST, "/control/faults", &order).await;
    }

    pub(crate) async fn fault_with_code(&self, model: &str, fault: Value, form: &str) {
        let order = json!({"scope": {"model": model}, "fault": fault, "error_code": form});
        self.control(Method::POST, "/control/faults", &order).await;
    }

    /// An order to the stand-in.
    pub(crate) async fn control(&self, method: Method, path: &str, order: &Value) {
        let call = Call::new(method, self.sim.url(path).parse().unwrap(), order.to_string().into());
        self.exchange(call.header("content-type", "application/json").unwrap()).await;
    }

    /// Nothing goes wrong any more.
    pub(crate) async fn well(&self) {
        let url = self.sim.url("/control/faults").parse().unwrap();
        self.exchange(Call::new(Method::DELETE, url, Default::default())).await;
    }

    /// Access tokens that were given out hold no more.
    pub(crate) async fn expire_tokens(&self) {
        let url = self.sim.url("/control/tokens").parse().unwrap();
        self.exchange(Call::new(Method::DELETE, url, Default::default())).await;
    }

    pub(crate) async fn ledger(&self) -> Value {
        let url = self.sim.url("/control/ledger").parse().unwrap();
        self.exchange(Call::new(Method::GET, url, Default::default())).await
    }

    pub(crate) async fn exchange(&self, call: Call) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        let reply = self.http.attempt(&call, deadline).await.unwrap();
        assert!(reply.status.is_success(), "{}", reply.status);
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// A request for `text` that is due `within_ms` from now.
    pub(crate) fn request(&self, text: &str, within_ms: i64) -> Request {
        let now = self.clock.now();
        let json = json!({
            "id": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b02", "kind": "answer",
            "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01", "lane": "acme#support/group/7@alice",
            "bot": "bot", "user": "alice", "message": "acme#support/chat/1", "chain": ["main", "spare"],
            "allowed_regions": ["cn", "eu"], "prompt": [{"role": "user", "text": {"plain": text}}],
            "max_output_tokens": 500, "temperature_milli": 700, "answer_by": now + within_ms,
            "bundle": "0".repeat(64), "decided_at": now.min(now + within_ms),
        });
        serde_json::from_value(json).unwrap()
    }

    /// The outcome of a question that has ten seconds.
    pub(crate) async fn ask(&self, text: &str) -> Answered {
        self.run(&self.request(text, 10_000)).await
    }

    pub(crate) async fn run(&self, request: &Request) -> Answered {
        let record = record(request);
        let job = self.job(&record);
        outcome(&record, self.step.run(job).await)
    }

    /// The job that the driver makes of a record.
    pub(crate) fn job(&self, record: &Record) -> Job {
        let Admission { hard_deadline, decoded, .. } = self.step.admit(record).unwrap();
        Job {
            record: Arc::new(record.clone()),
            rerun: false,
            hard_deadline,
            decoded,
            cancellation: Cancellation::never(),
            place: Place::unwatched(),
        }
    }
}

/// The keys of a target whose streams are waited for this long.
fn times(patience: Duration) -> String {
    let ms = patience.as_millis();
    format!("first_token_timeout = \"{ms}ms\"\nidle_timeout = \"{ms}ms\"")
}

/// The record of a request, as decide writes it.
pub(crate) fn record(request: &Request) -> Record {
    let encoded = wire::encode(request, "/huiyin/demo/decide").unwrap();
    Record {
        topic: "demo.requests".into(),
        partition: 3,
        offset: 41,
        timestamp: 1,
        key: encoded.key,
        headers: encoded.headers.into_iter().collect(),
        value: Some(encoded.value),
    }
}

/// The one outcome that was written, and that it was written where it belongs.
pub(crate) fn outcome(record: &Record, done: Done) -> Answered {
    let [output] = done.outputs.try_into().expect("one outcome");
    assert_eq!((&*output.topic, output.partition), ("demo.events", record.partition));
    let lane = String::from_utf8_lossy(record.key.as_deref().unwrap());
    let conversation = lane.split('@').next().unwrap();
    assert_eq!(output.key.as_deref(), Some(conversation.as_bytes()), "the key is the conversation");
    let header = |name: &str| output.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
    assert_eq!(header("ce_source"), Some(&b"/huiyin/demo/call"[..]));
    match wire::decode(header, output.value.as_deref()).unwrap() {
        Event::Answered(answered) => answered,
        other => panic!("{other:?}"),
    }
}

/// Class of every attempt, `ok` for a success, with its target.
pub(crate) fn attempts(answered: &Answered) -> Vec<(&str, &str)> {
    let told = |attempt: &'_ schemas::answered::Attempt| attempt.error.is_none();
    let attempts = answered.attempts.iter();
    attempts
        .map(|it| (it.target.as_str(), if told(it) { "ok" } else { it.error.as_deref().unwrap() }))
        .collect()
}

pub(crate) fn text(answered: &Answered) -> &str {
    match &answered.outcome {
        Outcome::Done { text, .. } => text.plain().unwrap(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn reason(answered: &Answered) -> &str {
    match &answered.outcome {
        Outcome::Failed { reason, .. } | Outcome::Dead { reason } => reason,
        other => panic!("{other:?}"),
    }
}
