//! The record of an attempt at a review, with its price.

use std::time::Duration;

use catalogue::Reviewer;
use catalogue::reviewer::Service;
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::ids::TargetName;

use crate::metrics;
use crate::reply::Notes;

/// One attempt as it was made.
pub(super) struct Made<'a> {
    pub(super) made: outbound::Attempt,
    pub(super) name: &'a TargetName,
    pub(super) reviewer: &'a Reviewer,
    pub(super) service: &'a Service,
    pub(super) notes: Notes,
}

impl Made<'_> {
    /// The record; `began` is when the first could have started. A call is paid when it was made, or may have been.
    pub(super) fn record(self, number: u16, began: Millis) -> Attempt {
        let Self { made, name, reviewer, service, notes } = self;
        let failure = made.failure;
        let may_be_billed = failure.as_ref().is_none_or(|failure| failure.ambiguous);
        let cost = service.price.clone().filter(|_| may_be_billed);
        if let Some(cost) = &cost {
            metrics::cost(name.as_str(), cost);
        }
        let model = match reviewer {
            Reviewer::Moderation { model, .. } => model.clone(),
            Reviewer::Webhook { .. } | Reviewer::Judge { .. } => None,
        };
        let detail = failure.as_ref().map(|failure| failure.detail.clone());
        Attempt {
            number,
            target: name.clone(),
            provider: reviewer.label().to_owned(),
            model: model.unwrap_or_default(),
            model_answered: None,
            region: service.region.clone(),
            key: None,
            started_at: began.saturating_add(Millis::from(whole_ms(made.started))),
            duration_ms: whole_ms(made.took),
            time_to_first_token_ms: None,
            error: failure.as_ref().map(|failure| failure.label().to_owned()),
            status: notes.status.or(failure.as_ref().and_then(|failure| failure.status)),
            code: failure.and_then(|failure| failure.code),
            detail: detail.filter(|detail| !detail.is_empty()),
            provider_request: notes.provider_request,
            finish: None,
            flagged: None,
            usage: None,
            raw_usage: None,
            usage_contradicts: false,
            may_be_billed,
            price: cost.is_some().then(|| format!("reviewer/{name}")),
            cost,
        }
    }
}

fn whole_ms(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
