//! What providers should bill and what is to be booked: `billed` and `finance` over rows made by hand.

use serde_json::json;

use crate::scene::Scene;

/// Two apps, two providers, three days; a target with two keys, a price that changes, a correction of a day before, calls without a price, without a
/// cost that is known, and without any.
const CALLS: &str = "INSERT INTO {db}.model_calls (app, at, request, kind, turn, message, chat_kind, conversation, attempt, target, key_number,
    provider, model, region, tokens_input, tokens_cached, tokens_output, cost, billing, currency, price, calls, correction) VALUES
('a#one', '2025-01-02 01:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm1', 'chat', 'c1', 1, 'large', 1, 'openai', 'm-1', 'us', 100, 40, 10, 0.000000000001, 'priced', 'USD', 'p1', 1, ''),
('a#one', '2025-01-02 02:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm2', 'chat', 'c1', 1, 'large', 2, 'openai', 'm-1', 'us', 200, 0, 20, 2.5, 'priced', 'USD', 'p1', 1, ''),
('a#two', '2025-01-02 03:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm3', 'chat', 'c2', 1, 'large', 2, 'openai', 'm-1', 'us', 300, 0, 30, 3, 'priced', 'USD', 'p2', 1, ''),
('a#one', '2025-01-02 23:30:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm4', 'chat', 'c1', 1, 'small', NULL, 'local', 'm-2', 'cn', 10, 0, 1, 7, 'priced', 'CNY', 'p3', 1, ''),
('a#one', '2025-01-02 04:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm5', 'chat', 'c1', 1, 'large', 1, 'openai', 'm-1', 'us', NULL, NULL, NULL, NULL, 'uncertain', '', '', 1, ''),
('a#one', '2025-01-02 05:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm6', 'chat', 'c1', 1, 'large', 1, 'openai', 'm-1', 'us', 50, 0, 5, NULL, 'unpriced', '', '', 1, ''),
('a#one', '2025-01-02 06:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm7', 'chat', 'c1', 1, 'large', 1, 'openai', 'm-1', 'us', NULL, NULL, NULL, NULL, 'free', '', '', 1, ''),
('a#one', '2025-01-02 02:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm2', 'chat', 'c1', 1, 'large', NULL, 'openai', 'm-1', 'us', NULL, NULL, NULL, -0.5, 'correction', 'USD', 'p2', 0, 'run-1'),
('a#one', '2025-01-04 00:00:00', generateUUIDv4(), 'answer', generateUUIDv4(), 'm8', 'chat', 'c1', 1, 'large', 1, 'openai', 'm-1', 'us', 1, 0, 1, 99, 'priced', 'USD', 'p1', 1, '')";

const DAYS: [(&str, &str); 2] = [("from", "2025-01-02"), ("to", "2025-01-04")];

async fn scene() -> Scene {
    let scene = Scene::migrated().await;
    scene.execute(CALLS).await;
    scene
}

#[tokio::test]
async fn a_provider_bills_its_calls_by_key_whatever_was_corrected_here() {
    let scene = scene().await;
    let asked = |more: &[(&'static str, &'static str)]| [&DAYS[..], more].concat();
    // day, model, key, currency, calls, input, output, cost, uncertain, unpriced
    let of_openai = json!([
        ["2025-01-02", "m-1", 1, "", 3, 50, 5, null, 1, 1],
        ["2025-01-02", "m-1", 1, "USD", 1, 100, 10, "0.000000000001", 0, 0],
        ["2025-01-02", "m-1", 2, "USD", 2, 500, 50, "5.5", 0, 0],
    ]);
    for who in [("provider", "openai"), ("targets", "large,other")] {
        let found = scene.query("billed", &asked(&[who])).await;
        assert_eq!(json!(found.rows), of_openai, "{who:?}\n{}", found.to_text());
    }
    // Shanghai's third of January has begun at half past eleven in the evening.
    let of_local = json!([["2025-01-03", "m-2", 0, "CNY", 1, 10, 1, "7", 0, 0]]);
    let found = scene.query("billed", &asked(&[("provider", "local"), ("days", "Asia/Shanghai")])).await;
    assert_eq!(json!(found.rows), of_local, "{}", found.to_text());
    assert_eq!(scene.query("billed", &asked(&[])).await.rows.len(), 4);
    assert!(scene.query("billed", &asked(&[("provider", "claude")])).await.rows.is_empty());
    scene.drop().await;
}

#[tokio::test]
async fn what_is_booked_has_its_price_and_corrections_on_lines_of_their_own() {
    let scene = scene().await;
    // app, day, provider, model, currency, price, entry, calls, input, cached, output, unpriced, uncertain, amount
    let one = [
        json!(["a#one", "2025-01-02", "local", "m-2", "CNY", "p3", "calls", 1, 10, 0, 1, 0, 0, "7"]),
        json!(["a#one", "2025-01-02", "openai", "m-1", "", "", "calls", 3, 50, 0, 5, 1, 1, null]),
        json!([
            "a#one",
            "2025-01-02",
            "openai",
            "m-1",
            "USD",
            "p1",
            "calls",
            2,
            300,
            40,
            30,
            0,
            0,
            "2.500000000001"
        ]),
        json!(["a#one", "2025-01-02", "openai", "m-1", "USD", "p2", "run-1", 0, 0, 0, 0, 0, 0, "-0.5"]),
    ];
    let two = json!(["a#two", "2025-01-02", "openai", "m-1", "USD", "p2", "calls", 1, 300, 0, 30, 0, 0, "3"]);
    let found = scene.query("finance", &DAYS).await;
    assert_eq!(json!(found.rows), json!([&one[..], &[two]].concat()), "{}", found.to_text());
    let of_one = scene.query("finance", &[&DAYS[..], &[("app", "a#one")]].concat()).await;
    assert_eq!(json!(of_one.rows), json!(one), "{}", of_one.to_text());
    // All that was booked of a currency is what its calls cost and what was corrected, and nothing of a later day.
    let usd: Vec<_> =
        (0..found.rows.len()).filter(|row| found.get(*row, "currency") == Some(&json!("USD"))).collect();
    let amounts: i128 = usd
        .iter()
        .map(|row| account::decimal(found.get(*row, "amount").unwrap().as_str().unwrap()).unwrap())
        .sum();
    assert_eq!(account::decimal_text(amounts), "5.000000000001");
    scene.drop().await;
}
