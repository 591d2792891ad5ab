//! The control surface: faults, holds, the ledger.

use super::Model;
use super::config::CodeForm;
use super::faults::{Fault, Scope};
use super::ledger::End;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Shared = State<Arc<Model>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedFault {
    #[serde(default)]
    scope: Scope,
    #[serde(default = "once")]
    times: u32,
    fault: Fault,
    #[serde(default)]
    error_code: Option<CodeForm>,
}

fn once() -> u32 {
    1
}

/// `POST /control/faults`: the next calls in scope go wrong.
pub(crate) async fn faults(model: Shared, Json(order): Json<PlannedFault>) -> Json<Value> {
    model.faults.add(order.scope, order.times, (order.fault, order.error_code));
    Json(json!({ "planned": model.faults.left() }))
}

/// `DELETE /control/faults`: no call goes wrong any more. Those that hang already go on doing so.
pub(crate) async fn well(model: Shared) -> Json<Value> {
    model.faults.clear();
    Json(json!({ "planned": 0 }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    contains: String,
}

/// `POST /control/hold`: calls whose last user message contains the text wait.
pub(crate) async fn hold(model: Shared, Json(order): Json<Hold>) -> Json<Value> {
    model.holds.hold(order.contains);
    Json(json!({ "held": true }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    #[serde(default)]
    contains: Option<String>,
}

/// `POST /control/release`: one text, or all when none is named.
pub(crate) async fn release(model: Shared, Json(order): Json<Release>) -> Json<Value> {
    model.holds.release(order.contains.as_deref());
    Json(json!({ "released": true }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Shows entries with a larger number only; the sums cover all.
    #[serde(default)]
    after: u64,
}

/// `GET /control/ledger`.
pub(crate) async fn ledger(model: Shared, Query(page): Query<Page>) -> Json<Value> {
    let book = model.ledger.book();
    let entries = book.entries.rows(page.after, |_| true);
    Json(json!({ "entries": entries, "totals": book.totals, "by_model": book.by_model }))
}

/// `GET /control/inflight`.
pub(crate) async fn inflight(model: Shared) -> Json<Value> {
    let book = model.ledger.book();
    Json(json!({ "calls": book.entries.rows(0, |entry| entry.end == End::Running) }))
}

/// `POST /control/reset`: releases all calls, forgets faults and the ledger. Calls that are running now leave no
/// entry behind.
pub(crate) async fn reset(model: Shared) -> Json<Value> {
    model.holds.release(None);
    model.faults.clear();
    let mut book = model.ledger.book();
    book.entries.clear();
    (book.totals, book.by_model) = Default::default();
    Json(json!({ "reset": true }))
}

/// `GET /v1/models`.
pub(crate) async fn models(model: Shared) -> Json<Value> {
    let models = model.config.models.iter().map(|model| {
        json!({ "id": model.name, "object": "model", "created": 1_700_000_000, "owned_by": "simulator" })
    });
    Json(json!({ "object": "list", "data": models.collect::<Vec<_>>() }))
}
