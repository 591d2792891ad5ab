use schemas::topic::Topic;
use serde_json::{Value, json};

use crate::tables::tests::{example, rows_of};

fn row(kind: &str, value: &Value) -> Value {
    rows_of("ledger", Topic::Ledger, kind, value).unwrap().remove(0)
}

#[test]
fn what_was_settled_is_a_row_without_a_users_name() {
    let row = row("settle", &example!("ledger/valid-settle.json"));
    let told = ["kind", "amount", "currency", "tokens", "reason", "user"].map(|column| row[column].clone());
    let user = "0a104764abb035510f6bc48329b01e8c";
    assert_eq!(json!(told), json!(["settle", 123_400, "CNY", 150, "answered", user]));
    assert!(!row.to_string().contains("alice"));
}

#[test]
fn an_amount_that_is_not_known_is_null() {
    let row = row("uncertain", &example!("ledger/valid-uncertain-without-amount.json"));
    assert_eq!((&row["amount"], &row["currency"]), (&Value::Null, &json!("")));
}

#[test]
fn a_correction_has_its_signed_amount_its_prices_and_who_made_it() {
    let row = row("correction", &example!("ledger/valid-correction.json"));
    let told = ["kind", "amount", "correction", "price_before", "price", "operator", "tokens"];
    let expected = json!([
        "correction",
        -23_400,
        "2025-01-31T08:00:00Z",
        "local/m-2/*/1735689600000",
        "local/m-2/*/1735689500000",
        "ops@acme",
        0
    ]);
    assert_eq!(json!(told.map(|column| row[column].clone())), expected);
}
