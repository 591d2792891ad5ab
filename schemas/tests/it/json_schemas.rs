//! The JSON Schemas of `json/` are those of the types. `UPDATE_SCHEMAS=1 cargo test -p schemas` writes them anew.

use std::path::Path;

use schemars::{Schema, schema_for};

fn schemas() -> [(&'static str, Schema); 16] {
    [
        ("answer", schema_for!(schemas::answer::Answer)),
        ("cancel", schema_for!(schemas::cancel::Cancel)),
        ("correction", schema_for!(schemas::correction::Correction)),
        ("decision", schema_for!(schemas::decision::Decision)),
        ("delivery", schema_for!(schemas::delivery::Delivery)),
        ("ext-aigc", schema_for!(schemas::aigc::ImplicitLabel)),
        ("event", schema_for!(schemas::event::Event)),
        ("ledger", schema_for!(schemas::ledger::LedgerEntry)),
        ("request", schema_for!(schemas::request::Request)),
        ("retract", schema_for!(schemas::retract::Retract)),
        ("state-control", schema_for!(schemas::state::ControlState)),
        ("state-core", schema_for!(schemas::state::CoreState)),
        ("state-history-turn", schema_for!(schemas::state::HistoryTurn)),
        ("state-kept-answer", schema_for!(schemas::state::KeptAnswer)),
        ("state-seen-bucket", schema_for!(schemas::state::SeenBucket)),
        ("state-waiting-message", schema_for!(schemas::state::WaitingMessage)),
    ]
}

#[test]
fn the_schemas_that_are_checked_in_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("json");
    for (name, schema) in schemas() {
        let path = folder.join(format!("{name}.json"));
        let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == generated,
            "{} is not what the types say: UPDATE_SCHEMAS=1 cargo test -p schemas",
            path.display()
        );
    }
}
