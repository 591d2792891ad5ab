//! Family by wire by fault, over real sockets: the class of the attempt, what follows it, what people get, what is recorded of tokens
//! and money beside the vendor's invoice, and what other conversations meet afterwards.
//!
//! Each pair of a wire and a fault has a target of its own, whose model asks the stand-in for the fault by its name. So all of
//! them run beside one another, and none disturbs another's health.

mod rows;
mod wires;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rows::{Paid, ROWS, Rest, Row, Then};
use schemas::answered::{Answered, Attempt, Outcome, Usage};
use schemas::ids::{RequestId, TargetName};
use serde_json::Value;
use simulators::model::{self, Answer, Config};
use tokio::sync::Semaphore;
use wires::Wire;

use crate::world::{World, attempts};

/// Conversations that ask each target.
const ASKED: usize = 4;
/// Failures in a row that open a breaker.
const IN_A_ROW: usize = 3;
/// Pairs that run at a time.
const AT_A_TIME: usize = 64;
/// Millionths of a currency's unit per token: of a fresh prompt, of a cached one, of an answer.
const PRICES: [i128; 3] = [4_000_000, 400_000, 16_000_000];
/// Question and answer in scripts whose tokens the stand-in and our estimate count alike, so that estimates can be compared as well.
const QUESTION: &str = "我的门禁卡badge打不开门怎么办";
const ANSWER: &str = "请把门禁卡放在大厅读卡器上五秒钟然后松开如果指示灯变成绿色就可以使用了否则请到前台找值班的同事更换一张新卡";

/// A fault at one wire.
struct Pair {
    row: &'static Row,
    wire: &'static Wire,
}

impl Pair {
    fn all() -> Vec<Self> {
        let of = |row: &'static Row| row.wires.iter().copied().flatten().map(move |name| (row, *name));
        ROWS.iter().flat_map(of).map(|(row, name)| Self { row, wire: Wire::named(name) }).collect()
    }

    fn target(&self) -> String {
        format!("{}-{}", self.wire.name, self.row.fault)
    }

    fn model(&self) -> String {
        format!("sim-{}", self.row.fault)
    }
}

fn catalogue(pairs: &[Pair]) -> String {
    let mut text = String::from(
        "[[app]]\nkey = \"acme#support\"\nchain = [\"spare\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n[[app.bot]]\nid = \"bot\"\n",
    );
    let mut target = |name: &str, provider: &str, model: &str, window: u32| {
        text += &format!(
            "[[target]]\nname = {name:?}\nprovider = {provider:?}\nmodel = {model:?}\nregion = \"cn\"\n\
             timeout = \"4s\"\ncontext_tokens = {window}\n"
        );
    };
    target("spare", "local", "sim-spare", 16_000);
    pairs.iter().for_each(|pair| target(&pair.target(), pair.wire.provider, &pair.model(), 8_000));
    let models: BTreeSet<_> = pairs.iter().map(|pair| (pair.wire.provider, pair.model())).collect();
    for (provider, model) in models {
        text += &format!(
            "[[price]]\nprovider = {provider:?}\nmodel = {model:?}\ncurrency = \"CNY\"\nfrom = \"2020-01-01\"\n\
             input = \"4\"\ncached = \"0.4\"\noutput = \"16\"\n"
        );
    }
    text
}

async fn world(pairs: &[Pair]) -> World {
    let config = Config {
        api_keys: vec!["sk-sim".into(), "ak:sk".into()],
        answers: vec![Answer { contains: "门禁卡".into(), reply: ANSWER.into() }],
        ..Config::default()
    };
    let sim = model::start(config).await.unwrap();
    let mut section = format!(
        "chain = {{ backoff_base = \"5ms\", backoff_cap = \"20ms\", min_useful = \"50ms\", max_attempts = 4 }}\n\
         health = {{ pause_base = \"30s\", pause_cap = \"30s\", breaker_failures_in_a_row = {IN_A_ROW}, \
         breaker_min_lanes = 50 }}\n[[target]]\nname = \"spare\"\nbase_url = {:?}\n",
        sim.url("/v1")
    );
    section = section.replace("base_url", "api_key = \"sk-sim\"\nbase_url");
    for pair in pairs {
        section += &pair.wire.entry(&pair.target(), |path| sim.url(path));
    }
    World::built(sim, &catalogue(pairs), &section)
}

/// What a pair's conversations got, one after the other.
async fn played(world: &World, pair: &Pair) -> Vec<Answered> {
    let mut got = Vec::new();
    for number in 0..ASKED {
        let mut request = world.request(QUESTION, 20_000);
        request.id = RequestId::derive(&format!("{}-{number}", pair.target()), 0);
        request.lane = format!("acme#support/group/{number}@alice").parse().unwrap();
        request.chain = vec![TargetName::new(pair.target()).unwrap(), TargetName::new("spare").unwrap()];
        request.allowed_regions = vec!["cn".to_owned()];
        got.push(world.run(&request).await);
    }
    got
}

/// What is not as the row says.
fn contradictions(pair: &Pair, got: &[Answered]) -> Vec<String> {
    let (row, name) = (pair.row, pair.target());
    let mut wrong = Vec::new();
    let class = if row.class.is_empty() { "ok" } else { row.class };
    let expected = match row.then {
        Then::Spare => vec![(name.as_str(), class), ("spare", "ok")],
        Then::Answer | Then::CutAnswer | Then::Nothing => vec![(name.as_str(), class)],
    };
    let first = &got[0];
    if attempts(first) != expected {
        wrong.push(format!(
            "{name}: attempts {expected:?}, and not {:?}: {:?}",
            attempts(first),
            first.attempts[0]
        ));
    }
    let is_right = match (&first.outcome, row.then) {
        (Outcome::Done { text, truncated, .. }, then) => {
            let whole = text.plain().is_some_and(|text| text == ANSWER);
            match then {
                Then::Answer | Then::Spare => whole && !truncated,
                Then::CutAnswer => *truncated,
                Then::Nothing => false,
            }
        }
        (Outcome::Failed { reason, .. }, Then::Nothing) => reason == class,
        _ => false,
    };
    if !is_right {
        wrong.push(format!("{name}: {:?} and then {:?}", row.then, first.outcome));
    }
    let asked: Vec<bool> =
        got.iter().map(|it| it.attempts.iter().any(|attempt| attempt.target.as_str() == name)).collect();
    let expected: Vec<bool> = match row.rest {
        Rest::None => vec![true; ASKED],
        Rest::Cools => (0..ASKED).map(|number| number < 1).collect(),
        Rest::Stops => (0..ASKED).map(|number| number < 2).collect(),
        Rest::Breaks => (0..ASKED).map(|number| number < IN_A_ROW).collect(),
    };
    if asked != expected {
        wrong.push(format!("{name}: asked {asked:?}, and {:?} is {expected:?}", row.rest));
    }
    wrong
}

/// Tokens that are priced apart, as the ledger of the stand-in or an attempt has them: fresh, cached, answer.
type Tokens = [u64; 3];

fn recorded(usage: &Usage) -> Tokens {
    [usage.input.saturating_sub(usage.cached), usage.cached, usage.output]
}

fn billed(entry: &Value) -> Option<Tokens> {
    let count = |name: &str| entry[name].as_u64().unwrap();
    let [prompt, cached] = ["prompt_tokens", "cached_tokens"].map(count);
    entry["billed"].as_bool().unwrap().then(|| [prompt - cached, cached, count("completion_tokens")])
}

fn cost(tokens: Tokens) -> i128 {
    tokens.iter().zip(PRICES).map(|(count, price)| i128::from(*count) * price).sum()
}

/// The stand-in's calls by what tells them apart.
struct Invoice<'a> {
    by_id: BTreeMap<&'a str, &'a Value>,
    /// A WebSocket carries no id of ours: its calls are known by their model, in their order.
    by_model: BTreeMap<&'a str, VecDeque<&'a Value>>,
}

impl<'a> Invoice<'a> {
    fn of(entries: &'a [Value]) -> Self {
        let mut invoice = Self { by_id: BTreeMap::new(), by_model: BTreeMap::new() };
        for entry in entries {
            match entry["request_id"].as_str() {
                Some(id) => drop(invoice.by_id.insert(id, entry)),
                None => {
                    invoice.by_model.entry(entry["model"].as_str().unwrap()).or_default().push_back(entry)
                }
            }
        }
        invoice
    }

    fn take(&mut self, answered: &Answered, attempt: &Attempt) -> Option<&'a Value> {
        let id = format!("{}-{}", answered.request, attempt.number);
        let by_model = || self.by_model.get_mut(attempt.model.as_str())?.pop_front();
        self.by_id.get(id.as_str()).copied().or_else(by_model)
    }
}

/// Where the record of an attempt is not what the vendor bills for it.
fn miscounted(paid: Paid, attempt: &Attempt, entry: &Value) -> Option<String> {
    let (ours, theirs) = (attempt.usage.as_ref().map(recorded), billed(entry));
    let ours_cost = attempt.cost.as_ref().map(|cost| cost.pico);
    let tell = |what: &str| {
        let error = attempt.error.as_deref().unwrap_or("ok");
        Some(format!("{} ({error}): {what}: {ours:?} {ours_cost:?}, billed {theirs:?}", attempt.target))
    };
    match (ours, theirs) {
        (None, None) => None,
        // Nothing of it was seen, and that is on the record.
        (None, Some(_)) if attempt.may_be_billed && attempt.time_to_first_token_ms.is_none() => None,
        (None, Some(_)) => tell("billed and not recorded"),
        (Some(ours), None) => (ours.iter().sum::<u64>() > 0).then(|| tell("recorded and not billed"))?,
        (Some(ours), Some(theirs)) if paid == Paid::InPart => {
            let is_more = ours.iter().zip(theirs).any(|(ours, theirs)| *ours > theirs);
            is_more.then(|| tell("more than is billed"))?
        }
        (Some(ours), Some(theirs)) if ours != theirs => tell("other tokens"),
        (Some(ours), Some(_)) if ours_cost != Some(cost(ours)) => tell("other money"),
        (Some(_), Some(_)) => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_wire_ends_as_the_facts_say_and_is_paid_as_billed() {
    let pairs = Arc::new(Pair::all());
    let world = Arc::new(world(&pairs).await);
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let play = |at: usize| {
        let (pairs, world, turns) = (Arc::clone(&pairs), Arc::clone(&world), Arc::clone(&turns));
        tokio::spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            played(&world, &pairs[at]).await
        })
    };
    let playing: Vec<_> = (0..pairs.len()).map(play).collect();
    let mut all = Vec::new();
    for played in playing {
        all.push(played.await.unwrap());
    }
    let mut wrong: Vec<String> =
        pairs.iter().zip(&all).flat_map(|(pair, got)| contradictions(pair, got)).collect();
    let ledger = world.ledger().await;
    let entries = ledger["entries"].as_array().unwrap();
    let mut invoice = Invoice::of(entries);
    let paid = pairs.iter().zip(&all).flat_map(|(pair, got)| got.iter().map(move |it| (pair.row.paid, it)));
    for (paid, answered) in paid {
        for attempt in answered.attempts.iter().filter(|attempt| attempt.target.as_str() != "spare") {
            match invoice.take(answered, attempt) {
                Some(entry) => wrong.extend(miscounted(paid, attempt, entry)),
                None => wrong.push(format!("{} {} is not in the ledger", attempt.target, answered.request)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} pairs:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}
