use pipeline::Refused;
use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, record, rows};

fn calls(answered: &Value) -> Result<Vec<Value>, Refused> {
    let rows = rows(Topic::Events, &record(Topic::Events, "answered", answered))?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

#[test]
fn every_attempt_is_a_row_with_its_own_cost() {
    let calls = calls(&example!("events/valid-answered-done.json")).unwrap();
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
            "tokens_input": 120,
            "tokens_cached": 64,
            "tokens_output": 30,
            "tokens_reasoning": 0,
            "usage_source": "provider",
            "cost": 123400,
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
            "builder": 1,
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
fn a_cost_that_the_column_would_cut_is_refused() {
    let mut answered = example!("events/valid-answered-done.json");
    answered["attempts"][1]["cost"]["pico"] = json!(999_999_999_999_999_999_i64);
    assert_eq!(calls(&answered).unwrap()[1]["cost"], json!(999_999_999_999_999_999_i64));
    answered["attempts"][1]["cost"]["pico"] = json!(1_000_000_000_000_000_000_i64);
    assert_eq!(calls(&answered), Err(Refused::DeadLetter { reason: "cost_out_of_range" }));
}
