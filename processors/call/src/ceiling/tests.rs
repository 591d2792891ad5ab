use catalogue::Bundle;

use super::*;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main", "spare"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "m"
    region = "cn"
    context_tokens = 8000
    [[target]]
    name = "spare"
    provider = "local"
    model = "s"
    region = "cn"
    context_tokens = 8000
    [[price]]
    provider = "openai"
    model = "m"
    currency = "USD"
    from = "2020-01-01"
    input = "2"
    cached = "0.2"
    output = "10"
"#;

const SPARE: &str = r#"
    [[price]]
    provider = "local"
    model = "s"
    currency = "CNY"
    from = "2020-01-01"
    input = "1"
    cached = "1"
    output = "1"
"#;

fn bundle(also: &str) -> Bundle {
    catalogue::validate(&toml::from_str(&format!("{CATALOGUE}{also}")).unwrap()).unwrap()
}

fn request() -> Request {
    let example = include_str!("../../../../schemas/examples/requests/valid-answer.json");
    let mut request: Request = serde_json::from_str(example).unwrap();
    request.chain = ["main", "spare", "gone"].map(|name| TargetName::new(name).unwrap()).to_vec();
    request.prompt.truncate(1);
    request.prompt[0].text = "工".repeat(100).into();
    request.prompt[0].images.clear();
    request.max_output_tokens = 500;
    request
}

fn money(currency: &str, pico: i128) -> Money {
    Money { currency: currency.to_owned(), pico }
}

#[test]
fn the_ceiling_is_every_attempt_at_the_dearest_target_of_each_currency() {
    let ceiling = Ceiling::of(&bundle(SPARE), &request(), 3, 1_800_000_000_000).unwrap();
    let input = 114 + 114 / 5 + 64;
    let usd = 3 * (input * 2_000_000 + 500 * 10_000_000);
    assert_eq!(ceiling.most(), [money("CNY", 3 * (input + 500) * 1_000_000), money("USD", usd)]);
}

#[test]
fn a_target_without_a_price_is_named() {
    let unpriced = Ceiling::of(&bundle(""), &request(), 1, 1_800_000_000_000).unwrap_err();
    assert_eq!(unpriced.name.as_str(), "spare");
    let before = Ceiling::of(&bundle(SPARE), &request(), 1, 0).unwrap_err();
    assert_eq!(before.name.as_str(), "main", "no price held then");
}

#[test]
fn an_attempt_that_may_be_billed_and_tells_no_cost_is_taken_for_its_most() {
    let ceiling = Ceiling::of(&bundle(SPARE), &request(), 3, 1_800_000_000_000).unwrap();
    let example = include_str!("../../../../schemas/examples/events/valid-answered-done.json");
    let answered: serde_json::Value = serde_json::from_str(example).unwrap();
    let mut attempt: Attempt = serde_json::from_value(answered["attempts"][0].clone()).unwrap();
    attempt.target = TargetName::new("spare").unwrap();
    let known = Attempt { cost: Some(money("CNY", 7)), ..attempt.clone() };
    let lost = Attempt { cost: None, may_be_billed: true, ..attempt.clone() };
    let refused = Attempt { cost: None, may_be_billed: false, ..attempt };
    let attempts = [known, lost, refused];
    let [spent] = &ceiling.spent(&attempts)[..] else { panic!("one currency") };
    assert_eq!(spent.pico, 7 + (200 + 500) * 1_000_000);
}

#[test]
fn of_an_attempt_alone_the_most_is_that_of_a_full_window_and_never_less_than_with_its_request() {
    let bundle = bundle(SPARE);
    let example = include_str!("../../../../schemas/examples/events/valid-answered-done.json");
    let answered: serde_json::Value = serde_json::from_str(example).unwrap();
    let mut attempt: Attempt = serde_json::from_value(answered["attempts"][0].clone()).unwrap();
    attempt.target = TargetName::new("spare").unwrap();
    let lost = Attempt { cost: None, may_be_billed: true, ..attempt.clone() };
    let most = Ceiling::of_attempt(&bundle, &lost, lost.started_at).unwrap();
    let with_request = Ceiling::of(&bundle, &request(), 1, lost.started_at).unwrap().spent([&lost]);
    assert!(most.pico >= with_request[0].pico && most.currency == with_request[0].currency, "{most:?}");
    let known = Attempt { cost: Some(money("CNY", 7)), ..lost.clone() };
    assert_eq!(Ceiling::of_attempt(&bundle, &known, known.started_at), Some(money("CNY", 7)));
    assert_eq!(Ceiling::of_attempt(&bundle, &Attempt { may_be_billed: false, ..lost }, 0), None);
}
