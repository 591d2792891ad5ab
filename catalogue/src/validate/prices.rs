//! The price table: which row holds follows from days, hours and scopes, never from its place in the file.

mod row;
mod shipped;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use common::{Problem, Problems};
use schemas::Millis;
use schemas::ids::TargetName;

use self::row::{place, price};
use crate::price::{Price, in_force};
use crate::raw::{RawCatalogue, RawPrice};
use crate::target::{Provider, Target};

pub use self::shipped::{ShippedPrice, rows as shipped_prices};
pub(super) use self::warnings::warnings;

/// A row with what it was read from.
type Row<'a> = (Price, &'a RawPrice);

/// The table, by scope and day: the rows of the file, each of which ends where the next of its scope begins, if not before; and
/// the shipped rows of targets of which the file has none.
pub(super) fn prices(
    raw: &RawCatalogue,
    targets: &BTreeMap<TargetName, Target>,
    problems: &mut Problems,
) -> Vec<Price> {
    let rows = raw.price.iter().filter_map(|raw| Some((price(raw, problems)?, raw)));
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
    hours(&rows, problems);
    let mut prices: Vec<Price> = rows.into_iter().map(|(price, _)| price).collect();
    prices.extend(from_the_list(raw, targets, &prices, problems));
    prices.sort_by(|a, b| (a.scope(), a.from).cmp(&(b.scope(), b.from)));
    prices
}

/// The rows of a table that stands by itself, checked as those of a configuration.
///
/// # Errors
/// Everything that is wrong with them.
pub fn table(price: Vec<RawPrice>) -> Result<Vec<Price>, Vec<Problem>> {
    let raw = RawCatalogue { price, ..RawCatalogue::default() };
    let mut problems = Problems::default();
    let rows = prices(&raw, &BTreeMap::new(), &mut problems);
    problems.finish(Some(rows))
}

/// The shipped rows of the targets that take them and of which the file has no row.
fn from_the_list(
    raw: &RawCatalogue,
    targets: &BTreeMap<TargetName, Target>,
    own: &[Price],
    problems: &mut Problems,
) -> Vec<Price> {
    let mut listed: Vec<Price> = Vec::new();
    let mut said: BTreeMap<(Provider, &str, &str), bool> = BTreeMap::new();
    let words = [("shipped", true), ("own", false)];
    for raw in &raw.target {
        let place = format!("target {:?}", raw.name.get_ref());
        let Some(takes) = problems.word(&place, &raw.prices, &words) else { continue };
        let target = targets.iter().find(|(name, _)| name.as_str() == raw.name.get_ref());
        let Some((_, target)) = target else { continue };
        let known = said.insert((target.provider, &target.model, &target.region), takes);
        if known.is_some_and(|known| known != takes) {
            let what = "prices: another target of its provider, model and region says otherwise";
            problems.add_at(&place, &raw.prices, what);
        }
        if takes && known.is_none() && !own.iter().any(|price| price.is_for(target)) {
            listed.extend(shipped_prices(target).map(|row| row.of(target)));
        }
    }
    listed
}

/// Rows of hours stand beside one of the whole day, which holds in the others, and no two of them hold at a time.
fn hours(rows: &[Row<'_>], problems: &mut Problems) {
    for (price, raw) in rows {
        let (Some(hours), Some(written)) = (price.hours, &raw.hours) else { continue };
        let place = place(raw);
        let of_model = |other: &&Row<'_>| {
            other.0.provider == price.provider
                && other.0.model == price.model
                && other.0.region == price.region
        };
        let whole_day = rows.iter().filter(of_model).find(|(other, _)| other.hours.is_none());
        match whole_day {
            None => problems.add_at(
                &place,
                written,
                "hours: a row without hours is needed for the rest of the day",
            ),
            Some((other, _)) if other.currency != price.currency => {
                let what =
                    format!("it is in {}, and that of the whole day in {}", price.currency, other.currency);
                problems.add_at(&place, &raw.currency, what + ": one model has one currency");
            }
            Some(_) => {}
        }
        let at_once = |(other, _): &&Row<'_>| {
            let begins_before = |one: &Price, than: &Price| one.until.is_none_or(|until| than.from < until);
            let meets = other.hours.is_some_and(|others| others != hours && others.meet(&hours));
            meets && begins_before(other, price) && begins_before(price, other)
        };
        if rows.iter().filter(of_model).any(|other| at_once(&other)) {
            problems.add_at(&place, written, "hours: another row of the model holds in some of them as well");
        }
    }
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
        // Rows of hours have the currency of that of the whole day.
        let own = || rows.iter().filter(|(price, _)| price.hours.is_none() && price.is_for(target));
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

#[cfg(test)]
mod tests;
