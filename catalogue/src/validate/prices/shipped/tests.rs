use std::collections::BTreeSet;
use std::time::Duration;

use schemas::answered::Usage;

use super::*;
use crate::Bundle;
use crate::validate::day::shown;
use crate::validate::tests::{read, told};
use crate::validate::{RawCatalogue, warnings};

/// 2026-11-30, 12:00 UTC.
const NOW: i64 = 1_796_040_000_000;

fn file(provider: &str, model: &str, region: &str, more: &str) -> String {
    format!(
        "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['{region}']\nlabel = 'AI'\nbot = [{{ id = 'bot' }}]\n\
         [[target]]\nname = 'main'\nprovider = '{provider}'\nmodel = '{model}'\nregion = '{region}'\n{more}"
    )
}

fn bundle(provider: &str, model: &str, region: &str) -> Bundle {
    read(&file(provider, model, region, "")).unwrap()
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// The cost by the shipped list, in millionths of the currency's unit.
fn cost(provider: &str, model: &str, region: &str, usage: &Usage) -> Option<(String, f64)> {
    let bundle = bundle(provider, model, region);
    let target = bundle.targets.values().next().unwrap();
    let money = bundle.price(target, NOW)?.cost(Some(usage), Duration::ZERO)?;
    Some((money.currency, money.pico as f64 / 1e6))
}

#[test]
fn every_row_is_right_has_a_source_and_holds_for_a_model_of_the_table() {
    let text = include_str!("../../../../data/prices.toml");
    let table: Table = toml::from_str(text).unwrap();
    let mut problems = Problems::default();
    let rows: Vec<Price> = table.price.iter().filter_map(|raw| price(raw, &mut problems)).collect();
    assert_eq!(problems.into_vec(), []);
    assert_eq!((rows.len(), shipped().rows.len()), (table.price.len(), table.price.len()));
    let scopes: BTreeSet<_> = rows.iter().map(|row| (row.scope(), row.from)).collect();
    assert_eq!(scopes.len(), rows.len());
    for (raw, row) in table.price.iter().zip(&rows) {
        assert!(raw.source.as_ref().is_some_and(|source| !source.is_empty()), "{}: a source", row.model);
        let known = crate::Models::default().of(row.provider, &row.model);
        assert!(
            known.is_some_and(|known| known.name == row.model),
            "{} is in the table of models",
            row.model
        );
        assert!(row.region.as_ref().is_none_or(|word| table.regions.contains_key(word)), "{}", row.model);
        for step in row.steps.iter().map(|step| &step.rates) {
            assert!(
                step.cached_pico <= step.input_pico && row.rates.input_pico <= step.input_pico,
                "{}",
                row.model
            );
        }
    }
}

#[test]
fn sums_are_what_the_vendors_lists_say() {
    let with_cache = Usage {
        cached: 4_000,
        input_cache_write_5m: 1_000,
        input_cache_write_1h: 500,
        reasoning: 50,
        ..usage(10_000, 200)
    };
    let read_only = Usage { cached: 4_000, ..usage(10_000, 500) };
    let thinking = Usage { reasoning: 200, ..usage(1_000, 300) };
    for (provider, model, region, usage, currency, micro) in [
        // 6,000 × 2.5 + 4,000 × 1.25 + 500 × 10
        ("openai", "gpt-4o", "us", &read_only, "USD", 25_000.0),
        // The step is exceeded by one token: all of them cost its price. 272,000 × 2.5 + 100 × 15, 272,001 × 5 + 100 × 22.5
        ("openai", "gpt-5.4", "us", &usage(272_000, 100), "USD", 681_500.0),
        ("openai", "gpt-5.4", "us", &usage(272_001, 100), "USD", 1_362_255.0),
        // 6,000 × 2 + 4,000 × 0.2 + 500 × 10; thoughts cost what other output does.
        ("openai", "gpt-6-sol", "us", &Usage { reasoning: 499, ..read_only.clone() }, "USD", 17_800.0),
        // 4,500 × 2 + 4,000 × 0.2 + 1,000 × 2.5 + 500 × 4 + 200 × 10
        ("claude", "claude-sonnet-5", "us", &with_cache, "USD", 16_300.0),
        ("claude", "claude-sonnet-4-6", "eu", &usage(1_000, 100), "USD", 4_500.0),
        // A dated name: 1,000 × 1 + 100 × 5
        ("claude", "claude-haiku-4-5-20251001", "us", &usage(1_000, 100), "USD", 1_500.0),
        // 100,000 × 0.1 + 10 × 0.5, 100,001 × 0.5 + 10 × 2.5
        ("claude", "claude-haiku-5-5", "us", &usage(100_000, 10), "USD", 10_005.0),
        ("claude", "claude-haiku-5-5", "us", &usage(100_001, 10), "USD", 50_025.5),
        // 1,000 × 0.8 + 100 × 2 + 200 × 8: thoughts have a price of their own.
        ("tongyi", "qwen-plus", "cn", &thinking, "CNY", 2_600.0),
        ("tongyi", "qwen-plus", "cn-beijing", &usage(128_000, 100), "CNY", 102_600.0),
        ("tongyi", "qwen-plus", "cn", &usage(128_001, 100), "CNY", 309_202.4),
        ("tongyi", "qwen-plus", "cn", &usage(256_001, 100), "CNY", 1_233_604.8),
        // 1,000 × 0.4 + 100 × 1.2 + 200 × 4
        ("tongyi", "qwen-plus", "sg", &thinking, "USD", 1_320.0),
        // 32,001 × 4 + 100 × 16, of which 1,000 were read from the cache at 0.8
        ("tongyi", "qwen3-max", "cn", &Usage { cached: 1_000, ..usage(32_001, 100) }, "CNY", 126_404.0),
        ("ernie", "ernie-5.1", "cn", &usage(32_000, 100), "CNY", 129_800.0),
        ("ernie", "ernie-5.1", "cn", &usage(32_001, 100), "CNY", 194_206.0),
        // 6,000 × 0.8 + 4,000 × 0.2 + 500 × 3.2
        ("ernie", "ernie-4.5-turbo-20260402", "cn", &read_only, "CNY", 7_200.0),
    ] {
        assert_eq!(
            cost(provider, model, region, usage),
            Some((currency.to_owned(), micro)),
            "{model} {usage:?}"
        );
    }
}

#[test]
fn where_no_price_is_known_there_is_none_and_a_warning_says_why() {
    for (provider, model, region, why) in [
        ("spark", "4.0Ultra", "cn", "the shipped list does not have its model"),
        ("claude", "claude-fable-5-2", "us", "the shipped list does not have its model"),
        ("openai", "gpt-4o-2024-05-13", "us", "the shipped list does not have its model"),
        ("tongyi", "qwen-max", "mars", "the shipped list has its model for the regions cn, intl"),
        ("local", "qwen-max", "cn", "the shipped list does not have its model"),
    ] {
        assert_eq!(cost(provider, model, region, &usage(10, 10)), None, "{model}");
        let text = file(provider, model, region, "");
        let raw: RawCatalogue = toml::from_str(&text).unwrap();
        let told = told(&text, warnings(&raw, &read(&text).unwrap(), NOW));
        assert!(
            told.iter().any(|(line, what)| line == "name = 'main'" && what.contains(why)),
            "{model}: {told:?}"
        );
    }
}

#[test]
fn a_row_of_the_file_or_a_word_of_the_target_keeps_the_list_away() {
    let own = "[[price]]\nprovider = 'openai'\nmodel = 'gpt-4o'\ncurrency = 'CNY'\nfrom = '2026-12-24'\ninput = '1'\noutput = '1'";
    let with_own = read(&file("openai", "gpt-4o", "us", own)).unwrap();
    assert_eq!(with_own.prices.iter().map(|price| price.shipped).collect::<Vec<_>>(), [false]);
    assert!(read(&file("openai", "gpt-4o", "us", "prices = 'own'")).unwrap().prices.is_empty());
    let listed = bundle("openai", "gpt-4o", "us");
    let [price] = listed.prices.as_slice() else { panic!("{:?}", listed.prices) };
    assert_eq!(
        (price.id().as_str(), shown(price.from).as_str()),
        ("shipped/openai/gpt-4o/us/1793491200000", "2026-11-01")
    );
    assert_eq!(Bundle::from_json(&listed.hash().unwrap(), &listed.to_json().unwrap()).unwrap(), listed);
}

#[test]
fn two_targets_of_one_model_and_region_agree_on_their_prices() {
    let second = |prices: &str| {
        format!(
            "[[target]]\nname = 'b'\nprovider = 'openai'\nmodel = 'gpt-4o'\nregion = 'us'\nprices = '{prices}'"
        )
    };
    let both = read(&file("openai", "gpt-4o", "us", &second("shipped"))).unwrap();
    assert_eq!(both.prices.len(), 1);
    let text = file("openai", "gpt-4o", "us", &second("own"));
    let told = told(&text, read(&text).unwrap_err());
    assert!(
        told.iter().any(|(line, what)| line == "prices = 'own'" && what.contains("says otherwise")),
        "{told:?}"
    );
}
