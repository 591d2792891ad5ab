//! Who may depend on whom, and where each foreign client lives.

use crate::tree::crates;

/// What every crate may depend on, so that the code map of ARCHITECTURE.md leaves it out.
pub(crate) const FREE: &[&str] = &["common"];

/// Our crates that each of ours may depend on.
pub(crate) const ARROWS: &[(&str, &[&str])] = &[
    ("common", &[]),
    ("schemas", &["common"]),
    ("safety", &["common"]),
    ("pipeline", &["common"]),
    ("outbound", &["common"]),
    ("simulators", &[]),
    ("mangle", &[]),
    ("catalogue", &["common", "safety", "schemas"]),
    ("decide", &["catalogue", "common", "safety", "schemas"]),
    // The adapter between the pure fold and the fold driver.
    ("conversation", &["catalogue", "common", "decide", "pipeline", "safety", "schemas"]),
    ("ingest", &["catalogue", "common", "pipeline", "safety", "schemas"]),
    ("call", &["catalogue", "common", "outbound", "pipeline", "safety", "schemas"]),
    ("deliver", &["catalogue", "common", "outbound", "pipeline", "schemas"]),
    ("account", &["catalogue", "common", "pipeline", "safety", "schemas"]),
    // Everything but the sinks, so that a replay cannot send by construction.
    (
        "replay",
        &[
            "call",
            "catalogue",
            "common",
            "conversation",
            "decide",
            "ingest",
            "outbound",
            "pipeline",
            "safety",
            "schemas",
        ],
    ),
    (
        "huiyin",
        &[
            "account",
            "call",
            "catalogue",
            "common",
            "conversation",
            "decide",
            "deliver",
            "ingest",
            "outbound",
            "pipeline",
            "replay",
            "safety",
            "schemas",
        ],
    ),
    ("dev", &["common", "pipeline", "schemas"]),
    // `account` to ask as the command line does, `decide` for the benchmark of restoring only, `call` with what configures it for that of calls, `replay`
    // with the line that it folds for that of replays.
    (
        "bench",
        &[
            "account",
            "call",
            "catalogue",
            "common",
            "conversation",
            "decide",
            "dev",
            "pipeline",
            "replay",
            "safety",
            "schemas",
        ],
    ),
];

/// Everything that decide is built from: nothing of it does I/O.
const PURE: [&str; 12] = [
    "catalogue",
    "common",
    "icu_properties",
    "pulldown-cmark",
    "safety",
    "schemas",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "unicode-segmentation",
    "uuid",
];

/// Homes of foreign clients.
const HOMES: [(&str, &[&str]); 6] = [
    // In bench for the floors only.
    ("rdkafka", &["bench", "pipeline"]),
    ("axum", &["bench", "huiyin", "ingest", "simulators"]),
    ("reqwest", &["bench", "dev", "outbound", "simulators"]),
    ("tokio-tungstenite", &["outbound", "simulators"]),
    ("backoff", &["outbound"]),
    ("clickhouse", &["account"]),
];

#[test]
fn dependencies_follow_the_arrows() {
    for part in crates() {
        let (_, allowed) =
            ARROWS.iter().find(|(name, _)| *name == part.name).expect("a crate without arrows");
        let ours = |name: &String| ARROWS.iter().any(|(known, _)| known == name);
        for dependency in part.dependencies("dependencies").iter().filter(|name| ours(name)) {
            assert!(allowed.contains(&dependency.as_str()), "{} may not depend on {dependency}", part.name);
        }
        for dependency in part.dependencies("dev-dependencies").iter().filter(|name| ours(name)) {
            let test_only =
                ["simulators", "mangle", "pipeline", "schemas", "catalogue"].contains(&dependency.as_str());
            assert!(
                test_only || allowed.contains(&dependency.as_str()),
                "tests of {} use {dependency}",
                part.name
            );
        }
    }
}

#[test]
fn decide_is_built_from_nothing_that_does_io() {
    let decide = crates().into_iter().find(|part| part.name == "decide").unwrap();
    for dependency in decide.dependencies("dependencies") {
        assert!(PURE.contains(&dependency.as_str()), "decide depends on {dependency}");
    }
}

#[test]
fn foreign_clients_stay_in_their_homes() {
    for part in crates() {
        for (client, homes) in HOMES {
            if homes.contains(&part.name.as_str()) {
                continue;
            }
            let dependencies = part.dependencies("dependencies");
            assert!(!dependencies.iter().any(|name| name == client), "{} depends on {client}", part.name);
        }
    }
}
