//! Numbers as people read them.

use crate::summary::figure::Figure;
use crate::summary::metric::{Metric, Reading, Unit};

use super::Lang;

/// Turns that a cost is told of.
const THOUSAND: f64 = 1_000.0;

/// A template with its values put in.
pub fn filled(template: &str, values: &[(&str, &str)]) -> String {
    // In one pass, so that braces in a value stay as they are.
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        text.push_str(before);
        let name = after.get(1..).and_then(|name| name.split('}').next()).unwrap_or_default();
        let value = values.iter().find(|(known, _)| *known == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after.get(name.len() + 2..).unwrap_or_default();
    }
    text + rest
}

/// A share: `12.5 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if percent.abs() >= 99.95 || percent == 0.0 { 0 } else { 1 };
    let text = format!("{percent:.decimals$}");
    // No negative nothing.
    let text = if text.trim_start_matches(['-', '0', '.']).is_empty() { "0".to_owned() } else { text };
    format!("{text} %").replace('-', "−")
}

/// A change: `+12.5 %`.
pub fn signed(share: f64) -> String {
    let text = percent(share);
    if share > 0.0 && text != "0 %" { format!("+{text}") } else { text }
}

/// A share on an axis, without decimals where there are none: `20 %`.
pub fn tick(share: f64) -> String {
    percent(share).replace(".0 %", " %")
}

/// A change on an axis.
pub fn signed_tick(share: f64) -> String {
    signed(share).replace(".0 %", " %")
}

/// A difference of shares in percentage points: `+1.5 pp`.
pub fn points(share: f64) -> String {
    signed(share).replace(" %", " pp")
}

/// With thousands apart: `12,345`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount of money of 1,000 turns: three digits that count, two decimals at least.
pub fn amount(of_turn: f64) -> String {
    let amount = of_turn * THOUSAND;
    let decimals = if amount >= 1.0 || amount <= 0.0 {
        2
    } else {
        (2 - amount.log10().floor() as i32).clamp(2, 9) as usize
    };
    format!("{amount:.decimals$}")
}

/// One side's value of a figure in its unit.
pub fn side(figure: &Figure, value: f64) -> String {
    match figure.metric.unit() {
        Unit::Money => format!("{} {}", amount(value), figure.currency.as_deref().unwrap_or_default()),
        Unit::Count => count(value.round() as u64),
        Unit::Millis => format!("{} ms", count(value.round() as u64)),
        Unit::Share => percent(value),
    }
}

/// A figure's own value, or one in its unit: a change, a difference or a share.
pub fn value(metric: Metric, value: f64) -> String {
    match metric.reading() {
        Reading::Money | Reading::Means(_) | Reading::P95(_) => signed(value),
        Reading::Rates(_) => points(value),
        Reading::Share(_) | Reading::Mean(_) => percent(value),
    }
}

/// A difference in a figure's unit, without its sign.
pub fn distance(metric: Metric, value: f64) -> String {
    match metric.reading() {
        Reading::Money | Reading::Means(_) | Reading::P95(_) => percent(value.abs()),
        Reading::Rates(_) | Reading::Share(_) | Reading::Mean(_) => percent(value.abs()).replace(" %", " pp"),
    }
}

/// A chance: `0.3 %`, `< 0.1 %`.
pub fn chance(chance: f64) -> String {
    if chance < 0.001 { "< 0.1 %".to_owned() } else { percent(chance) }
}

/// What a figure stands upon.
pub fn footing(lang: Lang, closed: u64, open: u64) -> String {
    let words = lang.words();
    match (closed, open) {
        (_, 0) => words.closed.to_owned(),
        (0, _) => words.open.to_owned(),
        _ => filled(words.mixed, &[("closed", &count(closed)), ("open", &count(open))]),
    }
}
