use super::*;

#[test]
fn prices_are_read_exactly() {
    assert_eq!(micro("0.15"), Some(150_000));
    assert_eq!(micro("12"), Some(12_000_000));
    assert_eq!(micro("0.0375"), Some(37_500));
    assert_eq!(micro("999999999999.999999"), Some(999_999_999_999_999_999));
    for bad in ["", ".5", "-1", "1e3", "0.0000001", "1,5", "1000000000000"] {
        assert_eq!(micro(bad), None, "{bad:?} was taken");
    }
}

fn price([input_pico, cached_pico, output_pico]: [i64; 3]) -> Price {
    Price {
        provider: Provider::Openai,
        model: "m".into(),
        region: None,
        currency: "USD".into(),
        from: 0,
        until: None,
        rates: Rates { input_pico, cached_pico, output_pico, ..Rates::default() },
        steps: Vec::new(),
        hours: None,
        gpu: None,
        shipped: false,
    }
}

fn cost(price: &Price, usage: &Usage) -> Option<i128> {
    price.cost(Some(usage), Duration::ZERO).map(|money| money.pico)
}

#[test]
fn no_price_and_no_number_of_tokens_is_too_much() {
    let dearest = micro("999999999999.999999").unwrap();
    let usage = Usage { input: u64::MAX, cached: 7, output: u64::MAX, ..Usage::default() };
    let most = cost(&price([dearest; 3]), &usage).unwrap();
    assert_eq!(most, 2 * i128::from(u64::MAX) * i128::from(dearest));
    assert!(most < 10i128.pow(38));
    // A million tokens at 1.2 million rials a million.
    let usage = Usage { input: 1_000_000, cached: 0, output: 1_000, ..usage };
    let price = price(["1200000", "1200000", "4800000"].map(|p| micro(p).unwrap()));
    assert_eq!(cost(&price, &usage), Some(1_204_800 * 1_000_000_000_000));
}

#[test]
fn every_part_of_a_usage_is_charged_at_its_own_price_and_never_twice() {
    let mut price = price([100, 10, 1_000]);
    let mut usage = Usage { input: 100, cached: 40, output: 5, reasoning: 3, ..Usage::default() };
    assert_eq!(cost(&price, &usage), Some(60 * 100 + 40 * 10 + 5 * 1_000));
    usage = Usage { input_cache_write_5m: 20, input_cache_write_1h: 10, ..usage };
    // Without prices of their own, writes cost what other input does, those for an hour what those for minutes do.
    assert_eq!(cost(&price, &usage), Some(60 * 100 + 40 * 10 + 5 * 1_000));
    price.rates.cache_write_5m_pico = Some(125);
    assert_eq!(cost(&price, &usage), Some(30 * 100 + 30 * 125 + 40 * 10 + 5 * 1_000));
    price.rates.cache_write_1h_pico = Some(200);
    price.rates.reasoning_pico = Some(3_000);
    assert_eq!(cost(&price, &usage), Some(30 * 100 + 20 * 125 + 10 * 200 + 40 * 10 + 2 * 1_000 + 3 * 3_000));
}

#[test]
fn parts_that_are_more_than_the_whole_have_no_cost() {
    let mut price = price([100, 10, 1_000]);
    let usage = Usage { input: 100, cached: 40, output: 5, ..Usage::default() };
    for wrong in [
        Usage { cached: 101, ..usage.clone() },
        Usage { input_cache_write_5m: 61, ..usage.clone() },
        Usage { input_cache_write_5m: 30, input_cache_write_1h: 31, ..usage.clone() },
    ] {
        assert_eq!(cost(&price, &wrong), None, "{wrong:?}");
    }
    price.rates.reasoning_pico = Some(1);
    assert_eq!(cost(&price, &Usage { reasoning: 6, ..usage }), None);
}

#[test]
fn time_on_a_machine_costs_its_share_of_an_hour_beside_the_tokens() {
    let mut of_time = price([0; 3]);
    // An eighth of a GPU at 12.5 an hour, for a second and a half: 12.5 × 0.125 × 1.5 ÷ 3600.
    of_time.gpu = Some(GpuTime { hour_micro: 12_500_000, share_micro: 125_000 });
    let took = Duration::from_millis(1_500);
    assert_eq!(of_time.cost(None, took).map(|money| money.pico), Some(651_041_667));
    assert_eq!(of_time.cost(None, Duration::from_secs(3_600)).map(|m| m.pico), Some(1_562_500_000_000));
    let usage = Usage { input: 10, output: 5, ..Usage::default() };
    let both = Price { rates: price([100, 10, 1_000]).rates, ..of_time };
    assert_eq!(both.cost(Some(&usage), took).map(|money| money.pico), Some(651_041_667 + 1_000 + 5_000));
    // Tokens that are not known have a price.
    assert_eq!(both.cost(None, took), None);
    assert_eq!(price([0; 3]).cost(None, took), None, "a row of tokens that cost nothing");
}

#[test]
fn the_most_that_a_call_can_cost_is_no_less_than_any_call_of_that_size_costs() {
    let rates =
        |input_pico, output_pico| Rates { input_pico, cached_pico: 1, output_pico, ..Rates::default() };
    let plain = price([2_000, 200, 10_000]);
    let most =
        |price: &Price, input, output| price.at_most(input, output, Duration::from_secs(30)).unwrap().pico;
    assert_eq!(most(&plain, 100, 10), 100 * 2_000 + 10 * 10_000);
    let cached =
        Rates { cache_write_5m_pico: Some(2_500), cache_write_1h_pico: Some(4_000), ..plain.rates.clone() };
    let cached = Price { rates: Rates { reasoning_pico: Some(20_000), ..cached }, ..plain.clone() };
    assert_eq!(most(&cached, 100, 10), 100 * 4_000 + 10 * 20_000, "written for an hour, and thought only");
    let steps = vec![Step { above: 50, rates: rates(3_000, 9_000) }];
    let stepped = Price { steps, ..plain.clone() };
    assert_eq!(most(&stepped, 50, 10), 50 * 2_000 + 10 * 10_000);
    assert_eq!(most(&stepped, 100, 10), 100 * 3_000 + 10 * 9_000);
    assert_eq!(
        most(&stepped, 51, 1_000),
        51 * 2_000 + 1_000 * 10_000,
        "a shorter prompt would have cost that"
    );
    let gpu = Some(GpuTime { hour_micro: 3_600_000_000, share_micro: 1_000_000 });
    assert_eq!(most(&Price { gpu, ..plain.clone() }, 0, 0), 30_000_000_000_000, "one each second");
    for input in [0, 1, 50, 51, 200] {
        for (cached, written) in [(0, 0), (input / 2, input / 2), (0, input)] {
            let usage = Usage {
                input,
                cached,
                input_cache_write_1h: written,
                output: 7,
                reasoning: 5,
                ..Usage::default()
            };
            for price in [&plain, &cached_of(&plain), &stepped] {
                let cost = price.cost(Some(&usage), Duration::ZERO).unwrap().pico;
                assert!(cost <= most(price, input, 7), "{usage:?}");
            }
        }
    }
}

fn cached_of(price: &Price) -> Price {
    let rates =
        Rates { cache_write_1h_pico: Some(4_000), reasoning_pico: Some(20_000), ..price.rates.clone() };
    Price { rates, ..price.clone() }
}
