//! Replays that ask models: in the log's order, however the network has it, and never twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use catalogue::Bundle;
use conversation::{Ready, States};
use schemas::event::Event;
use schemas::request::Request;
use schemas::wire;

use super::scene::{Says, Scene, attempt, bundle, done};
use super::tape::{Written, chosen, manifest, turns};
use crate::dataset::Chosen;
use crate::live::{Live, Unasked};
use crate::range::Arguments;
use crate::results::{Footing, Models, Source, TurnResult};
use crate::run::{Asked, Engine, Part, Progress, asked};
use crate::shadow::{Journal, Kind};

/// Says something of every question, after a wait that differs from call to call.
struct Small {
    asked: Mutex<Vec<String>>,
    /// Calls after which the budget is spent.
    most: usize,
    /// Differs from run to run.
    pace: u64,
}

impl Small {
    fn new(pace: u64) -> Self {
        Self { asked: Mutex::default(), most: usize::MAX, pace }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

impl crate::live::Models for Small {
    async fn answer(&self, ready: &Ready, request: &Request) -> Result<Live, Unasked> {
        assert_eq!(ready.hash, request.bundle);
        let question = request.prompt.last().and_then(|line| line.text.plain()).unwrap_or_default();
        let before = {
            let mut asked = self.asked.lock().unwrap();
            if asked.len() >= self.most {
                return Err(Unasked::Budget);
            }
            asked.push(question.to_owned());
            asked.len() as u64
        };
        tokio::time::sleep(Duration::from_millis(before * self.pace % 7)).await;
        let duration = Duration::from_millis(300 + question.len() as u64);
        let outcome = done(&format!("small on {question}"), request);
        Ok(Live { outcome, attempts: vec![attempt(request, 100)], review: None, duration })
    }
}

/// How a replay is asked for.
#[derive(Clone, Copy)]
struct How<'a> {
    models: Models,
    fork_at: Option<u32>,
    chosen: Option<&'a Chosen>,
}

const LIVE: How<'static> = How { models: Models::Live, fork_at: None, chosen: None };
const THEN: How<'static> = How { models: Models::RecordedThenLive, fork_at: None, chosen: None };

fn scene() -> Scene {
    let people = ["alice", "bob", "carol", "dave"];
    let mut says = Vec::new();
    for round in 0..6 {
        for (index, who) in people.into_iter().enumerate() {
            let texts = ["where is it", "and when", "why", "how much", "thanks", "really"];
            says.push(Says(round * 9_000 + index as i64 * 700, who, texts[round as usize]));
        }
    }
    Scene::play(&bundle("", ""), &says)
}

/// The same with the small model under every name.
fn small() -> Bundle {
    bundle("system_prompt = \"Be brief.\"", "")
}

fn run(
    scene: &Scene,
    candidate: Option<&Bundle>,
    how: How<'_>,
    models: &Small,
    journal: Journal,
) -> Asked<Written> {
    let line = scene.line(candidate.as_slice());
    let span = scene.span();
    let mut manifest = manifest(span, None);
    manifest.arguments = Arguments { models: how.models, fork_at: how.fork_at, ..manifest.arguments };
    let progress = Progress::default();
    let candidate = candidate.map(|bundle| bundle.hash().unwrap());
    let engine = Engine {
        manifest: &manifest,
        line: &line,
        candidate,
        fallback: None,
        chosen: how.chosen,
        progress: &progress,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let run = asked(
        &engine,
        Part { span, logs: scene.logs(span), states: States::default(), sink: Vec::new() },
        models,
        journal,
    );
    runtime.block_on(run).unwrap()
}

fn sorted(written: &Written) -> BTreeMap<String, TurnResult> {
    turns(written).into_iter().map(|turn| (turn.turn.clone(), turn)).collect()
}

fn journal(written: &Written) -> Journal {
    let outcomes = written.iter().filter(|(kind, _)| *kind == Kind::Outcomes);
    let read = |(_, record): &(Kind, pipeline::Outgoing)| {
        let header = |name: &str| {
            record.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
        };
        match wire::decode(header, record.value.as_deref()).unwrap() {
            Event::Answered(answered) => (answered.request, answered),
            other => panic!("{other:?}"),
        }
    };
    outcomes.map(read).collect()
}

#[test]
fn every_question_is_asked_once_and_the_order_follows_the_log_and_not_the_network() {
    let scene = scene();
    let candidate = small();
    let models = Small::new(3);
    let first = run(&scene, Some(&candidate), LIVE, &models, Journal::new());
    let results = sorted(&first.sink);
    assert_eq!((results.len(), models.asked().len(), first.tally.live), (24, 24, 24), "{:?}", first.tally);
    for turn in results.values() {
        let (baseline, candidate) = (&turn.baseline, &turn.candidate);
        assert!(baseline.answer.as_ref().is_some_and(|answer| answer.starts_with("large on")), "{turn:?}");
        assert!(candidate.answer.as_ref().is_some_and(|answer| answer.starts_with("small on")), "{turn:?}");
        assert_eq!((baseline.source, candidate.source), (Some(Source::Recorded), Some(Source::Live)));
        assert!(candidate.latency_ms.is_some_and(|latency| (300..2_000).contains(&latency)), "{turn:?}");
        assert_eq!(candidate.first_token_ms, Some(200));
        assert!(!turn.cold_start && turn.drift.is_none());
    }
    // Only the first turn of a conversation stands upon nothing else.
    let closed = results.values().filter(|turn| turn.footing == Footing::Closed).count();
    assert_eq!(closed, 4);
    for pace in [1, 5] {
        let again = run(&scene, Some(&candidate), LIVE, &Small::new(pace), Journal::new());
        assert_eq!(sorted(&again.sink), results);
        assert_eq!(ids(&again.sink, Kind::Decisions), ids(&first.sink, Kind::Decisions));
    }
}

type Bytes = Option<Vec<u8>>;

fn ids(written: &Written, kind: Kind) -> Vec<(Bytes, Bytes)> {
    let of_kind = written.iter().filter(|(known, _)| *known == kind);
    let mut all: Vec<_> = of_kind.map(|(_, record)| (record.key.clone(), record.value.clone())).collect();
    all.sort();
    all
}

#[test]
fn what_is_asked_the_same_of_the_same_models_has_its_recorded_answer() {
    let scene = scene();
    let models = Small::new(3);
    let spare = "[[target]]\nname = \"spare\"\nprovider = \"local\"\nmodel = \"spare\"\nregion = \"cn\"";
    let same = run(&scene, Some(&bundle("", spare)), THEN, &models, Journal::new());
    assert_eq!((models.asked().len(), same.tally.live, sorted(&same.sink).len()), (0, 0, 24));
    assert_eq!(same.tally.joined.closed, 24);
    let price = "[[price]]\nprovider = \"local\"\nmodel = \"m\"\ncurrency = \"CNY\"\nfrom = \"1970-01-01\"\n\
                 input = \"2\"\noutput = \"8\"";
    let priced = run(&scene, Some(&bundle("", price)), THEN, &models, Journal::new());
    assert_eq!((models.asked().len(), priced.tally.joined.closed), (0, 24), "a price is no other question");
    let sums =
        [priced.tally.joined.baseline, priced.tally.joined.candidate].map(|costs| costs.one().unwrap().pico);
    assert_eq!(sums, [24 * 1_000, 24 * (10 * 2 + 5 * 8) * 1_000_000], "ten tokens in, five out");
    // Without a candidate production's own bundles hold.
    let own = run(&scene, None, THEN, &models, Journal::new());
    assert_eq!((models.asked().len(), own.tally.joined.closed), (0, 24));
    let other = run(&scene, Some(&small()), THEN, &models, Journal::new());
    assert_eq!((models.asked().len(), other.tally.live), (24, 24));
}

#[test]
fn a_fork_has_recorded_answers_until_its_turn_and_models_from_it_on() {
    let scene = scene();
    let models = Small::new(2);
    let how = How { models: Models::Live, fork_at: Some(4), chosen: None };
    let forked = run(&scene, Some(&small()), how, &models, Journal::new());
    let results = sorted(&forked.sink);
    let live = results.values().filter(|turn| turn.candidate.source == Some(Source::Live));
    assert_eq!((results.len(), live.count(), models.asked().len()), (24, 8, 8));
    // The turn of the fork itself stands upon recorded answers.
    assert_eq!(forked.tally.joined.closed, 4 * 5);
}

#[test]
fn of_a_data_set_models_are_asked_for_its_turns_alone() {
    let scene = scene();
    let whole = run(&scene, Some(&small()), LIVE, &Small::new(1), Journal::new());
    let picked = |turn: &TurnResult| {
        let question = turn.question.as_deref();
        (turn.conversation.ends_with("alice") && question == Some("why"))
            || (turn.conversation.ends_with("bob") && question == Some("really"))
    };
    let wanted: Vec<TurnResult> = turns(&whole.sink).into_iter().filter(picked).collect();
    assert_eq!(wanted.len(), 2);
    let (set, models) = (chosen(&wanted), Small::new(2));
    let how = How { chosen: Some(&set), ..LIVE };
    let run = run(&scene, Some(&small()), how, &models, Journal::new());
    assert_eq!(models.asked(), ["really", "why"]);
    let results = sorted(&run.sink);
    assert_eq!((results.len(), run.tally.joined.turns), (2, 2), "{results:?}");
    for turn in results.values() {
        assert!(wanted.iter().any(|wanted| wanted.turn == turn.turn), "{turn:?}");
        assert_eq!(turn.candidate.source, Some(Source::Live));
        // What was before has its recorded answers.
        assert_eq!(turn.footing, Footing::Closed);
    }
}

#[test]
fn a_replay_that_ran_out_of_money_goes_on_without_asking_again_and_comes_to_the_same() {
    let scene = scene();
    let candidate = small();
    let whole = run(&scene, Some(&candidate), LIVE, &Small::new(1), Journal::new());
    for most in [0, 1, 7, 23] {
        let poor = Small { most, ..Small::new(4) };
        let stopped = run(&scene, Some(&candidate), LIVE, &poor, Journal::new());
        assert_eq!((stopped.stopped, poor.asked().len()), (Some(Unasked::Budget), most));
        let done = journal(&stopped.sink);
        assert_eq!(done.len(), most, "what was paid is kept");
        let rich = Small::new(2);
        let resumed = run(&scene, Some(&candidate), LIVE, &rich, done);
        assert_eq!((resumed.stopped, rich.asked().len()), (None, 24 - most));
        assert_eq!(sorted(&resumed.sink), sorted(&whole.sink));
        // What the stopped run had written is a part of it.
        let whole = ids(&whole.sink, Kind::Decisions);
        assert!(ids(&stopped.sink, Kind::Decisions).iter().all(|record| whole.contains(record)));
    }
}

#[test]
fn a_question_that_only_the_candidate_asks_has_its_answer_behind_it() {
    // Production waits and merges; the candidate asks one by one.
    let scene = Scene::play(
        &bundle("merge_window = \"3s\"", ""),
        &[Says(0, "alice", "one"), Says(1_500, "alice", "two"), Says(60_000, "alice", "three")],
    );
    let models = Small::new(1);
    let alone = run(&scene, Some(&bundle("", "")), LIVE, &models, Journal::new());
    assert_eq!(models.asked(), ["one", "three", "two"], "{:?}", alone.tally);
    let two = sorted(&alone.sink).into_values().find(|turn| turn.question.as_deref() == Some("two")).unwrap();
    assert_eq!(two.candidate.answer.as_deref(), Some("small on two"));
}
