use pipeline::Refused;
use schemas::money::Money;
use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::BUILDER;
use crate::tables::tests::{built, example, record, rows_of, shown};

fn calls(answered: &Value) -> Result<Vec<Value>, Refused> {
    rows_of("model_calls", Topic::Events, "answered", answered)
}

#[test]
fn every_attempt_is_a_row_with_its_own_cost() {
    let mut calls = calls(&example!("events/valid-answered-done.json")).unwrap();
    let mut take = |name: &str| calls[1].as_object_mut().unwrap().remove(name).unwrap();
    assert_eq!(take("key_number"), Value::Null, "the target has one");
    assert_eq!((take("calls"), take("correction")), (json!(1), json!("")));
    let route = ["user", "tier", "rule", "class", "arms", "queue_ms", "detail"].map(&mut take);
    assert_eq!(json!(route), json!(["", "", "", "", [], null, ""]), "the record does not say");
    assert_eq!(
        calls[1],
        json!({
            "app": "acme#support",
            "at": 1735689600523_i64,
            "request": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b02",
            "kind": "answer",
            "turn": "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01",
            "message": "acme#support/chat/1501234567890123456",
            "chat_kind": "chat",
            "conversation": "585e254679e815b26e67c70dd3586eaf",
            "attempt": 2,
            "attempts": 2,
            "target": "spare",
            "provider": "local",
            "model": "m-2",
            "model_answered": "m-2-0613",
            "region": "cn",
            "error": "",
            "code": "",
            "status": 200,
            "duration_ms": 900,
            "time_to_first_token_ms": 310,
            "tokens_input": 120,
            "tokens_cached": 64,
            "tokens_cache_write_5m": 0,
            "tokens_cache_write_1h": 0,
            "tokens_output": 30,
            "tokens_reasoning": 0,
            "usage_source": "provider",
            "usage_contradicts": false,
            "cost": 123400,
            "billing": "priced",
            "currency": "CNY",
            "price": "local/m-2/*/1735689600000",
            "provider_request": "chatcmpl-1",
            "finish": "stop",
            "rerun": false,
            "outcome": "done",
            "outcome_reason": "",
            "source_topic": "events",
            "source_partition": 3,
            "source_offset": 77,
            "builder": 6,
        })
    );
    let failed = &calls[0];
    assert_eq!(
        (&failed["attempt"], &failed["error"], &failed["status"]),
        (&json!(1), &json!("server_error"), &json!(502))
    );
}

#[test]
fn what_the_provider_did_not_tell_is_null_and_never_zero() {
    let calls = calls(&example!("events/valid-answered-failed.json")).unwrap();
    for column in ["tokens_input", "tokens_cached", "tokens_output", "tokens_reasoning", "cost"] {
        assert_eq!(calls[0][column], Value::Null, "{column}");
    }
    assert_eq!(
        (&calls[0]["outcome"], &calls[0]["outcome_reason"]),
        (&json!("failed"), &json!("server_error"))
    );
    assert_eq!(calls[0]["rerun"], true);
}

#[test]
fn a_request_that_reached_no_target_gives_no_row() {
    for answered in [
        example!("events/valid-answered-expired.json"),
        example!("events/valid-answered-cancelled.json"),
        example!("events/valid-answered-dead.json"),
    ] {
        assert!(calls(&answered).unwrap().is_empty());
    }
}

#[test]
fn a_review_is_told_by_its_kind_whether_it_is_of_a_message_or_of_an_answer() {
    let of_message = calls(&example!("events/valid-answered-reviewed.json")).unwrap();
    let told = |row: &Value| {
        ["kind", "target", "provider", "outcome"].map(|key| row[key].as_str().unwrap().to_owned())
    };
    assert_eq!(
        of_message.iter().map(told).collect::<Vec<_>>(),
        [["review", "cloud", "moderation", "reviewed"]]
    );
    let of_answer = example!("events/valid-answered-done-after-a-review.json");
    let rows = calls(&of_answer).unwrap();
    assert_eq!(told(&rows[2]), ["review", "cloud", "moderation", "done"]);
    assert_eq!((rows.len(), &rows[2]["attempt"], &rows[2]["attempts"]), (3, &json!(1), &json!(1)));
    let before = built(Topic::Events, &record(Topic::Events, "answered", &of_answer), 4).unwrap();
    assert_eq!(before.len(), 2, "a range that an earlier version opened is built as it was");
}

/// The row of the example's second attempt, with that amount in 10⁻¹².
fn costing(pico: i128, builder: u8) -> Result<Value, Refused> {
    let mut answered = example!("events/valid-answered-done.json");
    let amount = Money { currency: "IRR".into(), pico };
    answered["attempts"][1]["cost"] = serde_json::to_value(amount).unwrap();
    let record = record(Topic::Events, "answered", &answered);
    let rows = built(Topic::Events, &record, builder)?;
    Ok(shown(&rows[1]))
}

/// As JSON has an amount.
fn wide(pico: i128) -> Value {
    i64::try_from(pico).map_or_else(|_| pico.to_string().into(), Into::into)
}

#[test]
fn an_amount_of_any_currency_has_its_row() {
    const UNIT: i128 = 1_000_000_000_000;
    for pico in [1_200_000 * UNIT, 30_000_000 * UNIT, 1_500_000_000_000 * UNIT + 1, -2_000_000 * UNIT] {
        let row = costing(pico, BUILDER).unwrap();
        let told = ["cost", "currency", "tokens_input"].map(|column| row[column].clone());
        assert_eq!(told, [wide(pico), json!("IRR"), json!(120)]);
    }
}

#[test]
fn an_amount_that_the_column_would_cut_leaves_the_row_with_its_tokens_and_its_price() {
    let largest = 10i128.pow(38) - 1;
    assert_eq!(costing(largest, BUILDER).unwrap()["cost"], wide(largest));
    for pico in [largest + 1, -largest - 1, i128::MAX, i128::MIN] {
        let row = costing(pico, BUILDER).unwrap();
        let told = ["cost", "currency", "tokens_output", "price"].map(|column| row[column].clone());
        assert_eq!(json!(told), json!([null, "IRR", 30, "local/m-2/*/1735689600000"]));
    }
}

#[test]
fn a_range_that_builder_2_opened_has_no_time_to_a_first_token() {
    let record = record(Topic::Events, "answered", &example!("events/valid-answered-done.json"));
    for (builder, time) in [(2, None), (3, Some(310))] {
        let rows = built(Topic::Events, &record, builder).unwrap();
        assert_eq!(shown(&rows[1])["time_to_first_token_ms"], json!(time), "{builder}");
    }
}

#[test]
fn a_call_tells_which_key_it_carried_and_earlier_builders_did_not() {
    let mut answered = example!("events/valid-answered-done.json");
    answered["attempts"][1]["key"] = json!(2);
    let record = record(Topic::Events, "answered", &answered);
    for (builder, key) in [(3, None), (4, Some(2))] {
        let rows = built(Topic::Events, &record, builder).unwrap();
        let keys = [0, 1].map(|at: usize| shown(&rows[at])["key_number"].clone());
        assert_eq!(keys, [Value::Null, json!(key)], "{builder}");
    }
}

#[test]
fn a_range_that_builder_1_opened_is_built_as_it_did() {
    let row = costing(10i128.pow(18) - 1, 1).unwrap();
    assert_eq!((&row["cost"], &row["builder"]), (&wide(10i128.pow(18) - 1), &json!(1)));
    assert_eq!(costing(10i128.pow(18), 1), Err(Refused::DeadLetter { reason: "cost_out_of_range" }));
}

#[test]
fn what_was_written_to_a_cache_and_who_counted_is_in_the_row() {
    let mut answered = example!("events/valid-answered-done.json");
    let usage = &mut answered["attempts"][1]["usage"];
    usage["input_cache_write_5m"] = json!(7);
    usage["input_cache_write_1h"] = json!(9);
    usage["source"] = json!("estimated");
    let row = &calls(&answered).unwrap()[1];
    let found =
        ["tokens_cache_write_5m", "tokens_cache_write_1h", "usage_source"].map(|column| row[column].clone());
    assert_eq!(found, [json!(7), json!(9), json!("estimated")]);
    let record = record(Topic::Events, "answered", &answered);
    let earlier = built(Topic::Events, &record, 2).unwrap();
    let earlier = shown(&earlier[1]);
    assert!(earlier["tokens_cache_write_5m"].is_null() && earlier["tokens_cache_write_1h"].is_null());
}

#[test]
fn a_call_has_the_tier_of_its_person_since_builder_6() {
    let mut answered = example!("events/valid-answered-done.json");
    answered["tier"] = "gold".into();
    let tiers = |rows: Vec<Value>| rows.iter().map(|row| row["tier"].clone()).collect::<Vec<_>>();
    assert_eq!(tiers(calls(&answered).unwrap()), ["gold", "gold"]);
    let record = record(Topic::Events, "answered", &answered);
    let before = built(Topic::Events, &record, 5).unwrap();
    assert!(before.iter().all(|row| shown(row)["tier"] == ""));
}

#[test]
fn a_record_that_says_so_names_person_rule_and_wait_since_builder_6() {
    let answered = example!("events/valid-answered-routed.json");
    let row = &calls(&answered).unwrap()[1];
    let told = ["user", "rule", "class", "arms", "queue_ms"].map(|column| row[column].clone());
    let user = "0a104764abb035510f6bc48329b01e8c";
    assert_eq!(json!(told), json!([user, "hard", "hard", ["tone=warm"], 385]));
    let before = built(Topic::Events, &record(Topic::Events, "answered", &answered), 5).unwrap();
    let before = shown(&before[1]);
    let told = ["user", "rule", "queue_ms", "calls"].map(|column| before[column].clone());
    assert_eq!(json!(told), json!(["", "", null, 1]));
}

#[test]
fn a_correction_is_a_row_in_the_hour_of_its_call_that_counts_as_no_call() {
    let correction = example!("ledger/valid-correction.json");
    let rows =
        |builder| built(Topic::Ledger, &record(Topic::Ledger, "correction", &correction), builder).unwrap();
    let rows_of = rows(BUILDER);
    let row = shown(&rows_of[0]);
    let told = |columns: &[&str]| json!(columns.iter().map(|column| row[column].clone()).collect::<Vec<_>>());
    assert_eq!(told(&["calls", "cost", "currency"]), json!([0, -23_400, "CNY"]));
    assert_eq!(told(&["at", "attempt", "billing"]), json!([1_735_689_600_523_i64, 2, "correction"]));
    let of_run = told(&["correction", "tokens_input", "duration_ms"]);
    assert_eq!(of_run, json!(["2025-01-31T08:00:00Z", null, 0]));
    assert_eq!(told(&["rule", "arms"]), json!(["hard", ["tone=warm"]]));
    assert_eq!(row["tier"], "gold", "where the rollups by tier have the call");
    assert_eq!(rows_of.len(), 2, "and one in the ledger");
    assert!(rows(5).is_empty(), "a range that an older builder opened has none");
}

#[test]
fn a_correction_that_the_column_cannot_hold_is_a_dead_letter_and_not_lost_from_the_sum() {
    let mut correction = example!("ledger/valid-correction.json");
    correction["amount"]["pico"] = json!("1000000000000000000000000000000000000001");
    let refused = built(Topic::Ledger, &record(Topic::Ledger, "correction", &correction), BUILDER);
    assert!(refused.is_err());
    correction["amount"]["pico"] = json!("100000000000000000000000000000000000000");
    let refused = built(Topic::Ledger, &record(Topic::Ledger, "correction", &correction), BUILDER);
    assert_eq!(refused.err(), Some(Refused::DeadLetter { reason: "cost_out_of_range" }));
}
