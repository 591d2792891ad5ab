//! Family by wire by fault, over real sockets: the class of the attempt, what follows it, what people get, what is recorded of tokens
//! and money beside the vendor's invoice, and what other conversations meet afterwards.
//!
//! Each pair of a wire and a fault has a target of its own, whose model asks the stand-in for the fault by its name. So all of
//! them run beside one another, and none disturbs another's health.

pub(crate) mod rows;
pub(crate) mod wires;

use std::collections::BTreeSet;
use std::sync::Arc;

use rows::{ROWS, Rest, Row, Then};
use schemas::answered::{Answered, Outcome};
use schemas::ids::{RequestId, TargetName};
use simulators::model::{self, Answer, Config};
use tokio::sync::Semaphore;
use wires::Wire;

use crate::invoice::{ANSWER, Invoice, PRICE, QUESTION};
use crate::world::{World, attempts};

/// Conversations that ask each target.
const ASKED: usize = 4;
/// Failures in a row that open a breaker.
const IN_A_ROW: usize = 3;
/// Pairs that run at a time.
const AT_A_TIME: usize = 64;
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
             timeout = \"6s\"\ncontext_tokens = {window}\n"
        );
    };
    target("spare", "local", "sim-spare", 16_000);
    pairs.iter().for_each(|pair| target(&pair.target(), pair.wire.provider, &pair.model(), 8_000));
    let models: BTreeSet<_> = pairs.iter().map(|pair| (pair.wire.provider, pair.model())).collect();
    for (provider, model) in models {
        text += &format!("[[price]]\nprovider = {provider:?}\nmodel = {model:?}\n{PRICE}");
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
        section += &pair.wire.entry(&pair.target(), pair.row.how, |path| sim.url(path));
    }
    World::built(sim, &catalogue(pairs), &section)
}

/// What a pair's conversations got, one after the other.
async fn played(world: &World, pair: &Pair) -> Vec<Answered> {
    let mut got = Vec::new();
    for number in 0..ASKED {
        let mut request = world.request(QUESTION, 30_000);
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
    let all = all.iter().flatten();
    wrong.extend(
        all.flat_map(|answered| invoice.contradictions(answered, |it| it.target.as_str() != "spare")),
    );
    assert!(wrong.is_empty(), "{} of {} pairs:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}
