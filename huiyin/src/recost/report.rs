//! The differences by model, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};

use account::{RawRate, converted, decimal_text};
use serde_json::json;

use super::plan::{Plan, Sums};
use crate::table;

/// Differences in one currency, by the rates of the days.
#[derive(Debug, Default, PartialEq, Eq)]
struct Converted {
    difference: i128,
    /// Rates that were used, in words.
    by: BTreeSet<String>,
    /// Currencies of which no rate is known on some day.
    not: BTreeSet<String>,
}

fn by_model(plan: &Plan) -> BTreeMap<(&str, &str), Sums> {
    let mut models: BTreeMap<(&str, &str), Sums> = BTreeMap::new();
    for ((model, currency, _), sums) in &plan.lines {
        let line = models.entry((model, currency)).or_default();
        line.calls += sums.calls;
        line.booked += sums.booked;
        line.priced += sums.priced;
    }
    models
}

fn convert(plan: &Plan, rates: &[RawRate], into: &str) -> Converted {
    let mut sum = Converted::default();
    for ((_, currency, day), sums) in &plan.lines {
        let difference = sums.priced - sums.booked;
        if currency == into {
            sum.difference += difference;
            continue;
        }
        match converted(rates, difference, (currency, into), day) {
            Some((difference, rate)) => {
                sum.difference += difference;
                sum.by.insert(format!("{currency} at {}, the rate of {}", rate.rate, rate.day));
            }
            None => drop(sum.not.insert(currency.clone())),
        }
    }
    sum
}

pub(super) fn text(plan: &Plan, rates: &[RawRate], into: Option<&str>) -> String {
    let rows: Vec<[String; 6]> = (by_model(plan).into_iter())
        .map(|((model, currency), sums)| {
            let amounts = [sums.booked, sums.priced, sums.priced - sums.booked].map(decimal_text);
            let [booked, priced, difference] = amounts;
            [model.to_owned(), currency.to_owned(), sums.calls.to_string(), booked, priced, difference]
        })
        .collect();
    let mut text =
        table::aligned(["MODEL", "CURRENCY", "CALLS", "BOOKED", "BY THESE PRICES", "DIFFERENCE"], &rows);
    for (model, calls) in &plan.kept {
        text.push_str(&format!("{model}: {calls} calls keep what they have: no price holds for them, or their tokens are not known\n"));
    }
    for (model, calls) in &plan.by_rows {
        text.push_str(&format!("{model}: {calls} calls are priced by the tokens of their rows: what the provider said of its usage is not kept, or not all of it\n"));
    }
    if let Some(into) = into {
        let sum = convert(plan, rates, into);
        text.push_str(&format!("difference in {into}: {}\n", decimal_text(sum.difference)));
        sum.by.iter().for_each(|rate| text.push_str(&format!("converted: {rate}\n")));
        sum.not.iter().for_each(|currency| {
            text.push_str(&format!(
                "not converted: {currency}, account.rate has no rate of its days into {into}\n"
            ));
        });
    }
    text.push_str(&format!("{} calls differ\n", plan.corrections.len()));
    text
}

pub(super) fn json(plan: &Plan, rates: &[RawRate], into: Option<&str>) -> anyhow::Result<String> {
    let models: Vec<_> = (by_model(plan).into_iter())
        .map(|((model, currency), sums)| {
            json!({
                "model": model, "currency": currency, "calls": sums.calls, "booked": decimal_text(sums.booked),
                "priced": decimal_text(sums.priced), "difference": decimal_text(sums.priced - sums.booked),
            })
        })
        .collect();
    let converted = into.map(|into| {
        let sum = convert(plan, rates, into);
        json!({ "currency": into, "difference": decimal_text(sum.difference), "by": sum.by, "not_converted": sum.not })
    });
    let shown = json!({
        "models": models, "kept": plan.kept, "by_rows": plan.by_rows, "corrections": plan.corrections.len(), "converted": converted,
    });
    Ok(serde_json::to_string(&shown)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{call, plan};
    use super::*;

    #[test]
    fn calls_without_the_providers_own_words_are_told() {
        let without =
            account::BookedCall { raw_usage: String::new(), ..call("m-1", 0, &[("CNY", "0.0005")]) };
        let plan = plan(&[without, call("m-1", 0, &[("CNY", "0.0005")])]);
        assert!(text(&plan, &[], None).contains("m-1: 1 calls are priced by the tokens of their rows"));
        assert!(json(&plan, &[], None).unwrap().contains("\"by_rows\":{\"m-1\":1}"));
    }

    #[test]
    fn differences_are_told_by_model_and_converted_only_by_a_rate() {
        let plan = plan(&[call("m-1", 0, &[("CNY", "0.0005")]), call("m-2", 0, &[("USD", "0.0001")])]);
        let told = text(&plan, &[], None);
        assert_eq!(
            told,
            "MODEL  CURRENCY  CALLS  BOOKED  BY THESE PRICES  DIFFERENCE\n\
             m-1    CNY       1      0.0005  0.00038          -0.00012\n\
             m-2    USD       1      0.0001  0.00011          0.00001\n\
             2 calls differ\n"
        );
        let without = text(&plan, &[], Some("CNY"));
        assert!(without.contains("difference in CNY: -0.00012\nnot converted: USD"), "{without}");
        let rate =
            RawRate { from: "USD".into(), to: "CNY".into(), day: "2025-01-01".into(), rate: "7".into() };
        let with = text(&plan, &[rate], Some("CNY"));
        assert!(
            with.contains("difference in CNY: -0.00005\nconverted: USD at 7, the rate of 2025-01-01"),
            "{with}"
        );
        assert!(json(&plan, &[], None).unwrap().contains("\"difference\":\"-0.00012\""));
    }
}
