//! What the file's prices say today of each target, for queries that compare with them.

use account::queries::ListPrice;
use catalogue::Bundle;

/// A row for each target that has a price of tokens now.
pub(super) fn of(bundle: &Bundle) -> Vec<ListPrice> {
    let now = crate::check::now();
    let row = |(name, target): (&schemas::ids::TargetName, &catalogue::Target)| {
        let of_target =
            bundle.prices.iter().filter(|price| price.hours.is_none() && price.covers(target, now));
        // One of the target's own region goes before one of any.
        let price = of_target.max_by_key(|price| (price.region.is_some(), price.from))?;
        let rates = &price.rates;
        let minutes = rates.cache_write_5m_pico.unwrap_or(rates.input_pico);
        Some(ListPrice {
            target: name.to_string(),
            currency: price.currency.clone(),
            input: rates.input_pico,
            cached: rates.cached_pico,
            output: rates.output_pico,
            written_5m: minutes,
            written_1h: rates.cache_write_1h_pico.unwrap_or(minutes),
        })
    };
    bundle.targets.iter().filter_map(row).collect()
}
