//! What is allowed and probably not meant about prices.

use common::{Problem, Problems};
use schemas::Millis;

use super::row::{place, price};
use super::shipped;
use crate::bundle::Bundle;
use crate::raw::RawCatalogue;
use crate::target::Target;
use crate::validate::day::shown;

/// Targets without a price at that time, prices of nothing, prices that end.
pub(in crate::validate) fn warnings(raw: &RawCatalogue, bundle: &Bundle, now: Millis) -> Vec<Problem> {
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
            (None, None) => unlisted(target_of),
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

/// Why a target has no row at all.
fn unlisted(target: &Target) -> String {
    let own = "no [[price]] is of its provider, model and region";
    match shipped::regions(target) {
        Some(regions) if regions.is_empty() => own.to_owned(),
        Some(regions) => {
            format!("{own}; the shipped list has its model for the regions {}", regions.join(", "))
        }
        None => format!("{own}, and the shipped list does not have its model"),
    }
}
