//! What a conversation reads from the provider's prompt cache, from turn to turn: the fold writes its prompts, the call step asks a
//! stand-in, and the outcomes go back into the fold.

use std::sync::Arc;

use call::{Output, RawCall, Rules as CallRules, Step};
use catalogue::{Contents, Engines, RawCatalogue};
use decide::{At, Rules, State};
use pipeline::call::{Cancellation, Handler, Job, Place};
use pipeline::{Clock, Record, WallClock};
use schemas::answered::{Answered, Usage};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, Event, Message, MessageKind};
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::request::Request;
use schemas::verdict::{Action, Verdict};
use schemas::wire;
use simulators::model::{self, Config};
use tokio::sync::watch;

/// A history of eight turns that leaves in blocks: of more, four stay.
const CATALOGUE: &str = r#"
[[app]]
key = "acme#support"
bot = [{ id = "bot" }]
chain = ["claude"]
allowed_regions = ["us"]
label = "AI"
history_turns = 8
system_prompt = "You are the help desk of a bank, and you are kind, brief and exact."
[[target]]
name = "claude"
provider = "claude"
model = "claude-haiku-4-5"
region = "us"
"#;

struct Line {
    rules: Rules,
    step: Step,
    conversation: Conversation,
    state: Option<State>,
    offset: i64,
    _rules_of_call: watch::Sender<Arc<CallRules>>,
}

impl Line {
    async fn new(prompt_cache: &str) -> (Self, simulators::Handle) {
        let sim = model::start(Config { api_keys: vec!["sk".into()], ..Config::default() }).await.unwrap();
        let raw: RawCatalogue = toml::from_str(CATALOGUE).unwrap();
        let bundle = Arc::new(catalogue::validate(&raw).unwrap());
        let engines = Arc::new(Engines::of(&bundle, &Contents::default()).unwrap());
        let url = sim.url("/claude");
        let section = format!(
            "target = [{{ name = \"claude\", base_url = \"{url}\", api_key = \"sk\", prompt_cache = \"{prompt_cache}\" }}]"
        );
        let settings = call::validate(&toml::from_str::<RawCall>(&section).unwrap(), &bundle).unwrap();
        let rules = Rules::new(&bundle, bundle.hash().unwrap(), Arc::clone(&engines));
        let (sender, of_call) = watch::channel(Arc::new(CallRules { bundle, engines }));
        let output = Output { topic: "events".into(), source: "/huiyin/test/call".into() };
        let step = Step::new(settings, of_call, output, Arc::new(WallClock)).unwrap();
        let bot = UserId::new("bot").unwrap();
        let conversation =
            Conversation::with_bot(AppKey::new("acme#support").unwrap(), bot, UserId::new("alice").unwrap());
        let line = Self { rules, step, conversation, state: None, offset: 0, _rules_of_call: sender };
        (line, sim)
    }

    fn fold(&mut self, event: Event) -> Vec<decide::Output> {
        let at = At { partition: 0, offset: self.offset, time: WallClock.now() };
        self.offset += 1;
        let step = decide::fold(Some(&self.rules), at, &self.conversation, self.state.as_ref(), event);
        self.state = step.state;
        step.outputs
    }

    /// One turn; gives what it used, and whether turns left the history before it.
    async fn turn(&mut self, n: u32) -> (Usage, bool) {
        let now = WallClock.now();
        let message = Message {
            id: MessageId::new(format!("acme#support/chat/{n}")).unwrap(),
            conversation: self.conversation.clone(),
            sender: UserId::new("alice").unwrap(),
            bot: Some(UserId::new("bot").unwrap()),
            kind: MessageKind::Text,
            text: Some(format!("question number {n}: how do I close account {n}?").into()),
            other_texts: Vec::new(),
            tags: Default::default(),
            raw: None,
            verdict: Verdict::new(Action::Pass, vec![], "ingest"),
            reply: CallbackReply::Intercept,
            sent_at: now,
            received_at: now,
        };
        let outputs = self.fold(Event::Message(message));
        let trimmed = outputs.iter().any(|output| {
            matches!(output, decide::Output::Decision(one) if one.reasons.iter().any(|why| why == "history_trimmed"))
        });
        let request = outputs.into_iter().find_map(|output| match output {
            decide::Output::Request(request) => Some(request),
            _ => None,
        });
        let answered = self.call(&request.unwrap()).await;
        let usage = answered.attempts[0].usage.clone().unwrap();
        self.fold(Event::Answered(answered));
        (usage, trimmed)
    }

    async fn call(&self, request: &Request) -> Answered {
        let encoded = wire::encode(request, "/huiyin/test/decide").unwrap();
        let record = Record {
            topic: "requests".into(),
            partition: 0,
            offset: 0,
            timestamp: 1,
            key: encoded.key,
            headers: encoded.headers.into_iter().collect(),
            value: Some(encoded.value),
        };
        let admitted = self.step.admit(&record).unwrap();
        let job = Job {
            record: Arc::new(record),
            rerun: false,
            hard_deadline: admitted.hard_deadline,
            decoded: admitted.decoded,
            cancellation: Cancellation::never(),
            place: Place::unwatched(),
        };
        let done = self.step.run(job).await;
        let output = &done.outputs[0];
        let header = |name: &str| output.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
        match wire::decode(header, output.value.as_deref()).unwrap() {
            Event::Answered(answered) => answered,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_read_from_the_cache_grows_from_turn_to_turn_and_falls_only_when_a_block_of_history_leaves() {
    for (prompt_cache, head_is_long) in [("5m", false), ("1h", true)] {
        let (mut line, _sim) = Line::new(prompt_cache).await;
        let mut before: Option<Usage> = None;
        let mut falls = Vec::new();
        for n in 1..=24 {
            let (usage, trimmed) = line.turn(n).await;
            let written = usage.input_cache_write_5m + usage.input_cache_write_1h;
            // All that was asked for is booked once: read, written, or neither.
            assert!(usage.cached + written < usage.input, "{usage:?}");
            if let Some(before) = &before {
                // What the turn before had read or written is read now, unless its beginning has changed.
                let kept = before.cached + before.input_cache_write_5m + before.input_cache_write_1h;
                if trimmed {
                    assert!(
                        usage.cached < before.cached && usage.cached > 0,
                        "the instructions are read: {usage:?}"
                    );
                    falls.push(n);
                } else {
                    assert!(usage.cached >= before.cached, "turn {n}: {usage:?} after {before:?}");
                    assert_eq!(usage.cached, kept, "turn {n}");
                }
                assert_eq!(usage.input_cache_write_1h, 0, "the instructions are there");
                assert!(usage.input_cache_write_5m > 0, "the last exchange is written: {usage:?}");
            } else {
                let (hour, minutes) = (usage.input_cache_write_1h, usage.input_cache_write_5m);
                assert_eq!((hour > 0, minutes > 0), (head_is_long, !head_is_long), "{usage:?}");
            }
            before = Some(usage);
        }
        // Of nine turns four stay, and then five more fit.
        assert_eq!(falls, [10, 15, 20], "{prompt_cache}");
    }
}

#[tokio::test]
async fn nothing_is_kept_where_the_operator_wants_that() {
    let (mut line, _sim) = Line::new("off").await;
    for n in 1..=4 {
        let (usage, _) = line.turn(n).await;
        assert_eq!((usage.cached, usage.input_cache_write_5m, usage.input_cache_write_1h), (0, 0, 0));
    }
}
