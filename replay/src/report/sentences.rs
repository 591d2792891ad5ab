//! What the figures say, in sentences for whoever decides.

use super::format::{count, distance, filled, footing, percent, side, value};
use super::{Lang, Report};
use crate::gate::Gate;
use crate::gate::judge::Judgement;
use crate::results::DriftCause;
use crate::summary::Summary;
use crate::summary::figure::Figure;
use crate::summary::metric::{Metric, Reading};

/// The metrics that a decision needs first.
const FIRST: [Metric; 7] = [
    Metric::Cost,
    Metric::P95,
    Metric::WinRate,
    Metric::VerdictChanged,
    Metric::RouteChanged,
    Metric::Refusals,
    Metric::Errors,
];

/// A sentence with what it stands upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What is said.
    pub text: String,
    /// Closed loop, open loop, or how many of each.
    pub footing: String,
}

/// The figures that matter most.
pub fn in_short(summary: &Summary, lang: Lang) -> Vec<Sentence> {
    let figures = FIRST.into_iter().flat_map(|metric| summary.figures_of(metric));
    figures
        .map(|figure| Sentence {
            text: of_figure(figure, lang),
            footing: footing(lang, figure.closed, figure.open),
        })
        .collect()
}

fn of_figure(figure: &Figure, lang: Lang) -> String {
    let words = lang.words();
    let metric = name(figure, lang);
    let (head, ends) = match figure.metric.reading() {
        Reading::Money | Reading::Means(_) | Reading::P95(_) => {
            let template = if figure.value < 0.0 { words.less } else { words.more };
            let head = filled(template, &[("metric", &metric), ("value", &percent(figure.value.abs()))]);
            (head, [words.shown, words.not_shown, words.uncertain])
        }
        Reading::Mean(_) => {
            let head = filled(words.wins, &[("value", &percent(figure.value))]);
            (head, [words.wins_shown, words.wins_not_shown, words.wins_uncertain])
        }
        Reading::Rates(_) => {
            let told = |side: Option<f64>| percent(side.unwrap_or_default());
            let sides = [("baseline", &*told(figure.baseline)), ("candidate", &*told(figure.candidate))];
            let head = filled(words.rates, &[&[("metric", &*metric)][..], &sides].concat());
            (head, [words.shown, words.not_shown, words.uncertain])
        }
        Reading::Share(_) => {
            let hits = count(figure.hits.unwrap_or_default());
            let values = [("metric", &*metric), ("hits", &*hits), ("turns", &*count(figure.turns))];
            return filled(words.hits, &values);
        }
    };
    head + &end(figure, lang, ends)
}

/// What can be said of a difference: that it is shown, that it is not, or nothing.
fn end(figure: &Figure, lang: Lang, [shown, not_shown, uncertain]: [&str; 3]) -> String {
    let words = lang.words();
    let (Some((low, high)), Some(least)) = (figure.interval, figure.least_effect) else {
        return uncertain.to_owned();
    };
    let better = if figure.value > figure.metric.neutral().unwrap_or_default() {
        words.candidate
    } else {
        words.baseline
    };
    let better = if lang == Lang::En { format!("the {}", better.to_lowercase()) } else { better.to_owned() };
    let (low, high) = (value(figure.metric, low), value(figure.metric, high));
    let least = distance(figure.metric, least);
    let values = [("low", &*low), ("high", &*high), ("least", &*least), ("side", &*better)];
    filled(if figure.is_shown() { shown } else { not_shown }, &values)
}

/// A metric's name, with the currency of a cost.
pub fn name(figure: &Figure, lang: Lang) -> String {
    let metric = lang.metric(figure.metric);
    figure.currency.as_ref().map_or_else(|| metric.to_owned(), |currency| format!("{metric} ({currency})"))
}

/// Both sides' values as people read them.
pub fn sides(figure: &Figure) -> [String; 2] {
    [figure.baseline, figure.candidate]
        .map(|value| value.map(|value| side(figure, value)).unwrap_or_default())
}

/// What the comparison rests upon.
pub fn quality(summary: &Summary, lang: Lang) -> Vec<String> {
    let words = lang.words();
    let coverage = &summary.coverage;
    let warm = coverage.conversations - coverage.cold_conversations;
    let mut told = vec![
        filled(words.coverage, &[("compared", &count(coverage.compared)), ("conversations", &count(warm))]),
        filled(words.footing, &[("closed", &count(coverage.closed)), ("open", &count(coverage.open))]),
    ];
    match coverage.complete {
        Some(complete) => told.push(rate(words.complete, complete)),
        None => told.push(words.unfinished.to_owned()),
    }
    if coverage.cold_turns > 0 {
        let (turns, conversations) = (count(coverage.cold_turns), count(coverage.cold_conversations));
        told.push(filled(words.cold, &[("turns", &turns), ("conversations", &conversations)]));
    }
    told.extend(summary.remade.map(|remade| rate(words.remade, remade)));
    told.extend(summary.same_decisions.map(|same| rate(words.same_decisions, same)));
    let cause = |(label, turns): (&&str, &u64)| {
        let known = DriftCause::ALL.into_iter().find(|cause| cause.label() == *label);
        format!("{} {}", known.map_or(*label, |cause| lang.drift(cause)), count(*turns))
    };
    let causes: Vec<String> = summary.changes.drift.iter().map(cause).collect();
    told.push(match causes.is_empty() {
        true => words.no_drift.to_owned(),
        false => filled(words.drifted, &[("causes", &causes.join(", "))]),
    });
    told.extend(judge(summary, lang));
    told
}

fn rate(template: &str, rate: common::Rate) -> String {
    let (counted, of) = (count(rate.count.into()), count(rate.of.into()));
    let (low, high) = (percent(rate.low), percent(rate.high));
    let values = [
        ("rate", &*percent(rate.rate)),
        ("count", &*counted),
        ("of", &*of),
        ("low", &*low),
        ("high", &*high),
    ];
    filled(template, &values)
}

fn judge(summary: &Summary, lang: Lang) -> Vec<String> {
    let words = lang.words();
    let mut told = Vec::new();
    if let Some(bias) = &summary.judge {
        told.push(filled(words.judge_asked, &[("asked", &count(bias.asked.into()))]));
        told.extend(bias.consistent.map(|consistent| rate(words.judge_consistent, consistent)));
        told.extend(bias.first.map(|first| rate(words.judge_first, first)));
    }
    if let Some(agreement) = &summary.agreement {
        let interval = |interval: Option<(f64, f64)>, show: fn(f64) -> String| {
            interval.map_or(["?".to_owned(), "?".to_owned()], |(low, high)| [show(low), show(high)])
        };
        let [low, high] = interval(agreement.raw_interval, percent);
        let (raw, turns) = (percent(agreement.raw), count(agreement.turns as u64));
        let values = [("rate", &*raw), ("turns", &*turns), ("low", &*low), ("high", &*high)];
        told.push(filled(words.judge_agrees, &values));
        if let Some(kappa) = agreement.kappa {
            let two = |value: f64| format!("{value:.2}");
            let [low, high] = interval(agreement.kappa_interval, two);
            told.push(filled(
                words.judge_kappa,
                &[("kappa", &*two(kappa)), ("low", &*low), ("high", &*high)],
            ));
        }
    }
    told
}

/// Condition, result, reason, measured value and size of a judgement.
pub fn judged(judgement: &Judgement, lang: Lang) -> [String; 5] {
    let currency = judgement.currency.as_ref().map(|currency| format!(" ({currency})")).unwrap_or_default();
    let metric = judgement.condition.split(['<', '>']).next().unwrap_or_default().trim();
    let metric = Metric::ALL.into_iter().find(|known| known.label() == metric);
    let counts = judgement.interval.is_none();
    let show = |measured: f64| match metric {
        Some(metric) if !counts || !matches!(metric.reading(), Reading::Share(_)) => value(metric, measured),
        Some(_) => count(measured as u64),
        None if judgement.condition.starts_with("complete") => percent(measured),
        None => format!("{measured:.1}").replace('-', "−"),
    };
    let mut measured = judgement.value.map(show).unwrap_or_default();
    if let Some((low, high)) = judgement.interval {
        measured = format!("{measured} [{}, {}]", show(low), show(high));
    }
    [
        format!("{}{currency}", judgement.condition),
        lang.ruling(judgement.ruling).to_owned(),
        lang.because(judgement.because).to_owned(),
        measured,
        judgement.needs.map(count).unwrap_or_default(),
    ]
}

/// That a gate cannot pass for want of complete turns; nothing where it can.
pub fn incomplete(gate: &Gate, lang: Lang) -> Option<String> {
    let is_incomplete = gate.complete != crate::gate::Ruling::Pass;
    is_incomplete.then(|| filled(lang.words().incomplete, &[("least", &percent(gate.least_complete))]))
}

/// The report's title.
pub fn title(report: &Report<'_>, lang: Lang) -> String {
    filled(lang.words().title, &[("name", &report.summary.head.name)])
}
