//! The attempt of a run that left no trace: its process died in it, or it was cut off with what it knew.

use catalogue::Bundle;
use outbound::Class;
use schemas::Millis;
use schemas::answered::Attempt;
use schemas::request::Request;

/// The least that such a run can have made: one call of the first target, which may be billed. The reason why nothing more is
/// known stands in place of the provider's code.
pub(crate) fn attempt(bundle: &Bundle, request: &Request, why: &str, now: Millis) -> Option<Attempt> {
    let name = request.chain.first()?;
    let target = bundle.targets.get(name);
    let reviewer = bundle.reviewers.get(name);
    let of_reviewer = || reviewer.map_or_else(String::new, |reviewer| reviewer.label().to_owned());
    Some(Attempt {
        number: 1,
        target: name.clone(),
        provider: target.map_or_else(of_reviewer, |target| target.provider.label().to_owned()),
        model: target.map_or_else(String::new, |target| target.model.clone()),
        model_answered: None,
        region: target.map_or_else(
            || {
                reviewer
                    .and_then(|reviewer| reviewer.service())
                    .map_or_else(String::new, |it| it.region.clone())
            },
            |target| target.region.clone(),
        ),
        started_at: now,
        key: None,
        duration_ms: 0,
        time_to_first_token_ms: None,
        error: Some(Class::Timeout.label().to_owned()),
        code: Some(why.to_owned()),
        detail: None,
        status: None,
        provider_request: None,
        finish: None,
        flagged: None,
        usage: None,
        raw_usage: None,
        usage_contradicts: false,
        may_be_billed: true,
        cost: None,
        price: None,
    })
}
