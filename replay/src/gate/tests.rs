use super::condition::{Condition, Limit, Side, Subject};
use super::judge::{Because, Judgement};
use super::*;
use crate::results::{Judged, Opinion, Preference, Results, Strength};
use crate::sample;
use crate::summary::metric::Metric;

fn condition(text: &str) -> Condition {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn judged(results: &Results, conditions: &[&str]) -> Gate {
    let conditions: Vec<Condition> = conditions.iter().map(|text| condition(text)).collect();
    gate(&Summary::of(results, &[]), &conditions, LEAST_COMPLETE)
}

/// What becomes of one condition.
fn one(results: &Results, text: &str) -> Judgement {
    let mut gate = judged(results, &[text]);
    assert_eq!(gate.judgements.len(), 1, "{gate:?}");
    gate.judgements.remove(0)
}

/// Results in which every turn has its answer.
fn whole(conversations: usize) -> Results {
    let mut results = sample::results(conversations, 5);
    results.turns.retain(|turn| turn.candidate.is_complete() && turn.candidate.answer.is_some());
    results.end.as_mut().unwrap().turns = results.turns.len() as u64;
    results
}

#[test]
fn conditions_are_a_metric_a_comparison_and_a_limit_that_fits() {
    let metric = Subject::Metric;
    for (text, subject, side, limit) in [
        ("cost>+5%", metric(Metric::Cost), Side::Above, Limit::Value(0.05)),
        (" p95 >= -2.5 % ", metric(Metric::P95), Side::AtLeast, Limit::Value(-0.025)),
        ("win_rate<0.48", metric(Metric::WinRate), Side::Below, Limit::Value(0.48)),
        ("win_rate<=48%", metric(Metric::WinRate), Side::AtMost, Limit::Value(0.48)),
        ("verdict_changed>0", metric(Metric::VerdictChanged), Side::Above, Limit::Turns(0)),
        ("route_changed>2%", metric(Metric::RouteChanged), Side::Above, Limit::Value(0.02)),
        ("refusals>+1pp", metric(Metric::Refusals), Side::Above, Limit::Value(0.01)),
        ("worst_case<-2", Subject::WorstCase, Side::Below, Limit::Value(-2.0)),
        ("complete<99%", Subject::Complete, Side::Below, Limit::Value(0.99)),
    ] {
        let read = condition(text);
        assert_eq!(
            (read.subject, read.side, read.limit, read.text.as_str()),
            (subject, side, limit, text.trim())
        );
    }
}

#[test]
fn what_is_wrong_with_a_condition_is_told_with_what_would_be_right() {
    for (text, label, told) in [
        ("cost", "no_comparison", "\"cost\" has no comparison"),
        ("", "no_comparison", "as in cost>+5%"),
        ("cost=5%", "no_comparison", "no comparison"),
        ("price>5%", "unknown", "there is no metric \"price\"; there are cost, tokens, latency, p95"),
        (">5%", "unknown", "no metric \"\""),
        (
            "cost>5",
            "limit",
            "the limit \"5\" does not fit cost: it is a change from the baseline in percent, as in cost>+5%",
        ),
        ("cost>", "limit", "does not fit cost"),
        ("cost>-150%", "limit", "does not fit cost"),
        ("cost>1e3%", "limit", "does not fit cost"),
        ("cost>NaN%", "limit", "does not fit cost"),
        ("cost>>5%", "limit", "does not fit cost"),
        ("refusals>1%", "limit", "in percentage points, as in refusals>+1pp"),
        ("verdict_changed>0.5", "limit", "a number of turns or a share"),
        ("verdict_changed>-1", "limit", "a number of turns or a share"),
        ("win_rate<48", "limit", "from 0 to 1"),
        ("worst_case<-4", "limit", "a score from -3 to 3"),
        ("complete<101%", "limit", "it is a share"),
    ] {
        let error = text.parse::<Condition>().unwrap_err();
        assert_eq!(error.label(), label, "{text}");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn every_metric_can_be_named_in_a_condition() {
    for metric in Metric::ALL {
        let found = ["5%", "5pp", "0.5"]
            .iter()
            .any(|limit| format!("{}>{limit}", metric.label()).parse::<Condition>().is_ok());
        assert!(found, "{}", metric.label());
    }
}

#[test]
fn a_mean_passes_or_fails_for_sure_or_cannot_be_told() {
    let results = whole(120);
    // The candidate costs about 45 % less.
    let pass = one(&results, "cost>+5%");
    assert_eq!(
        (pass.ruling, pass.because, pass.currency.as_deref()),
        (Ruling::Pass, Because::Certain, Some("CNY"))
    );
    assert!(pass.interval.unwrap().1 < 0.05 && pass.needs.is_none());
    let fail = one(&results, "cost>-60%");
    assert_eq!((fail.ruling, fail.because), (Ruling::Fail, Because::Certain));
    let value = fail.value.unwrap();
    let near = one(&results, &format!("cost>{:.2}%", (value + 0.01) * 100.0));
    assert_eq!((near.ruling, near.because), (Ruling::CannotTell, Because::TooFew));
    let conversations = Summary::of(&results, &[]).figures_of(Metric::Cost).next().unwrap().conversations;
    assert!(near.needs.unwrap() > conversations, "{near:?}");
    let close = one(&results, &format!("cost>{:.5}%", value * 100.0));
    assert_eq!((close.ruling, close.because, close.needs), (Ruling::CannotTell, Because::TooClose, None));
}

#[test]
fn the_size_that_it_would_take_is_enough() {
    let results = whole(60);
    let value = one(&results, "win_rate<0.2").value.unwrap();
    let limit = format!("win_rate<{:.3}", value - 0.05);
    let near = one(&results, &limit);
    assert_eq!(near.ruling, Ruling::CannotTell, "{near:?}");
    let needed = near.needs.unwrap() as usize;
    assert!((70..3_000).contains(&needed), "{needed}");
    // With half as many again it is told, whichever way the luck of the draw goes.
    let larger = one(&whole(needed * 3 / 2), &limit);
    assert_eq!(larger.ruling, Ruling::Pass, "{larger:?}");
}

#[test]
fn counts_are_facts_and_a_count_of_nothing_needs_complete_results() {
    let mut results = whole(60);
    for turn in &mut results.turns {
        turn.candidate.verdict = turn.baseline.verdict;
        turn.candidate.answer_verdict = turn.baseline.answer_verdict;
    }
    let pass = one(&results, "verdict_changed>0");
    assert_eq!((pass.ruling, pass.because, pass.value), (Ruling::Pass, Because::Counted, Some(0.0)));
    results.turns[3].candidate.verdict = Some(common::Action::Mask);
    let fail = one(&results, "verdict_changed>0");
    assert_eq!((fail.ruling, fail.value), (Ruling::Fail, Some(1.0)));
    assert_eq!(one(&results, "verdict_changed>1").ruling, Ruling::Pass);
    results.end = None;
    assert_eq!(one(&results, "verdict_changed>0").ruling, Ruling::Fail, "what is found is found");
    let cut = one(&results, "verdict_changed>1");
    assert_eq!((cut.ruling, cut.because), (Ruling::CannotTell, Because::Incomplete));
}

#[test]
fn one_very_bad_case_fails_whatever_the_mean_is() {
    let mut results = whole(60);
    let opinion = |better, by| Opinion { better, by: Strength::new(by), why: String::new() };
    for turn in &mut results.turns {
        let good = opinion(Preference::Candidate, 2);
        turn.judged =
            Some(Judged { baseline_first: good.clone(), candidate_first: good, equal: false, cost: vec![] });
    }
    let pass = one(&results, "worst_case<-2");
    assert_eq!((pass.ruling, pass.value), (Ruling::Pass, Some(2.0)));
    let bad = opinion(Preference::Baseline, 3);
    let place = results.turns.iter().position(|turn| !turn.cold_start).unwrap();
    results.turns[place].judged =
        Some(Judged { baseline_first: bad.clone(), candidate_first: bad, equal: false, cost: vec![] });
    let gate = judged(&results, &["win_rate<0.48", "worst_case<-2"]);
    assert_eq!(gate.ruling, Ruling::Fail);
    assert_eq!(
        gate.judgements.iter().map(|told| told.ruling).collect::<Vec<_>>(),
        [Ruling::Pass, Ruling::Fail]
    );
    // Unjudged turns may be worse than those that were judged.
    results.turns.retain(|turn| turn.judged.as_ref().is_some_and(|judged| judged.win() == 1.0));
    results.end.as_mut().unwrap().turns = results.turns.len() as u64;
    results.turns.iter_mut().step_by(2).for_each(|turn| turn.judged = None);
    let half = one(&results, "worst_case<-2");
    assert_eq!((half.ruling, half.because), (Ruling::CannotTell, Because::Incomplete));
    results.turns.iter_mut().for_each(|turn| turn.judged = None);
    assert_eq!(one(&results, "worst_case<-2").because, Because::NotMeasured);
}

#[test]
fn what_is_not_measured_or_too_little_cannot_be_told() {
    let mut results = whole(60);
    results.turns.iter_mut().for_each(|turn| turn.judged = None);
    let unjudged = one(&results, "win_rate<0.48");
    assert_eq!(
        (unjudged.ruling, unjudged.because, unjudged.value),
        (Ruling::CannotTell, Because::NotMeasured, None)
    );
    let few = one(&whole(3), "cost>+5%");
    assert_eq!((few.ruling, few.because, few.interval), (Ruling::CannotTell, Because::TooFew, None));
}

#[test]
fn incomplete_results_never_pass_and_may_fail() {
    let mut results = whole(120);
    results.end.as_mut().unwrap().turns *= 2;
    let gate = judged(&results, &["cost>+5%"]);
    assert_eq!(
        (gate.ruling, gate.complete, gate.judgements[0].ruling),
        (Ruling::CannotTell, Ruling::CannotTell, Ruling::Pass)
    );
    assert_eq!(judged(&results, &["cost>-60%"]).ruling, Ruling::Fail);
    assert_eq!(one(&results, "complete<95%").ruling, Ruling::Fail);
    let summary = Summary::of(&results, &[]);
    assert_eq!(super::gate(&summary, &[condition("cost>+5%")], 0.4).ruling, Ruling::Pass);
    results.end = None;
    assert_eq!(judged(&results, &["cost>+5%"]).ruling, Ruling::CannotTell);
    assert_eq!(one(&results, "complete<95%").because, Because::NotMeasured);
}

#[test]
fn what_never_differs_passes_without_an_interval_s_width() {
    let mut results = whole(60);
    for turn in &mut results.turns {
        turn.candidate.cost = turn.baseline.cost.clone();
        turn.candidate.latency_ms = turn.baseline.latency_ms;
    }
    for (text, ruling) in [
        ("cost>+5%", Ruling::Pass),
        ("cost>0%", Ruling::Pass),
        ("cost>=0%", Ruling::Fail),
        ("cost<0%", Ruling::Pass),
        ("cost<+5%", Ruling::Fail),
        ("p95>+20%", Ruling::Pass),
    ] {
        assert_eq!(one(&results, text).ruling, ruling, "{text}");
    }
}

#[test]
fn every_currency_has_to_hold() {
    let mut results = whole(120);
    for (index, turn) in results.turns.iter_mut().enumerate() {
        if index % 2 == 0 {
            let cost = turn.baseline.cost.as_mut().unwrap();
            cost.currency = "USD".into();
            let dearer = schemas::money::Money { pico: cost.pico * 2, ..cost.clone() };
            turn.candidate.cost = Some(dearer);
        }
    }
    let gate = judged(&results, &["cost>+5%"]);
    let rulings: Vec<_> =
        gate.judgements.iter().map(|told| (told.currency.as_deref().unwrap(), told.ruling)).collect();
    assert_eq!(rulings, [("CNY", Ruling::Pass), ("USD", Ruling::Fail)]);
    assert_eq!(gate.ruling, Ruling::Fail);
}

#[test]
fn exit_codes_tell_the_three_ends_apart_and_leave_2_for_wrong_usage() {
    assert_eq!([Ruling::Pass, Ruling::Fail, Ruling::CannotTell].map(Ruling::exit_code), [0, 1, 3]);
    assert_eq!(
        [Ruling::Pass, Ruling::Fail, Ruling::CannotTell].map(Ruling::label),
        ["pass", "fail", "cannot_tell"]
    );
}
