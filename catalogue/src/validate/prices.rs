//! The price table: which row holds follows from days and scopes, never from its place in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, UNIX_EPOCH};

use common::{Problem, Problems};
use schemas::Millis;
use schemas::ids::TargetName;
use toml::Spanned;

use super::provider;
use crate::bundle::Bundle;
use crate::currency;
use crate::price::{Price, in_force, pico_per_token};
use crate::raw::{RawCatalogue, RawPrice};
use crate::target::{Provider, Target};

/// A row with what it was read from.
type Row<'a> = (Price, &'a RawPrice);

/// The table, by scope and day; every row ends where the next of its scope begins, if not before.
pub(super) fn prices(
    raw: &[RawPrice],
    targets: &BTreeMap<TargetName, Target>,
    problems: &mut Problems,
) -> Vec<Price> {
    let rows = raw.iter().filter_map(|raw| Some((price(raw, problems)?, raw)));
    let mut rows: Vec<Row<'_>> = rows.collect();
    rows.sort_by(|(a, _), (b, _)| (a.scope(), a.from).cmp(&(b.scope(), b.from)));
    for next in 1..rows.len() {
        let (before, after) = rows.split_at_mut(next);
        if let (Some(row), Some(next)) = (before.last_mut(), after.first())
            && row.0.scope() == next.0.scope()
        {
            follow(row, next, problems);
        }
    }
    one_currency(&rows, targets, problems);
    rows.into_iter().map(|(price, _)| price).collect()
}

/// What two rows of one scope that follow one another must keep.
fn follow((price, raw): &mut Row<'_>, (next, raw_next): &Row<'_>, problems: &mut Problems) {
    let place = place(raw_next);
    if price.from == next.from {
        let what = format!(
            "two rows of one provider, model and region begin on {}: which of them holds?",
            raw_next.from.get_ref()
        );
        problems.add_at(&place, &raw_next.from, what);
    }
    match (price.until, &raw.until) {
        (Some(until), Some(written)) if until > next.from => {
            let what = format!(
                "it holds until {}, but the next row begins on {} already",
                written.get_ref(),
                raw_next.from.get_ref()
            );
            problems.add_at(&place, written, what);
        }
        (Some(_), _) => {}
        (None, _) => price.until = Some(next.from),
    }
    if price.currency != next.currency {
        let what = format!(
            "it is in {}, and the row of {} in {}",
            next.currency,
            raw.from.get_ref(),
            price.currency
        );
        problems.add_at(&place, &raw_next.currency, what + ": one model has one currency");
    }
}

/// A target is paid in one currency, also where a row of any region fills in for one of its own.
fn one_currency(rows: &[Row<'_>], targets: &BTreeMap<TargetName, Target>, problems: &mut Problems) {
    for (name, target) in targets {
        let own = || rows.iter().filter(|(price, _)| price.is_for(target));
        let moments: BTreeSet<Millis> = own().flat_map(|(p, _)| [Some(p.from), p.until]).flatten().collect();
        let held: Vec<&Price> = moments
            .into_iter()
            .filter_map(|at| in_force(own().map(|(price, _)| price), target, at))
            .collect();
        for pair in held.windows(2) {
            let [first, then] = pair else { continue };
            // Of one scope it has been told.
            if first.currency != then.currency && first.scope() != then.scope() {
                let Some((_, raw)) = own().find(|(price, _)| price == *then) else { continue };
                let what = format!(
                    "target {:?} would be paid in {} and, from {} on, in {}: one target has one currency",
                    name.as_str(),
                    first.currency,
                    raw.from.get_ref(),
                    then.currency
                );
                problems.add_at(&place(raw), &raw.currency, what);
            }
        }
    }
}

/// What is allowed and probably not meant: targets without a price at that time, prices of nothing, prices that end.
pub fn warnings(raw: &RawCatalogue, bundle: &Bundle, now: Millis) -> Vec<Problem> {
    let mut found = Problems::default();
    for target in &raw.target {
        let known = bundle.targets.iter().find(|(name, _)| name.as_str() == target.name.get_ref());
        let Some((name, target_of)) = known.filter(|(_, target)| bundle.price(target, now).is_none()) else {
            continue;
        };
        let own = || bundle.prices.iter().filter(|price| price.is_for(target_of));
        let next = own().map(|price| price.from).filter(|from| *from > now).min();
        let last = own().filter_map(|price| price.until).max();
        let why = match (next, last) {
            (Some(from), _) => format!("the next one begins on {}", shown(from)),
            (None, Some(until)) => format!("the last one ended on {}", shown(until)),
            (None, None) => "no [[price]] is of its provider, model and region".to_owned(),
        };
        let what = format!("it has no price today, so its calls have no cost: {why}");
        found.add_at(&format!("target {:?}", name.as_str()), &target.name, what);
    }
    for raw in &raw.price {
        let mut scratch = Problems::default();
        let Some(row) = price(raw, &mut scratch) else { continue };
        let is_for = |target: &&Target| row.is_for(target);
        let what = if !bundle.targets.values().any(|target| is_for(&target)) {
            "no target has its provider, model and region, so it is the price of nothing".to_owned()
        } else if row.from > now
            && bundle.targets.values().filter(is_for).any(|t| bundle.price(t, now).is_none())
        {
            format!("it holds from {} on only, and none holds until then", raw.from.get_ref())
        } else if let Some(until) = row.until.filter(|until| {
            *until > now && bundle.targets.values().filter(is_for).any(|t| bundle.price(t, *until).is_none())
        }) {
            format!("it ends on {}, and none follows: calls from then on have no cost", shown(until))
        } else {
            continue;
        };
        found.add_at(&place(raw), &raw.model, what);
    }
    found.into_vec()
}

fn place(raw: &RawPrice) -> String {
    format!("price of {:?}", raw.model.get_ref())
}

fn price(raw: &RawPrice, problems: &mut Problems) -> Option<Price> {
    let place = place(raw);
    let provider: Option<Provider> = provider(&place, &raw.provider, problems);
    let mut amount = |at: &Spanned<String>| {
        let pico = pico_per_token(at.get_ref());
        if pico.is_none() {
            let what = "a price is decimal text below 10^12 with at most 6 places, per million tokens";
            problems.add_at(&place, at, what);
        }
        pico
    };
    let (input, output) = (amount(&raw.input), amount(&raw.output));
    let cached = raw.cached.as_ref().map_or(input, &mut amount);
    let from = day(&place, &raw.from, problems);
    let until = raw.until.as_ref().map(|at| day(&place, at, problems));
    if let (Some(from), Some(Some(until)), Some(at)) = (from, until, &raw.until)
        && until <= from
    {
        let what = format!("until {} is not after from {}", at.get_ref(), raw.from.get_ref());
        problems.add_at(&place, at, what);
    }
    if let Some(what) = currency::problem(raw.currency.get_ref()) {
        problems.add_at(&place, &raw.currency, what);
    }
    Some(Price {
        provider: provider?,
        model: raw.model.get_ref().clone(),
        region: raw.region.clone(),
        currency: raw.currency.get_ref().clone(),
        from: from?,
        until: until.map_or(Some(None), |day| day.map(Some))?,
        input_pico: input?,
        cached_pico: cached?,
        output_pico: output?,
    })
}

fn day(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<Millis> {
    let time = humantime::parse_rfc3339(&format!("{}T00:00:00Z", at.get_ref())).ok();
    let millis = time
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok());
    if millis.is_none() {
        problems.add_at(place, at, format!("{:?} is no day such as 2026-01-01", at.get_ref()));
    }
    millis
}

/// A day as the file has it.
fn shown(day: Millis) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(day.max(0).unsigned_abs());
    humantime::format_rfc3339_seconds(time).to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests;
