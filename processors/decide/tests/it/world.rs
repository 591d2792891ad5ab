//! A driver in memory: one conversation, its log, and what every step must keep true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalogue::{Bundle, Contents, Engines, RawCatalogue, validate};
use decide::{
    At, Key, LazyState, Output, Rules, State, Step, control_entry, due, entries, fire, fold, restore,
};
use schemas::Millis;
use schemas::answer::Answer;
use schemas::answered::{Answered, Attempt, Outcome, Usage, UsageSource};
use schemas::cancel::Cancel;
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling};
use schemas::event::{CallbackReply, Edit, Event, Message, MessageKind, Reference, Takeover};
use schemas::ids::{AppKey, GroupId, MessageId, UserId};
use schemas::ledger::LedgerEntry;
use schemas::money::Money;
use schemas::request::Request;
use schemas::retract::Retract;
use schemas::state::ControlState;
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};
use schemas::wire;

pub(crate) const START: Millis = 1_750_000_000_000;
pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;

pub(crate) fn app() -> AppKey {
    AppKey::new("acme#support").unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn id(n: u32) -> MessageId {
    MessageId::new(format!("acme#support/chat/{n}")).unwrap()
}

pub(crate) fn alice() -> Conversation {
    Conversation::with_bot(app(), user("bot"), user("alice"))
}

pub(crate) fn group() -> Conversation {
    Conversation::group(app(), GroupId::new("42").unwrap())
}

/// Holds a word, and has it reviewed.
const REVIEWER: &str = r#"
[[reviewer]]
name = "cloud"
kind = "webhook"
region = "cn"
[[filter.word]]
id = "explosives"
words = ["bomb"]
action = "hold"
"#;

/// A bundle with one app, whose section ends with `settings`.
pub(crate) fn bundle(settings: &str) -> Bundle {
    let (settings, canned) = settings.split_once("[canned]").unwrap_or((settings, ""));
    // Only tests of reviews have a word that is held, and somebody who reviews.
    let (settings, review, reviewer) = match settings.split_once("[review]") {
        Some((settings, keys)) => (settings, format!("[app.review]\nreviewer = \"cloud\"{keys}"), REVIEWER),
        None => (settings, String::new(), ""),
    };
    // Most tests are not about labels.
    let consent = if settings.contains("label") { "" } else { "consent = \"that of the tests\"" };
    let text = format!(
        r#"
        [[app]]
        key = "acme#support"
        bot = [{{ id = "bot" }}, {{ id = "clerk" }}]
        chain = ["first", "second"]
        allowed_regions = ["cn"]
        {consent}
        {settings}
        [app.canned]
        failed = "failed!"
        expired = "expired!"
        unanswerable = "unanswerable!"
        {canned}
        {review}
        {reviewer}
        [[target]]
        name = "first"
        provider = "openai"
        model = "gpt"
        region = "cn"
        [[target]]
        name = "second"
        provider = "local"
        model = "qwen"
        region = "cn"
        context_tokens = 8192
        [[filter.word]]
        id = "weapons"
        words = ["gun"]
        action = "block"
        [[filter.word]]
        id = "secrets"
        words = ["password"]
        action = "mask"
        "#
    );
    let raw: RawCatalogue = toml::from_str(&text).unwrap();
    validate(&raw).unwrap()
}

pub(crate) fn rules(settings: &str) -> Rules {
    rules_of(&bundle(settings))
}

pub(crate) fn rules_of(bundle: &Bundle) -> Rules {
    let engines = Engines::of(bundle, &Contents::default()).unwrap();
    Rules::new(bundle, bundle.hash().unwrap(), Arc::new(engines))
}

/// What one step wrote, sorted by kind.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) decisions: Vec<Decision>,
    pub(crate) requests: Vec<Request>,
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) retracts: Vec<Retract>,
    pub(crate) ledger: Vec<LedgerEntry>,
}

impl Written {
    /// The only decision.
    pub(crate) fn decision(&self) -> &Decision {
        assert_eq!(self.decisions.len(), 1, "{:?}", self.rulings());
        &self.decisions[0]
    }

    pub(crate) fn rulings(&self) -> Vec<Ruling> {
        self.decisions.iter().map(|decision| decision.ruling).collect()
    }

    pub(crate) fn request(&self) -> &Request {
        assert_eq!(self.requests.len(), 1, "{:?}", self.rulings());
        &self.requests[0]
    }

    /// What people read.
    pub(crate) fn said(&self) -> Vec<&str> {
        self.answers.iter().map(|answer| answer.text.plain().unwrap()).collect()
    }

    pub(crate) fn nothing_goes_out(&self) -> bool {
        self.requests.is_empty()
            && self.cancels.is_empty()
            && self.answers.is_empty()
            && self.retracts.is_empty()
            && self.ledger.is_empty()
    }
}

pub(crate) struct World {
    pub(crate) rules: Option<Rules>,
    pub(crate) conversation: Conversation,
    pub(crate) state: Option<State>,
    pub(crate) time: Millis,
    offset: i64,
    stored: BTreeMap<Vec<u8>, Vec<u8>>,
    decided: BTreeSet<String>,
    /// Parts by turn.
    pub(crate) answered: BTreeMap<String, Vec<Answer>>,
    pub(crate) asked: Vec<Request>,
    /// Retracts that were written.
    retracted: BTreeSet<String>,
    /// Requests that were cancelled.
    cancelled: BTreeSet<String>,
}

impl World {
    pub(crate) fn new(settings: &str) -> Self {
        Self::of(alice(), settings)
    }

    pub(crate) fn of(conversation: Conversation, settings: &str) -> Self {
        Self::by(conversation, rules(settings))
    }

    /// With rules of a file of its own.
    pub(crate) fn by(conversation: Conversation, rules: Rules) -> Self {
        Self {
            rules: Some(rules),
            conversation,
            state: None,
            time: START,
            offset: 0,
            stored: BTreeMap::from([stored_control()]),
            decided: BTreeSet::new(),
            answered: BTreeMap::new(),
            asked: Vec::new(),
            retracted: BTreeSet::new(),
            cancelled: BTreeSet::new(),
        }
    }

    pub(crate) fn pass(&mut self, time: Millis) -> &mut Self {
        self.time += time;
        self
    }

    /// Folds an event at the present time.
    pub(crate) fn play(&mut self, event: Event) -> Written {
        let at = At { partition: 3, offset: self.offset, time: self.time };
        let rules = self.rules.as_ref();
        let once = fold(rules, at, &self.conversation, self.state.as_ref(), event.clone());
        let again = LazyState::fold(rules, at, &self.key(), self.restored().as_ref(), event).unwrap();
        self.take(once, &again)
    }

    /// Fires every timer that is due, as one clock record does.
    pub(crate) fn clock(&mut self) -> Written {
        let at = At { partition: 3, offset: self.offset, time: self.time };
        let mut written = Written::default();
        for ordinal in 0.. {
            let Some(state) = self.state.clone().filter(|state| due(state).is_some_and(|due| due <= at.time))
            else {
                break;
            };
            assert!(ordinal < 300, "a timer fires again and again");
            let once = fire(self.rules.as_ref(), at, &self.conversation, &state, ordinal);
            let again = self.restored().unwrap().fire(self.rules.as_ref(), at, &self.key(), ordinal);
            let more = self.take(once, &again);
            written.decisions.extend(more.decisions);
            written.requests.extend(more.requests);
            written.cancels.extend(more.cancels);
            written.answers.extend(more.answers);
            written.retracts.extend(more.retracts);
            written.ledger.extend(more.ledger);
        }
        written
    }

    fn key(&self) -> Key {
        Key::from(self.conversation.clone())
    }

    /// The state as it is after a restart.
    fn restored(&self) -> Option<LazyState> {
        let (_, states) = restore(self.stored.iter().map(|(key, value)| (&**key, &**value))).unwrap();
        assert!(states.len() <= 1, "one conversation");
        states.into_iter().next().map(|(_, state)| state)
    }

    /// Takes a step over, and checks what holds of every step.
    fn take(&mut self, step: Step, again: &Step<LazyState>) -> Written {
        assert_eq!(
            bytes(&step.outputs),
            bytes(&again.outputs),
            "folding what was stored gives the same bytes"
        );
        let changed = entries(&self.key(), self.state.as_ref(), step.state.as_ref());
        let stored = self.restored();
        assert_eq!(changed, LazyState::entries(&self.key(), stored.as_ref(), again.state.as_ref()));
        let before = self.state.as_ref().map(State::hash).unwrap_or_else(|| State::default().hash());
        for (key, value) in changed {
            let key = key.into_bytes();
            match value {
                Some(value) => self.stored.insert(key, value),
                None => self.stored.remove(&key),
            };
        }
        self.state = step.state;
        self.offset += 1;
        let stored = self.restored();
        let key = self.key();
        let stored = stored.as_ref().map(|state| state.load(&key).unwrap());
        assert_eq!(stored.as_deref(), self.state.as_ref(), "what is stored is the state");
        assert_eq!(self.stored.len() > 1, self.state.is_some(), "nothing of a forgotten state stays");
        if let Some(state) = &self.state {
            for lane in state.core().lanes.values() {
                assert!(
                    lane.turn.is_some() || lane.merge_until.is_some(),
                    "who waits will be woken: {lane:?}"
                );
                let request = lane.turn.as_ref().and_then(|turn| turn.request());
                let is_cut = request.is_some_and(|request| self.cancelled.contains(&request.to_string()));
                assert!(!is_cut, "a lane waits for what was cut: {lane:?}");
            }
        }
        self.collect(step.outputs, &before)
    }

    /// Sorts what a step wrote, and checks what holds of its records.
    fn collect(&mut self, outputs: Vec<Output>, before: &str) -> Written {
        let mut written = Written::default();
        for output in outputs {
            encode(&output);
            match output {
                Output::Decision(decision) => {
                    assert_eq!(decision.state_before, before);
                    assert!(self.decided.insert(decision.id.to_string()), "a decision's id is its own");
                    written.decisions.push(*decision);
                }
                Output::Request(request) => {
                    assert!(
                        self.asked
                            .iter()
                            .all(|r| (r.turn, r.kind) != (request.turn, request.kind) && r.id != request.id)
                    );
                    self.asked.push(request.clone());
                    written.requests.push(request);
                }
                Output::Cancel(cancel) => {
                    let asked = self.asked.iter().find(|request| request.id == cancel.request).unwrap();
                    assert_eq!(
                        (asked.turn, &asked.lane, &asked.message),
                        (cancel.turn, &cancel.lane, &cancel.message)
                    );
                    assert!(self.cancelled.insert(cancel.request.to_string()), "it is cancelled once");
                    assert!(!self.answered.contains_key(&cancel.turn.to_string()), "it was not answered");
                    written.cancels.push(cancel);
                }
                Output::Answer(answer) => {
                    let turn = answer.turn.to_string();
                    assert!(answer.part > 1 || !self.answered.contains_key(&turn), "one answer per turn");
                    self.answered.entry(turn).or_default().push(answer.clone());
                    written.answers.push(answer);
                }
                Output::Retract(retract) => {
                    let parts = self.answered.get(&retract.turn.to_string()).expect("it was let out");
                    let part = parts.iter().find(|part| part.id == retract.answer).expect("a part of it");
                    assert_eq!(
                        (part.part, part.parts, &part.lane),
                        (retract.part, retract.parts, &retract.lane)
                    );
                    assert_eq!((&part.bot, &part.user), (&retract.bot, &retract.user));
                    assert_eq!(part.decided_at, retract.let_out_at);
                    assert!(self.retracted.insert(retract.id.to_string()), "a retract's id is its own");
                    written.retracts.push(retract);
                }
                Output::Ledger(entry) => written.ledger.push(entry),
            }
        }
        written
    }

    pub(crate) fn message(&self, n: u32, text: &str) -> Message {
        Message {
            id: id(n),
            conversation: self.conversation.clone(),
            sender: user("alice"),
            bot: Some(user("bot")),
            kind: MessageKind::Text,
            text: Some(Text::from(text)),
            other_texts: Vec::new(),
            tags: BTreeMap::new(),
            claim: None,
            attachment: None,
            raw: None,
            verdict: Verdict::new(Action::Pass, vec![], "ingest"),
            reply: CallbackReply::Intercept,
            sent_at: self.time - 20,
            received_at: self.time - 10,
        }
    }

    pub(crate) fn say(&mut self, n: u32, text: &str) -> Written {
        self.play(Event::Message(self.message(n, text)))
    }

    pub(crate) fn say_as(&mut self, sender: &str, n: u32, text: &str) -> Written {
        self.play(Event::Message(Message { sender: user(sender), ..self.message(n, text) }))
    }

    pub(crate) fn reference(&self, n: u32) -> Reference {
        Reference { message: id(n), conversation: self.conversation.clone(), at: self.time }
    }

    pub(crate) fn recall(&mut self, n: u32) -> Written {
        self.play(Event::Recall(self.reference(n)))
    }

    pub(crate) fn withdraw(&mut self, n: u32) -> Written {
        self.play(Event::Withdrawn(self.reference(n)))
    }

    pub(crate) fn edit(&mut self, n: u32, text: &str) -> Written {
        let verdict = Verdict::new(Action::Pass, vec![], "ingest");
        let conversation = self.conversation.clone();
        self.play(Event::Edit(Edit {
            message: id(n),
            conversation,
            text: text.into(),
            verdict,
            at: self.time,
        }))
    }

    pub(crate) fn takeover(&mut self, person: Option<&str>) -> Written {
        let conversation = self.conversation.clone();
        self.play(Event::Takeover(Takeover { conversation, person: person.map(user), at: self.time }))
    }

    pub(crate) fn answer(&mut self, request: &Request, text: &str) -> Written {
        self.play(Event::Answered(outcome(request, done(text))))
    }

    /// Says something and gets it answered.
    pub(crate) fn exchange(&mut self, n: u32, text: &str, answer: &str) -> Written {
        let request = self.say(n, text).request().clone();
        self.answer(&request, answer)
    }

    pub(crate) fn core_size(&self) -> usize {
        self.stored.get(self.conversation.to_string().as_bytes()).map_or(0, Vec::len)
    }

    /// Bytes of the keys and values of the conversation's entries of these kinds; the core's is empty.
    pub(crate) fn bytes(&self, of: impl Fn(&str) -> bool) -> usize {
        let name = self.conversation.to_string();
        let entries = self.stored.iter().filter_map(|(key, value)| {
            let rest = std::str::from_utf8(key).ok()?.strip_prefix(&name)?;
            let kind = rest.split('|').nth(1).unwrap_or_default();
            of(kind).then_some(key.len() + value.len())
        });
        entries.sum()
    }

    /// How many stored entries contain a text.
    pub(crate) fn stored_containing(&self, text: &str) -> usize {
        self.stored.values().filter(|value| String::from_utf8_lossy(value).contains(text)).count()
    }

    /// Bytes of the stored entries of a kind.
    pub(crate) fn stored_size(&self, kind: &str) -> usize {
        let is_it = |key: &[u8]| String::from_utf8_lossy(key).contains(&format!("|{kind}|"));
        self.stored.iter().filter(|(key, _)| is_it(key)).map(|(_, value)| value.len()).sum()
    }

    pub(crate) fn stored_keys(&self, kind: &str) -> usize {
        self.stored.keys().filter(|key| String::from_utf8_lossy(key).contains(&format!("|{kind}|"))).count()
    }
}

fn stored_control() -> (Vec<u8>, Vec<u8>) {
    let (key, value) = control_entry(&ControlState::default());
    (key.into_bytes(), value)
}

/// Every record keeps its own rules.
fn encode(output: &Output) -> Vec<u8> {
    let encoded = match output {
        Output::Decision(record) => wire::encode(record.as_ref(), "/test"),
        Output::Request(record) => wire::encode(record, "/test"),
        Output::Cancel(record) => wire::encode(record, "/test"),
        Output::Answer(record) => wire::encode(record, "/test"),
        Output::Retract(record) => wire::encode(record, "/test"),
        Output::Ledger(record) => wire::encode(record, "/test"),
    };
    let encoded = encoded.unwrap();
    assert!(encoded.value.len() < 1_000_000);
    encoded.value
}

fn bytes(outputs: &[Output]) -> Vec<Vec<u8>> {
    outputs.iter().map(encode).collect()
}

pub(crate) fn done(text: &str) -> Outcome {
    Outcome::Done {
        text: text.into(),
        verdict: Verdict::new(Action::Pass, vec![], "reviewer"),
        target: request_target(),
        truncated: false,
    }
}

fn request_target() -> schemas::ids::TargetName {
    schemas::ids::TargetName::new("first").unwrap()
}

pub(crate) fn attempt(number: u16, error: Option<&str>, pico: Option<i128>) -> Attempt {
    Attempt {
        number,
        target: request_target(),
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

pub(crate) fn outcome(request: &Request, outcome: Outcome) -> Answered {
    let ok = matches!(outcome, Outcome::Done { .. });
    Answered {
        id: Answered::id_of(request.id),
        request: request.id,
        kind: request.kind,
        turn: request.turn,
        lane: request.lane.clone(),
        message: request.message.clone(),
        user: None,
        tier: None,
        outcome,
        attempts: if ok { vec![attempt(1, None, Some(700))] } else { Vec::new() },
        review: None,
        rerun: false,
        route: None,
        decided_at: None,
        started_at: START,
        ended_at: START + 5,
    }
}
