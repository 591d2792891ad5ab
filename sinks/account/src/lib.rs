//! Deterministic batches into ClickHouse, migrations, named queries.
