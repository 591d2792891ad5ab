//! Where reviewers are called: `[[call.reviewer]]`, checked.

use std::collections::BTreeMap;

use catalogue::{Bundle, Reviewer};
use common::{Carrier, Problems, Secret};
use outbound::{Limits, Url};
use schemas::ids::TargetName;

use crate::config::{RawCall, RawDesk};
use crate::endpoint::Address;
use crate::pace;

/// Where a server that reviews is called, and what it allows.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) url: Url,
    /// The key of a moderation server; what a webhook's calls are signed with.
    pub(crate) secret: Secret,
    pub(crate) limits: Limits,
}

/// One for every server that reviews in the bundle.
pub(crate) fn desks(raw: &RawCall, bundle: &Bundle, problems: &mut Problems) -> BTreeMap<TargetName, Desk> {
    let mut desks = BTreeMap::new();
    for entry in &raw.reviewer {
        let place = format!("call.reviewer {:?}", entry.name.get_ref());
        let known = bundle.reviewers.iter().find(|(name, _)| name.as_str() == entry.name.get_ref());
        let Some((name, reviewer)) = known else {
            problems.add_at(&place, &entry.name, "there is no [[reviewer]] of that name");
            continue;
        };
        let Some(desk) = desk(entry, reviewer, &place, problems) else { continue };
        if desks.insert(name.clone(), desk).is_some() {
            problems.add_at(&place, &entry.name, "it is configured twice");
        }
    }
    let has_entry =
        |name: &TargetName| raw.reviewer.iter().any(|entry| entry.name.get_ref() == name.as_str());
    for (name, reviewer) in &bundle.reviewers {
        if reviewer.service().is_some() && !has_entry(name) {
            problems
                .add("call", format!("there is no [[call.reviewer]] for the reviewer {:?}", name.as_str()));
        }
    }
    desks
}

fn desk(entry: &RawDesk, reviewer: &Reviewer, place: &str, problems: &mut Problems) -> Option<Desk> {
    let (url, secret) = match reviewer {
        Reviewer::Moderation { .. } => {
            if !entry.secret.is_empty() {
                problems.add(place, "secret: a moderation server has api_key");
            }
            if !entry.api_key.is_empty()
                && let Some(why) = entry.api_key.problem(Carrier::Bearer)
            {
                problems.add(place, format!("api_key: {why}"));
            }
            let address = Address::new(entry.base_url.get_ref(), &entry.api_key, None);
            (address.map(|address| address.under("/moderations")), entry.api_key.clone())
        }
        Reviewer::Webhook { .. } => {
            if !entry.api_key.is_empty() {
                problems.add(place, "api_key: the calls of a webhook are signed with secret");
            }
            if let Some(why) = entry.secret.problem(Carrier::Text) {
                problems.add_at(place, &entry.name, format!("secret: {why}"));
            }
            (webhook(entry.base_url.get_ref()), entry.secret.clone())
        }
        Reviewer::Judge { .. } => {
            problems.add_at(place, &entry.name, "a judge is called at the address of its target");
            return None;
        }
    };
    let limits = match pace::calls(entry.requests_per_minute, entry.max_concurrent) {
        Ok(limits) => limits,
        Err(key) => {
            problems.add_at(place, &entry.name, format!("its {key} must be more than zero"));
            Limits::default()
        }
    };
    let url = problems.take_at(place, &entry.base_url, url)?;
    Some(Desk { url, secret, limits })
}

fn webhook(text: &str) -> Result<Url, &'static str> {
    let wrong = "its base_url is no http address";
    let url: Url = text.parse().map_err(|_| wrong)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its base_url holds a password: its calls are signed instead");
    }
    Ok(url)
}
