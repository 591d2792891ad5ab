use crate::scene::{Scene, kept};

/// Migrations of this version.
const STEPS: usize = 33;

#[tokio::test]
async fn a_second_migration_finds_nothing_to_do_and_the_check_agrees() {
    let scene = Scene::new();
    assert_eq!(scene.store.check().await.unwrap_err().label(), "not_migrated");
    let done = scene.store.migrate().await.unwrap();
    assert_eq!((done[0].as_str(), done.len()), ("0001_messages", STEPS), "{done:?}");
    assert!(scene.store.migrate().await.unwrap().is_empty());
    assert_eq!(scene.rows("schema_migrations").await, STEPS as u64);
    scene.store.check().await.unwrap();
    scene.drop().await;
}

#[tokio::test]
async fn what_is_printed_and_applied_by_hand_passes_the_check() {
    let scene = Scene::new();
    for statement in scene.store.print().split(";\n\n").filter(|statement| !statement.is_empty()) {
        scene.execute(statement).await;
    }
    scene.store.check().await.unwrap();
    assert!(scene.store.migrate().await.unwrap().is_empty());
    scene.drop().await;
}

#[tokio::test]
async fn drift_a_newer_database_and_a_missing_table_are_refused() {
    let scene = Scene::migrated().await;
    scene
        .execute("INSERT INTO {db}.schema_migrations (number, name, checksum) SELECT 99, '0099_later', 'x'")
        .await;
    assert_eq!(scene.store.check().await.unwrap_err().label(), "newer");
    scene
        .execute("ALTER TABLE {db}.schema_migrations DELETE WHERE number = 99 SETTINGS mutations_sync = 2")
        .await;
    scene.store.check().await.unwrap();
    scene.execute("DROP TABLE {db}.replies").await;
    assert_eq!(scene.store.check().await.unwrap_err().label(), "missing_table");
    scene
        .execute("ALTER TABLE {db}.schema_migrations UPDATE checksum = 'x' WHERE number = 1 SETTINGS mutations_sync = 2")
        .await;
    let error = scene.store.migrate().await.unwrap_err();
    assert_eq!(error.label(), "drift");
    assert!(error.to_string().contains("0001_messages"), "{error}");
    scene.drop().await;
}

#[tokio::test]
async fn a_window_or_retention_that_is_not_as_configured_is_refused_and_then_migrated() {
    let scene = Scene::migrated().await;
    scene.execute("ALTER TABLE {db}.messages MODIFY SETTING non_replicated_deduplication_window = 100").await;
    let error = scene.store.check().await.unwrap_err();
    assert_eq!(error.label(), "settings");
    assert!(error.to_string().contains("non_replicated_deduplication_window = 50000"), "{error}");

    let mut days = kept();
    days.insert("replies".into(), 30.into());
    let shorter = scene.with(&format!("[retention_days]\n{days}"));
    assert_eq!(shorter.store.migrate().await.unwrap().len(), 2);
    shorter.store.check().await.unwrap();
    let engine = scene
        .text("SELECT engine_full FROM system.tables WHERE database = '{db}' AND name = 'replies'")
        .await;
    assert!(engine.contains("toIntervalDay(30)"), "{engine}");
    scene.drop().await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_of_the_statement() {
    let nowhere = Scene::at("http://127.0.0.1:1", "d", "");
    assert_eq!(nowhere.store.check().await.unwrap_err().label(), "statement");
}

/// Rows that were stored before the column was widened keep their amounts.
#[tokio::test]
async fn amounts_stay_when_the_column_is_widened() {
    let scene = Scene::migrated().await;
    scene.execute("ALTER TABLE {db}.model_calls MODIFY COLUMN cost Nullable(Decimal(18, 12))").await;
    scene.execute("DELETE FROM {db}.schema_migrations WHERE number = 4").await;
    scene
        .execute("INSERT INTO {db}.model_calls (app, at, model, cost) VALUES ('a#b', now64(3), 'm', 999999.999999999999)")
        .await;
    assert_eq!(scene.store.migrate().await.unwrap(), ["0004_wide_cost"]);
    assert_eq!(
        scene.text("SELECT assumeNotNull(toString(cost)) FROM {db}.model_calls").await,
        "999999.999999999999"
    );
    assert_eq!(
        scene.text("SELECT toTypeName(cost) FROM {db}.model_calls").await,
        "Nullable(Decimal(38, 12))"
    );
    scene.store.check().await.unwrap();
    scene.drop().await;
}

/// Rows that were stored before there was a word for it get theirs from what is known of them.
#[tokio::test]
async fn rows_of_earlier_versions_say_what_they_may_have_cost() {
    let scene = Scene::migrated().await;
    for view in ["usage_minute_of_calls", "usage_hour_of_calls"] {
        scene.execute(&format!("DROP TABLE {{db}}.{view}")).await;
    }
    scene.execute("ALTER TABLE {db}.model_calls DROP COLUMN billing, DROP COLUMN usage_contradicts").await;
    scene.execute("DELETE FROM {db}.schema_migrations WHERE number IN (5, 20, 22)").await;
    let rows = [
        ("priced", "'', '', 200, 10, 0.5"),
        ("unpriced", "'', '', 200, NULL, NULL"),
        ("unpriced", "'server_error', '', 500, 10, NULL"),
        ("unpriced", "'protocol', '', 200, NULL, NULL"),
        ("uncertain", "'timeout', '', NULL, NULL, NULL"),
        ("uncertain", "'protocol', '', NULL, NULL, NULL"),
        ("uncertain", "'server_error', '', 502, NULL, NULL"),
        ("uncertain", "'timeout', '', 504, NULL, NULL"),
        ("free", "'server_error', 'connect', NULL, NULL, NULL"),
        ("free", "'timeout', 'connect', NULL, NULL, NULL"),
        ("free", "'rate_limited', '', 429, NULL, NULL"),
        ("free", "'server_error', '', 500, NULL, NULL"),
        ("free", "'bad_request', '', NULL, NULL, NULL"),
    ];
    for (number, (_, values)) in rows.iter().enumerate() {
        let columns = "app, at, model, attempt, error, code, status, tokens_input, cost";
        let row = format!("('a#b', now64(3), 'm', {number}, {values})");
        scene.execute(&format!("INSERT INTO {{db}}.model_calls ({columns}) VALUES {row}")).await;
    }
    let done = scene.store.migrate().await.unwrap();
    assert_eq!(done, ["0005_billing", "0020_usage_minute_of_calls", "0022_usage_hour_of_calls"]);
    let expected: Vec<&str> = rows.iter().map(|(billing, _)| *billing).collect();
    let told = "SELECT arrayStringConcat(groupArray(billing), ',') FROM (SELECT billing FROM {db}.model_calls ORDER BY attempt)";
    assert_eq!(scene.text(told).await, expected.join(","));
    scene.store.check().await.unwrap();
    scene.drop().await;
}

#[tokio::test]
async fn columns_are_as_the_documentation_has_them() {
    let scene = Scene::migrated().await;
    for (table, columns) in account::columns_by_table() {
        let told: Vec<String> =
            columns.iter().map(|c| format!("{} {} {}", c.name, c.kind, c.meaning)).collect();
        let stored = scene
            .text(&format!(
                "SELECT arrayStringConcat(groupArray(line), '\n') FROM (SELECT concat(name, ' ', type, ' ', comment) AS line \
                 FROM system.columns WHERE database = '{{db}}' AND table = '{table}' ORDER BY position)"
            ))
            .await;
        assert_eq!(told.join("\n"), stored, "{table}");
    }
    scene.drop().await;
}

#[tokio::test]
async fn a_column_that_was_dropped_or_changed_is_noticed_and_named() {
    let scene = Scene::migrated().await;
    let told = async || scene.store.check().await.unwrap_err();
    scene
        .execute("ALTER TABLE {db}.usage_hour MODIFY COLUMN retries SimpleAggregateFunction(sum, UInt64)")
        .await;
    let error = told().await;
    assert_eq!(error.label(), "column_type");
    assert!(
        error.to_string().contains("usage_hour.retries has the type SimpleAggregateFunction(sum, UInt64)"),
        "{error}"
    );
    scene.execute("ALTER TABLE {db}.messages DROP COLUMN score").await;
    let error = told().await;
    assert_eq!(error.label(), "missing_column");
    assert!(error.to_string().contains("messages.score is missing"), "{error}");
    scene.execute("ALTER TABLE {db}.messages ADD COLUMN score Nullable(UInt16)").await;
    scene
        .execute("ALTER TABLE {db}.usage_hour MODIFY COLUMN retries SimpleAggregateFunction(sum, Int64)")
        .await;
    scene.execute("ALTER TABLE {db}.messages ADD COLUMN ours String").await;
    scene.store.check().await.unwrap();
    scene.execute("DROP TABLE {db}.user_day_of_calls").await;
    let error = told().await;
    assert_eq!(error.label(), "missing_view");
    assert!(error.to_string().contains("user_day_of_calls"), "{error}");
    scene.drop().await;
}

/// No cluster runs here: the store's own parser reads what one would be told.
#[tokio::test]
async fn what_a_cluster_is_told_is_sql_and_names_it_and_its_replicas() {
    let scene = Scene::new();
    let cluster = Scene::at("http://127.0.0.1:1", "books", "cluster = 'main'");
    let script = cluster.store.print();
    let mut kinds = std::collections::BTreeMap::new();
    for statement in script.split(";\n\n").filter(|statement| !statement.is_empty()) {
        scene.execute(&format!("EXPLAIN AST {statement}")).await;
        let body = statement.lines().find(|line| !line.starts_with("--")).unwrap();
        let kind = body.split(' ').take(2).collect::<Vec<_>>().join(" ");
        assert_eq!(statement.contains("ON CLUSTER `main`"), kind != "INSERT INTO", "{statement}");
        if kind == "CREATE TABLE" {
            assert!(statement.contains("ENGINE = Replicated"), "{statement}");
        }
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(
        (kinds["CREATE DATABASE"], kinds["CREATE TABLE"], kinds["CREATE MATERIALIZED"]),
        (1, 17, 9),
        "{kinds:?}"
    );
}
