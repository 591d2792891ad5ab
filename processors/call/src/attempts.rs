//! The record of every attempt, with its price.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use catalogue::{Bundle, Target};
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;
use schemas::money::Money;

use crate::complaints::Complaints;
use crate::metrics::{self, Unpriced};
use crate::reply::Notes;

/// What replies told, by number of the attempt. Written while attempts run: a failed one may have cost money.
#[derive(Debug, Default)]
pub(crate) struct ReplyNotes(Mutex<BTreeMap<u32, Notes>>);

impl ReplyNotes {
    pub(crate) fn write(&self, number: u32, notes: Notes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, notes);
    }

    pub(crate) fn into_notes(self) -> BTreeMap<u32, Notes> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One attempt as it was made.
pub(crate) struct Made<'a> {
    pub(crate) made: outbound::Attempt,
    pub(crate) name: &'a TargetName,
    pub(crate) target: &'a Target,
    pub(crate) notes: Notes,
}

/// The records of attempts, numbered in order; `began` is when the first could have started.
pub(crate) fn records<'a>(
    bundle: &Bundle,
    complaints: &Complaints,
    began: Millis,
    all: impl IntoIterator<Item = Made<'a>>,
) -> Vec<Attempt> {
    let record = |(number, made): (u16, Made<'_>)| {
        let started_at = began.saturating_add(millis(made.made.started));
        let price = priced(bundle, complaints, &made, started_at);
        record(number, made, started_at, price)
    };
    (1..).zip(all).map(record).collect()
}

fn record(number: u16, attempt: Made<'_>, started_at: Millis, price: Option<(Money, String)>) -> Attempt {
    let (cost, price) = price.unzip();
    let Made { made, name, target, notes } = attempt;
    if let Some(usage) = &notes.usage {
        metrics::tokens(name.as_str(), usage);
    }
    let failure = made.failure;
    // A refusal costs nothing; a success, or a call whose reply was lost, may.
    let may_be_billed = failure.as_ref().is_none_or(|failure| failure.ambiguous) || notes.usage.is_some();
    let detail = failure.as_ref().map(|failure| failure.detail.clone());
    Attempt {
        number,
        target: name.clone(),
        provider: target.provider.label().to_owned(),
        model: target.model.clone(),
        model_answered: notes.model,
        region: target.region.clone(),
        started_at,
        duration_ms: u32::try_from(made.took.as_millis()).unwrap_or(u32::MAX),
        error: failure.as_ref().map(|failure| failure.label().to_owned()),
        code: failure.and_then(|failure| failure.code),
        detail: detail.filter(|detail| !detail.is_empty()),
        status: notes.status,
        provider_request: notes.provider_request,
        finish: notes.finish,
        usage: notes.usage,
        usage_contradicts: notes.usage_contradicts,
        may_be_billed,
        cost,
        price,
    }
}

/// Cost and price row; nothing when unknown, which is not the same as free.
fn priced(
    bundle: &Bundle,
    complaints: &Complaints,
    attempt: &Made<'_>,
    at: Millis,
) -> Option<(Money, String)> {
    let (name, target) = (attempt.name, attempt.target);
    let unpriced = |why: Unpriced| {
        complaints.unpriced(name, why);
        metrics::unpriced(name.as_str(), why);
    };
    let Some(usage) = &attempt.notes.usage else {
        if attempt.made.failure.as_ref().is_none_or(|failure| failure.ambiguous) {
            unpriced(Unpriced::Usage);
        }
        return None;
    };
    if attempt.notes.usage_contradicts {
        unpriced(Unpriced::Contradiction);
        return None;
    }
    let row = bundle.price(target, at);
    let cost = row.and_then(|row| Some((row.cost(usage)?, row.id())));
    if cost.is_none() {
        unpriced(if row.is_some() { Unpriced::Usage } else { Unpriced::Price });
    }
    cost
}

fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}
