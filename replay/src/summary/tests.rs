use common::Action;
use schemas::money::Money;

use super::*;
use crate::results::{DriftCause, Footing, Results, Side, TurnResult};
use crate::sample;

/// Results in which both sides did the same.
fn alike(conversations: usize) -> Results {
    let mut results = sample::results(conversations, 3);
    results.turns.retain(|turn| !turn.cold_start);
    for turn in &mut results.turns {
        turn.candidate = turn.baseline.clone();
        turn.judged = None;
    }
    results.end.as_mut().unwrap().turns = results.turns.len() as u64;
    results
}

fn figure(results: &Results, metric: Metric) -> Figure {
    let summary = Summary::of(results, &[]);
    let mut figures = summary.figures_of(metric);
    let figure = figures.next().unwrap_or_else(|| panic!("no {}", metric.label())).clone();
    assert!(figures.next().is_none());
    figure
}

fn each(results: &mut Results, change: impl Fn(&mut TurnResult)) {
    results.turns.iter_mut().for_each(change);
}

#[test]
fn sides_that_do_the_same_differ_in_nothing() {
    let results = alike(40);
    let summary = Summary::of(&results, &[]);
    for figure in &summary.figures {
        match figure.metric {
            Metric::Exact | Metric::Normalised | Metric::Similarity => assert_eq!(figure.value, 1.0),
            _ => assert_eq!(figure.value, 0.0, "{}", figure.metric.label()),
        }
        assert!(!figure.is_shown());
    }
    assert_eq!((summary.remade.unwrap().rate, summary.same_decisions.unwrap().rate), (1.0, 1.0));
    assert!(summary.worst.is_empty() && summary.judge.is_none() && summary.coverage.worst_case.is_none());
    assert!(summary.changes.verdicts.iter().all(|change| change.from == change.to));
}

/// What changes one side.
type Plant = fn(&mut Side);

#[test]
fn what_is_planted_is_found_in_its_figure_and_in_no_other() {
    let plants: [(Metric, Plant, f64); 9] = [
        (Metric::Cost, |side| side.cost.as_mut().unwrap().pico *= 2, 1.0),
        (
            Metric::Tokens,
            |side| {
                let t = side.tokens.as_mut().unwrap();
                t.input *= 3;
                t.output *= 3
            },
            2.0,
        ),
        (Metric::FirstToken, |side| side.first_token_ms = side.first_token_ms.map(|ms| ms * 2), 1.0),
        (Metric::RouteChanged, |side| side.route = Some("other".into()), 1.0),
        (Metric::TargetChanged, |side| side.target = Some("other".into()), 1.0),
        (Metric::VerdictChanged, |side| side.answer_verdict = Some(Action::Mask), 1.0),
        (Metric::Errors, |side| side.error = Some("timeout".into()), 1.0),
        (Metric::LanguageChanged, |side| side.answer = Some("ネットワークは正常です。".into()), 1.0),
        (Metric::Refusals, |side| side.answer = Some("抱歉,我无法提供帮助。".into()), 1.0),
    ];
    for (metric, plant, value) in plants {
        let mut results = alike(40);
        each(&mut results, |turn| plant(&mut turn.candidate));
        let found = figure(&results, metric);
        assert!((found.value - value).abs() < 1e-9, "{}: {}", metric.label(), found.value);
        if metric.neutral().is_some() {
            assert!(found.is_shown(), "{}", metric.label());
        }
        let others = Summary::of(&results, &[]).figures;
        let of_texts = [
            Metric::Exact,
            Metric::Normalised,
            Metric::Similarity,
            Metric::Length,
            Metric::LanguageChanged,
            Metric::Refusals,
        ];
        let untouched =
            others.iter().filter(|figure| figure.metric != metric && !of_texts.contains(&figure.metric));
        for other in untouched.filter(|figure| figure.metric != Metric::FirstTokenP95) {
            assert_eq!(other.value, 0.0, "{} moved {}", metric.label(), other.metric.label());
        }
    }
}

#[test]
fn a_cost_is_compared_only_within_one_currency_and_where_both_are_known() {
    let mut results = alike(40);
    let money = |currency: &str, pico| Some(Money { currency: currency.into(), pico });
    for (index, turn) in results.turns.iter_mut().enumerate() {
        (turn.baseline.cost, turn.candidate.cost) = match index % 4 {
            0 => (money("CNY", 1 << 40), money("CNY", 1 << 39)),
            1 => (money("USD", 1 << 40), money("USD", 3 << 40)),
            2 => (money("CNY", 100), money("USD", 1)),
            _ => (money("CNY", 100), None),
        };
    }
    let summary = Summary::of(&results, &[]);
    let told: Vec<_> = summary
        .figures_of(Metric::Cost)
        .map(|figure| (figure.currency.clone().unwrap(), format!("{:.2}", figure.value), figure.turns))
        .collect();
    let turns = results.turns.len() as u64;
    let told: Vec<_> =
        told.iter().map(|(currency, value, turns)| (currency.as_str(), value.as_str(), *turns)).collect();
    assert_eq!(told, [("CNY", "-0.50", turns.div_ceil(4)), ("USD", "2.00", (turns + 2) / 4)]);
}

#[test]
fn conversations_that_started_cold_are_counted_and_not_compared() {
    let mut results = alike(40);
    let cold = results.turns[0].conversation.clone();
    for turn in &mut results.turns {
        turn.cold_start = turn.conversation == cold;
        if turn.cold_start {
            turn.candidate.route = Some("other".into());
            turn.drift = Some(DriftCause::ColdState);
        }
    }
    let summary = Summary::of(&results, &[]);
    let turns = results.turns.iter().filter(|turn| turn.cold_start).count() as u64;
    let coverage = &summary.coverage;
    assert_eq!((coverage.cold_turns, coverage.cold_conversations), (turns, 1));
    assert_eq!(coverage.compared, results.turns.len() as u64 - turns);
    assert_eq!(figure(&results, Metric::RouteChanged).value, 0.0);
    assert_eq!(figure(&results, Metric::Drift).value, 0.0, "a cold start is no drift");
    assert_eq!(summary.changes.drift["cold_state"], turns, "and it is told");
}

#[test]
fn closed_and_open_loop_are_told_of_every_figure() {
    let mut results = alike(40);
    each(&mut results, |turn| turn.footing = Footing::Open);
    results.turns[0].footing = Footing::Closed;
    results.turns[1].candidate.latency_ms = None;
    let turns = results.turns.len() as u64;
    let latency = figure(&results, Metric::Latency);
    assert_eq!((latency.turns, latency.closed, latency.open), (turns - 1, 1, turns - 2));
    let coverage = Summary::of(&results, &[]).coverage;
    assert_eq!((coverage.closed, coverage.open), (1, turns - 1));
}

#[test]
fn complete_is_what_has_an_answer_or_a_verdict_that_stands_for_one() {
    let mut results = alike(40);
    let turns = results.turns.len() as u32;
    results.turns[0].candidate = Side { verdict: Some(Action::Block), ..Side::default() };
    results.turns[1].candidate = Side::default();
    results.turns[2].candidate.error = Some("timeout".into());
    results.end.as_mut().unwrap().turns = u64::from(turns) + 10;
    let complete = Summary::of(&results, &[]).coverage.complete.unwrap();
    assert_eq!((complete.count, complete.of), (turns - 2, turns + 10));
    results.end = None;
    assert_eq!(Summary::of(&results, &[]).coverage.complete, None);
}

#[test]
fn groups_have_the_turns_of_their_property_and_add_up() {
    let results = sample::results(60, 3);
    let summary = Summary::of(&results, &[]);
    let names = |groups: &[Group]| groups.iter().map(|group| group.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&summary.classes), ["hard", "simple", "standard"]);
    assert_eq!(names(&summary.tiers), ["free", "gold"]);
    for groups in [&summary.classes, &summary.tiers] {
        assert_eq!(groups.iter().map(|group| group.turns).sum::<u64>(), summary.coverage.compared);
        let judged: u64 = groups.iter().map(|group| group.win_rate.as_ref().unwrap().turns).sum();
        assert_eq!(judged, summary.figures_of(Metric::WinRate).next().unwrap().turns);
    }
}

#[test]
fn a_distribution_has_every_turn_once_and_ends_with_the_highest() {
    let mut results = alike(40);
    results.turns[0].baseline.latency_ms = Some(3_600_000);
    let latency = Summary::of(&results, &[]).latency.unwrap();
    let turns = results.turns.len() as u64;
    assert_eq!(latency.columns.iter().map(|pair| pair.baseline).sum::<u64>(), turns);
    assert_eq!(latency.columns.iter().map(|pair| pair.candidate).sum::<u64>(), turns);
    assert!(latency.columns.len() <= 25, "one that took an hour makes no column of its own");
    let [half, most, nearly_all] = latency.quantiles;
    assert!(half.candidate <= most.candidate && most.candidate <= nearly_all.candidate);
    results.turns.iter_mut().for_each(|turn| turn.baseline.latency_ms = None);
    assert_eq!(Summary::of(&results, &[]).latency, None);
}

#[test]
fn what_differs_by_chance_is_corrected_for_the_number_of_figures() {
    let summary = Summary::of(&sample::results(120, 3), &[]);
    let compared: Vec<&Figure> = summary.figures.iter().filter(|figure| figure.chance.is_some()).collect();
    assert!(compared.len() > 8);
    for figure in compared {
        assert!(figure.corrected.unwrap() >= figure.chance.unwrap(), "{}", figure.metric.label());
    }
    assert!(summary.figures_of(Metric::Cost).next().unwrap().is_shown());
    assert!(!summary.figures_of(Metric::WinRate).next().unwrap().is_shown());
}
