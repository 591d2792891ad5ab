//! The control surface: faults, holds, the ledger.

use super::config::{CodeForm, LimitConfig};
use super::faults::{Fault, Planned, Scope};
use super::ledger::End;
use super::state::Model;
use crate::plan::{Lasts, Occurs};
use crate::time::now_ms;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

type Shared = State<Arc<Model>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedFault {
    #[serde(default)]
    scope: Scope,
    /// How many calls go wrong, 1 unless given.
    #[serde(default)]
    times: Option<u32>,
    /// For how long every call goes wrong, in place of `times`.
    #[serde(default, rename = "for", with = "crate::duration::optional")]
    lasting: Option<Duration>,
    /// Only one call in so many goes wrong.
    #[serde(default)]
    one_in: Option<u32>,
    fault: Fault,
    #[serde(default)]
    error_code: Option<CodeForm>,
}

/// `POST /control/faults`: the next calls in scope go wrong.
pub(crate) async fn faults(model: Shared, Json(order): Json<PlannedFault>) -> Json<Value> {
    let lasts = Lasts::ordered(order.times, order.lasting, now_ms());
    let planned = Planned { fault: order.fault, form: order.error_code };
    model.faults.add(order.scope, Occurs::ordered(lasts, order.one_in), planned);
    Json(json!({ "planned": model.faults.left(now_ms()) }))
}

/// `DELETE /control/faults`: no call goes wrong any more. Those that hang already go on doing so.
pub(crate) async fn well(model: Shared) -> Json<Value> {
    model.faults.clear();
    Json(json!({ "planned": 0 }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limited {
    model: String,
    limits: LimitConfig,
}

/// `PUT /control/limits`: replaces the limits of a model, which need not be a configured one.
pub(crate) async fn limits(model: Shared, Json(order): Json<Limited>) -> Json<Value> {
    model.limits.set(&order.model, order.limits);
    Json(json!({ "set": true }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Shows each call as well.
    #[serde(default)]
    calls: bool,
}

/// `GET /control/traffic`: the last 50,000 calls of each model, by what became of them.
pub(crate) async fn traffic(model: Shared, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(json!({ "models": model.limits.told(wanted.calls) }))
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

/// `POST /control/reset`: releases all calls, forgets faults, traffic and the ledger, but no limits. Calls that are running now leave no
/// entry behind.
pub(crate) async fn reset(model: Shared) -> Json<Value> {
    model.holds.release(None);
    model.faults.clear();
    model.limits.forget();
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
