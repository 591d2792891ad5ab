use super::*;

const PRICES: &str = "
[[price]]
provider = 'openai'
model = 'm-1'
currency = 'CNY'
from = '2025-01-01'
input = '4'
cached = '1'
output = '10'
[[price]]
provider = 'openai'
model = 'm-1'
currency = 'CNY'
from = '2025-01-02'
input = '2'
output = '10'
[[price]]
provider = 'openai'
model = 'm-2'
currency = 'USD'
from = '2025-01-01'
input = '1'
output = '1'
";

/// 100 tokens, 40 of them cached, and 10 back, on the first of January.
pub(crate) fn call(model: &str, at: i64, booked: &[(&str, &str)]) -> BookedCall {
    BookedCall {
        app: "a#b".into(),
        request: uuid::Uuid::from_u128(7),
        kind: "answer".into(),
        attempt: 1,
        turn: uuid::Uuid::from_u128(8),
        message: "a#b/chat/1".into(),
        chat_kind: "chat".into(),
        conversation: "c".into(),
        user: "u".into(),
        tier: "gold".into(),
        target: "large".into(),
        provider: "openai".into(),
        model: model.into(),
        region: "cn".into(),
        rule: String::new(),
        class: String::new(),
        arms: vec![],
        at: 1_735_689_600_000 + at,
        duration_ms: 5,
        input: Some(100),
        cached: Some(40),
        written_5m: None,
        written_1h: None,
        output: Some(10),
        reasoning: Some(0),
        contradicts: false,
        is_told: true,
        error: String::new(),
        raw_usage: r#"{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"prompt_tokens_details":{"cached_tokens":40}}"#.into(),
        price: "old".into(),
        booked: booked.iter().map(|(currency, amount)| ((*currency).into(), (*amount).into())).collect(),
    }
}

pub(crate) fn plan(calls: &[BookedCall]) -> Plan {
    let prices = super::super::prices(PRICES).unwrap();
    let terms = Terms { run: &name(&prices), prices: &prices, by: "ops", now: 1_740_000_000_000 };
    let mut plan = Plan::default();
    calls.iter().for_each(|call| plan.take(call, &terms).unwrap());
    plan
}

const DAY: i64 = 86_400_000;

#[test]
fn each_call_is_priced_by_its_day_and_what_differs_is_corrected() {
    // 60 × 4 + 40 × 1 + 10 × 10 = 380 millionths; the day after 100 × 2 + 10 × 10 = 300.
    let plan = plan(&[
        call("m-1", 0, &[("CNY", "0.0005")]),
        call("m-1", DAY, &[("CNY", "0.0003")]),
        call("m-1", DAY, &[("CNY", "0.0001"), ("CNY", "0.0001")]),
    ]);
    let told: Vec<_> = plan.corrections.iter().map(|c| (c.amount.pico, c.price.clone().unwrap())).collect();
    assert_eq!(
        told,
        [
            (-120_000_000, "openai/m-1/*/1735689600000".to_owned()),
            (100_000_000, "openai/m-1/*/1735776000000".to_owned()),
        ]
    );
    assert_eq!(plan.corrections[0].price_before.as_deref(), Some("old"));
    let of = &plan.corrections[0].call;
    assert_eq!((of.user.as_str(), of.tier.as_str()), ("u", "gold"), "rollups by tier have both");
    let first = &plan.lines[&("m-1".to_owned(), "CNY".to_owned(), "2025-01-01".to_owned())];
    assert_eq!(*first, Sums { calls: 1, booked: 500_000_000, priced: 380_000_000 });
}

#[test]
fn what_was_corrected_needs_no_correction_again() {
    let first = plan(&[call("m-1", 0, &[("CNY", "0.0005")])]);
    assert_eq!(first.corrections.len(), 1);
    let again = plan(&[call("m-1", 0, &[("CNY", "0.0005"), ("CNY", "-0.00012")])]);
    assert!(again.corrections.is_empty(), "{again:?}");
}

#[test]
fn another_currency_takes_all_of_the_old_one_back_and_converts_nothing() {
    let plan = plan(&[call("m-2", 0, &[("CNY", "0.0005")])]);
    let told: Vec<_> = plan.corrections.iter().map(|c| (c.amount.currency.as_str(), c.amount.pico)).collect();
    assert_eq!(told, [("CNY", -500_000_000), ("USD", 110_000_000)]);
    assert_ne!(plan.corrections[0].id, plan.corrections[1].id);
}

#[test]
fn calls_without_a_price_or_tokens_keep_what_they_have() {
    let mut untold = call("m-1", 0, &[]);
    (untold.input, untold.is_told) = (None, false);
    let mut torn = call("m-1", 0, &[]);
    torn.contradicts = true;
    let plan = plan(&[call("m-9", 0, &[("CNY", "1")]), call("m-1", -1, &[("CNY", "1")]), untold, torn]);
    assert!(plan.corrections.is_empty() && plan.lines.is_empty());
    assert_eq!(plan.kept, [("m-1".to_owned(), 3), ("m-9".to_owned(), 1)].into());
}

#[test]
fn what_the_provider_said_counts_and_the_row_where_that_is_not_there() {
    // The row was made by a reader that took the cached part for none.
    let misread = BookedCall { cached: Some(0), ..call("m-1", 0, &[("CNY", "0.0005")]) };
    let by_words = plan(std::slice::from_ref(&misread));
    assert_eq!(by_words.corrections[0].amount.pico, -120_000_000);
    assert!(by_words.by_rows.is_empty());
    let gone = BookedCall { raw_usage: String::new(), ..misread.clone() };
    let broken = BookedCall { raw_usage: r#"{"prompt_tokens":"#.into(), ..misread.clone() };
    let contradictory = BookedCall {
        raw_usage: r#"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":7}"#.into(),
        ..misread.clone()
    };
    // A stream that was cut told its prompt alone: the row has what was read of it beside that.
    let cut = BookedCall { is_told: false, ..misread };
    for call in [gone, broken, contradictory, cut] {
        let by_row = plan(std::slice::from_ref(&call));
        // 100 × 4 + 10 × 10 = 500 millionths, as it was booked.
        assert!(by_row.corrections.is_empty(), "{by_row:?}");
        assert_eq!(by_row.by_rows, [("m-1".to_owned(), 1)].into());
    }
}

#[test]
fn a_call_that_had_no_price_gets_one() {
    let plan = plan(&[call("m-1", 0, &[])]);
    assert_eq!(plan.corrections[0].amount.pico, 380_000_000);
}

#[test]
fn prices_that_are_not_in_order_are_told() {
    let twice = format!(
        "{PRICES}\n[[price]]\nprovider = 'openai'\nmodel = 'm-2'\ncurrency = 'RMB'\nfrom = '2025-01-01'\ninput = '1'\noutput = '1'"
    );
    let told = super::super::prices(&twice).unwrap_err().to_string();
    assert!(told.contains("price of \"m-2\""), "{told}");
}
