//! A table for the terminal.

use super::format::{chance, distance, filled, footing, percent, value};
use super::{Lang, Report, sentences};
use crate::gate::Gate;
use crate::summary::Summary;
use crate::summary::figure::Figure;
use crate::summary::groups::Group;

/// The report as text.
pub fn terminal(report: &Report<'_>, lang: Lang) -> String {
    let words = lang.words();
    let summary = report.summary;
    let sides = format!("{} → {}", shown(&summary.head.baseline.name), shown(&summary.head.candidate.name));
    let mut text = format!("{}: {sides}\n", shown(&sentences::title(report, lang)));
    if let Some(dataset) = &summary.head.dataset {
        text.push_str(&format!("{}: {}\n", words.dataset, shown(dataset)));
    }
    text.push('\n');
    text.push_str(&figures(summary, lang));
    text.push_str(&groups(summary, lang));
    text.push('\n');
    for line in sentences::quality(summary, lang) {
        text.push_str(&line);
        text.push('\n');
    }
    if let Some(against) = report.against {
        let name = shown(&against.head.baseline.name);
        text.push_str(&format!("\n{}\n\n", filled(words.against, &[("name", &name)])));
        text.push_str(&figures(against, lang));
    }
    if let Some(told) = report.gate {
        text.push('\n');
        text.push_str(&gate(told, lang));
    }
    text
}

/// What a gate says, a line for each condition.
pub fn gate(gate: &Gate, lang: Lang) -> String {
    let words = lang.words();
    let head = [words.condition, words.result, words.value, words.reason, words.needs].map(str::to_owned);
    let row = |told: [String; 5]| {
        let [condition, result, reason, measured, needs] = told;
        [condition, result, measured, reason, needs]
    };
    let rows = gate.judgements.iter().map(|judgement| row(sentences::judged(judgement, lang)));
    let mut text = table(std::iter::once(head).chain(rows).collect());
    if let Some(incomplete) = sentences::incomplete(gate, lang) {
        text.push_str(&incomplete);
        text.push('\n');
    }
    text + &format!("{}: {}\n", words.gate, lang.ruling(gate.ruling))
}

fn figures(summary: &Summary, lang: Lang) -> String {
    let words = lang.words();
    let head = [
        words.metric,
        words.baseline,
        words.candidate,
        words.change,
        words.interval,
        words.least_effect,
        words.chance,
        words.loop_of,
    ];
    let rows = summary.figures.iter().map(|figure| row(figure, lang));
    table(std::iter::once(head.map(str::to_owned)).chain(rows).collect())
}

fn row(figure: &Figure, lang: Lang) -> [String; 8] {
    let [baseline, candidate] = sentences::sides(figure);
    [
        sentences::name(figure, lang),
        baseline,
        candidate,
        value(figure.metric, figure.value),
        interval(figure),
        figure.least_effect.map(|least| distance(figure.metric, least)).unwrap_or_default(),
        figure.corrected.map(chance).unwrap_or_default(),
        footing(lang, figure.closed, figure.open),
    ]
}

/// Both ends of an interval.
pub(super) fn interval(figure: &Figure) -> String {
    let ends = |(low, high)| format!("{} … {}", value(figure.metric, low), value(figure.metric, high));
    figure.interval.map(ends).unwrap_or_default()
}

fn groups(summary: &Summary, lang: Lang) -> String {
    let words = lang.words();
    let mut rows = Vec::new();
    for (kind, groups) in [(words.class, &summary.classes), (words.tier, &summary.tiers)] {
        rows.extend(groups.iter().filter_map(|group| of_group(kind, group, lang)));
    }
    if rows.is_empty() {
        return String::new();
    }
    let head = [words.wins_plot, words.value, words.interval, words.loop_of].map(str::to_owned);
    format!("\n{}", table(std::iter::once(head).chain(rows).collect()))
}

fn of_group(kind: &str, group: &Group, lang: Lang) -> Option<[String; 4]> {
    let figure = group.win_rate.as_ref()?;
    let name = format!("{kind} {}", shown(&group.name));
    Some([name, percent(figure.value), interval(figure), footing(lang, figure.closed, figure.open)])
}

/// A name without characters that a terminal acts upon.
fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Rows as aligned columns; Chinese characters take two places.
fn table<const N: usize>(rows: Vec<[String; N]>) -> String {
    let width = |column: usize| rows.iter().map(|row| places(&row[column])).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let room = " ".repeat(width - places(cell));
            format!("{cell}{room}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Places of a text in a terminal.
fn places(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}
