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
use crate::gen_ai;
use crate::metrics::{self, Further, Unpriced};
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

/// How attempts ended, in the order of their ends. Written while a request runs.
#[derive(Debug, Default)]
pub(crate) struct Ends(Mutex<Vec<outbound::Attempt>>);

impl Ends {
    pub(crate) fn push(&self, attempt: outbound::Attempt) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }

    pub(crate) fn take(&self) -> Vec<outbound::Attempt> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One attempt as it was made.
pub(crate) struct Made<'a> {
    pub(crate) made: outbound::Attempt,
    pub(crate) name: &'a TargetName,
    pub(crate) target: &'a Target,
    /// How many keys the target has.
    pub(crate) keys: usize,
    pub(crate) notes: Notes,
}

/// The records of attempts, numbered in order; `began` is when the first could have started.
pub(crate) fn records<'a>(
    bundle: &Bundle,
    complaints: &Complaints,
    began: Millis,
    all: impl IntoIterator<Item = Made<'a>>,
) -> Vec<Attempt> {
    let mut before: Option<&'a TargetName> = None;
    let record = |(number, made): (u16, Made<'a>)| {
        if let Some(before) = before.replace(made.name) {
            metrics::further(
                made.name.as_str(),
                if before == made.name { Further::Retry } else { Further::Fallback },
            );
        }
        let started_at = began.saturating_add(millis(made.made.started));
        let price = priced(bundle, complaints, &made, started_at);
        record(number, made, started_at, price)
    };
    (1..).zip(all).map(record).collect()
}

fn record(number: u16, attempt: Made<'_>, started_at: Millis, price: Option<(Money, String)>) -> Attempt {
    let (cost, price) = price.unzip();
    let Made { made, name, target, keys, notes } = attempt;
    let key = u16::try_from(made.key + 1).ok().filter(|_| keys > 1);
    if let Some(usage) = &notes.usage {
        metrics::tokens(name.as_str(), usage);
    }
    if let Some(cost) = &cost {
        metrics::cost(name.as_str(), cost);
    }
    if let Some(time) = notes.time_to_first_token {
        metrics::first_token(name.as_str(), time);
    }
    gen_ai::metrics::attempt(target, &made, &notes);
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
        key,
        started_at,
        duration_ms: whole_ms(made.took),
        time_to_first_token_ms: notes.time_to_first_token.map(whole_ms),
        error: failure.as_ref().map(|failure| failure.label().to_owned()),
        code: failure.and_then(|failure| failure.code),
        detail: detail.filter(|detail| !detail.is_empty()),
        status: notes.status,
        provider_request: notes.provider_request,
        finish: notes.finish,
        flagged: notes.flagged,
        usage: notes.usage,
        raw_usage: notes.raw_usage,
        usage_contradicts: notes.usage_contradicts,
        may_be_billed,
        cost,
        price,
    }
}

/// Cost and price row; nothing when unknown, which is not the same as free. Tokens that are not known, or contradict each other,
/// have no cost; time on the operator's own machines has one all the same.
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
    let usage = attempt.notes.usage.as_ref();
    if usage.is_none() && attempt.made.failure.as_ref().is_some_and(|failure| !failure.ambiguous) {
        return None;
    }
    let contradicts = attempt.notes.usage_contradicts;
    let row = bundle.price(target, at);
    let known = usage.filter(|_| !contradicts);
    let cost = row.and_then(|row| Some((row.cost(known, attempt.made.took)?, row.id())));
    if cost.is_none() {
        unpriced(match (usage, row) {
            (Some(_), _) if contradicts => Unpriced::Contradiction,
            (Some(_), None) => Unpriced::Price,
            (Some(_) | None, _) => Unpriced::Usage,
        });
    }
    cost
}

fn whole_ms(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use outbound::{Class, Failure};
    use schemas::answered::Usage;

    use super::*;

    const OWN: &str = "[[target]]\nname = 'own'\nprovider = 'local'\nmodel = 'm'\nregion = 'cn'\n\
                       [[price]]\nprovider = 'local'\nmodel = 'm'\ncurrency = 'CNY'\nfrom = '2026-01-01'\n";
    /// 2026-11-30, 20:00 UTC.
    const NIGHT: Millis = 1_796_068_800_000;

    /// Cost and price of one attempt of 1.5 s.
    fn cost(price: &str, at: Millis, failure: Option<Failure>, notes: Notes) -> Option<(i128, String)> {
        let bundle = catalogue::validate(&toml::from_str(&format!("{OWN}{price}")).unwrap()).unwrap();
        let (name, target) = bundle.targets.first_key_value().unwrap();
        let took = Duration::from_millis(1_500);
        let made = outbound::Attempt { target: 0, key: 0, number: 0, started: Duration::ZERO, took, failure };
        let made = Made { made, name, target, keys: 1, notes };
        let attempts = records(&bundle, &Complaints::default(), at, [made]);
        attempts[0].cost.as_ref().map(|cost| cost.pico).zip(attempts[0].price.clone())
    }

    fn used(input: u64, output: u64) -> Notes {
        Notes { usage: Some(Usage { input, output, ..Usage::default() }), ..Notes::default() }
    }

    #[test]
    fn time_on_ones_own_machines_is_paid_whether_tokens_were_told_or_not() {
        let price = "gpu_hour = '12.5'\nshare = '0.125'";
        let of_time = Some(651_041_667);
        let pico = |failure, notes| cost(price, NIGHT, failure, notes).map(|(pico, _)| pico);
        assert_eq!(pico(None, Notes::default()), of_time);
        assert_eq!(pico(None, used(1_000, 10)), of_time);
        let cut = Failure::new(Class::Protocol, "read: cut").possibly_done();
        assert_eq!(pico(Some(cut), Notes::default()), of_time, "a call that broke off took its time");
        let refused = Failure::new(Class::RateLimited, "refused");
        assert_eq!(pico(Some(refused), Notes::default()), None, "a refusal takes none");
        // Where tokens have a price as well, they must be known.
        let both = format!("{price}\ninput = '1'\noutput = '2'");
        assert_eq!(cost(&both, NIGHT, None, Notes::default()), None);
        let told = cost(&both, NIGHT, None, used(1_000, 10)).map(|(pico, _)| pico);
        assert_eq!(told, Some(651_041_667 + 1_000_000_000 + 20_000_000));
    }

    #[test]
    fn a_call_costs_what_holds_at_the_hour_of_its_start() {
        let price = "input = '8'\noutput = '8'\n\
                     [[price]]\nprovider = 'local'\nmodel = 'm'\ncurrency = 'CNY'\nfrom = '2026-01-01'\n\
                     input = '2'\noutput = '2'\nhours = '00:30-08:30'\ntime_zone = '+08:00'";
        let at = |at| cost(price, at, None, used(1_000_000, 0)).unwrap();
        let unit = 1_000_000_000_000;
        assert_eq!(at(NIGHT), (2 * unit, "local/m/*/1767225600000/00:30-08:30+08:00".to_owned()));
        assert_eq!(at(NIGHT - 12 * 3_600_000), (8 * unit, "local/m/*/1767225600000".to_owned()));
    }

    #[test]
    fn hours_begin_and_end_with_their_minute_also_over_midnight_and_between_them_the_whole_day_holds() {
        let row = |input: &str, hours: &str| {
            format!(
                "[[price]]\nprovider = 'local'\nmodel = 'm'\ncurrency = 'CNY'\nfrom = '2026-01-01'\n\
                 input = '{input}'\noutput = '0'\nhours = '{hours}'\ntime_zone = '+08:00'\n"
            )
        };
        let rows = [row("2", "22:30-06:00"), row("16", "09:00-12:00")].concat();
        let price = format!("input = '8'\noutput = '0'\n{rows}");
        // Midnight of 2026-12-01 where the hours are told.
        let midnight = NIGHT - 4 * 3_600_000;
        let at = |hour: i64, minute: i64| midnight + (hour * 60 + minute) * 60_000;
        for (border, before, after) in [
            (at(0, 0), 2, 2),
            (at(6, 0), 2, 8),
            (at(9, 0), 8, 16),
            (at(12, 0), 16, 8),
            (at(22, 30), 8, 2),
            (at(24, 0), 2, 2),
        ] {
            let priced = |at| cost(&price, at, None, used(1_000_000, 0)).unwrap().0 / 1_000_000_000_000;
            assert_eq!((priced(border - 1), priced(border)), (before, after), "{border}");
        }
    }
}
