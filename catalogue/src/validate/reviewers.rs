//! Reviewers, and what apps make of what they say.

use std::collections::BTreeMap;

use common::Problems;
use schemas::ids::TargetName;
use schemas::money::Money;

use crate::currency;
use crate::price::micro;
use crate::raw::{RawApp, RawReviewer};
use crate::reviewer::{Fallback, ReviewPolicy, ReviewTime, Reviewer, Service};
use crate::target::Target;

/// Longest time of one attempt in milliseconds, unless the file says otherwise.
const TIMEOUT_MS: u64 = 3_000;
/// Picos of a currency's unit in a millionth of it.
const PICO: i128 = 1_000_000;

/// The kinds, by their words.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Moderation,
    Webhook,
    Judge,
}

/// The reviewers of a file. They share their names with its targets.
pub(super) fn reviewers(
    raw: &[RawReviewer],
    targets: &BTreeMap<TargetName, Target>,
    problems: &mut Problems,
) -> BTreeMap<TargetName, Reviewer> {
    let mut reviewers = BTreeMap::new();
    for raw in raw {
        let place = format!("reviewer {:?}", raw.name.get_ref());
        let name = problems.take_at(&place, &raw.name, TargetName::new(raw.name.get_ref().clone()));
        let reviewer = reviewer(raw, targets, &place, problems);
        let Some((name, reviewer)) = name.zip(reviewer) else { continue };
        if targets.contains_key(&name) {
            problems.add_at(&place, &raw.name, "a target has this name: rows and metrics would mix them");
        }
        if reviewers.insert(name, reviewer).is_some() {
            problems.add_at(&place, &raw.name, "it is configured twice");
        }
    }
    reviewers
}

fn reviewer(
    raw: &RawReviewer,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Option<Reviewer> {
    let kinds = [("moderation", Kind::Moderation), ("webhook", Kind::Webhook), ("judge", Kind::Judge)];
    let kind = problems.word(place, &raw.kind, &kinds)?;
    let given = [
        ("model", raw.model.is_some(), matches!(kind, Kind::Moderation)),
        ("target", raw.target.is_some(), matches!(kind, Kind::Judge)),
        ("region", raw.region.is_some(), !matches!(kind, Kind::Judge)),
        ("timeout", raw.timeout.is_some(), !matches!(kind, Kind::Judge)),
        ("price", raw.price.is_some(), !matches!(kind, Kind::Judge)),
        ("currency", raw.currency.is_some(), !matches!(kind, Kind::Judge)),
    ];
    for (key, _, _) in given.into_iter().filter(|(_, is_given, is_taken)| *is_given && !is_taken) {
        problems.add(place, format!("{key}: a reviewer of its kind takes none"));
    }
    match kind {
        Kind::Moderation => {
            Some(Reviewer::Moderation { model: raw.model.clone(), service: service(raw, place, problems) })
        }
        Kind::Webhook => Some(Reviewer::Webhook { service: service(raw, place, problems) }),
        Kind::Judge => judge(raw, targets, place, problems),
    }
}

fn judge(
    raw: &RawReviewer,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Option<Reviewer> {
    let Some(at) = &raw.target else {
        problems.add_at(place, &raw.name, "its target is not set");
        return None;
    };
    let target = targets.keys().find(|name| name.as_str() == at.get_ref()).cloned();
    if target.is_none() {
        problems.add_at(place, at, format!("its target {:?} is not configured", at.get_ref()));
    }
    Some(Reviewer::Judge { target: target? })
}

fn service(raw: &RawReviewer, place: &str, problems: &mut Problems) -> Service {
    let region = raw.region.clone().unwrap_or_default();
    if region.is_empty() {
        problems.add_at(place, &raw.name, "its region is not set");
    }
    if raw.model.as_deref() == Some("") {
        problems.add(place, "model may not be empty");
    }
    if let Some(at) = raw.timeout.as_ref().filter(|at| at.get_ref().0.is_zero()) {
        problems.add_at(place, at, "timeout may not be zero");
    }
    let timeout =
        raw.timeout.as_ref().map(|at| u64::try_from(at.get_ref().0.as_millis()).unwrap_or(u64::MAX));
    Service { region, timeout_ms: timeout.unwrap_or(TIMEOUT_MS), price: price(raw, place, problems) }
}

fn price(raw: &RawReviewer, place: &str, problems: &mut Problems) -> Option<Money> {
    let (price, currency) = match (&raw.price, &raw.currency) {
        (None, None) => return None,
        (Some(price), Some(currency)) => (price, currency),
        (Some(at), None) | (None, Some(at)) => {
            problems.add_at(place, at, "price and currency belong together");
            return None;
        }
    };
    if let Some(what) = currency::problem(currency.get_ref()) {
        problems.add_at(place, currency, what);
    }
    let micro = micro(price.get_ref());
    if micro.is_none() {
        problems.add_at(place, price, "a price is decimal text below 10^12 with at most 6 places, per call");
    }
    Some(Money { currency: currency.get_ref().clone(), pico: i128::from(micro?) * PICO })
}

/// What an app makes of what the filter holds, if it has somebody who reviews.
pub(super) fn policy(
    raw: &RawApp,
    reviewers: &BTreeMap<TargetName, Reviewer>,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Option<ReviewPolicy> {
    let review = raw.review.as_ref()?;
    let words = [("pass", Fallback::Pass), ("block", Fallback::Block)];
    let when_away = problems.word(place, &review.when_away, &words);
    let controversial = problems.word(place, &review.controversial, &words);
    let times = [("before", ReviewTime::Before), ("after", ReviewTime::After)];
    let answers = problems.word(place, &review.answers, &times);
    for (key, most) in [("per_minute", &review.per_minute), ("per_day", &review.per_day)] {
        if let Some(at) = most.as_ref().filter(|at| *at.get_ref() == 0) {
            problems.add_at(place, at, format!("review.{key} may not be zero"));
        }
    }
    if review.within.is_zero() || review.within >= raw.answer_within {
        let what = "review.within must be more than zero and shorter than answer_within";
        problems.add_at(place, &review.reviewer, what);
    }
    let at = &review.reviewer;
    let Some((name, reviewer)) = reviewers.iter().find(|(name, _)| name.as_str() == at.get_ref()) else {
        problems.add_at(place, at, format!("its reviewer {:?} is not configured", at.get_ref()));
        return None;
    };
    let region = match reviewer {
        Reviewer::Judge { target } => targets.get(target).map(|target| &target.region),
        Reviewer::Moderation { service, .. } | Reviewer::Webhook { service } => Some(&service.region),
    };
    if let Some(region) = region.filter(|region| !raw.allowed_regions.contains(region)) {
        let what = format!("its reviewer {name} is in region {region:?}, which is not in allowed_regions");
        problems.add_at(place, at, what);
    }
    Some(ReviewPolicy {
        reviewer: name.clone(),
        within_ms: super::millis(review.within),
        when_away: when_away.unwrap_or(Fallback::Block),
        controversial: controversial.unwrap_or(Fallback::Block),
        text: review.text.clone(),
        per_minute: review.per_minute.as_ref().map(|most| *most.get_ref()),
        per_day: review.per_day.as_ref().map(|most| *most.get_ref()),
        charged: review.charged,
        answers: answers.unwrap_or_default(),
    })
}
