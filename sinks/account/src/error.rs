//! What can go wrong outside of inserts.

use std::time::Duration;

/// A statement failed, or the schema is not what this version needs.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or refuses the statement.
    #[error("{attempt}")]
    Statement {
        /// What was attempted.
        attempt: &'static str,
        /// The client's error, with the store's text.
        #[source]
        source: clickhouse::error::Error,
    },
    /// The store did not answer in time.
    #[error("{attempt}: no answer within {limit:?}")]
    TimedOut {
        /// What was attempted.
        attempt: &'static str,
        /// The configured limit.
        limit: Duration,
    },
    /// Migrations were never applied, or not all of them.
    #[error("check schema: migration {0} is not applied; run `huiyin migrate`")]
    NotMigrated(String),
    /// A migration that was applied has another text now.
    #[error(
        "check schema: migration {name} was applied with checksum {applied}, and this version has {known}"
    )]
    Drift {
        /// The migration.
        name: String,
        /// Checksum in the database.
        applied: String,
        /// Checksum of this version.
        known: String,
    },
    /// The database was migrated by a newer version.
    #[error("check schema: migration {0} was applied by a newer version")]
    Newer(String),
    /// A table that migrations made is gone.
    #[error("check schema: table {0} is missing although its migration was applied")]
    MissingTable(&'static str),
    /// A rebuild is under way or was interrupted.
    #[error(
        "check schema: a rebuild is under way, or was interrupted; run `huiyin rebuild` again with the same tables"
    )]
    Rebuilding,
    /// A view that migrations made is gone.
    #[error(
        "check schema: view {view} is missing, so that {rollup} would not be filled; run `huiyin rebuild --table {rollup}`"
    )]
    MissingView {
        /// The view.
        view: &'static str,
        /// The rollup that it fills.
        rollup: &'static str,
    },
    /// A column that migrations made is gone.
    #[error(
        "check schema: column {table}.{column} is missing; add it as {needed}, or run `huiyin rebuild --table {table}`"
    )]
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Its type.
        needed: &'static str,
    },
    /// A column has another type than migrations gave it.
    #[error("check schema: column {table}.{column} has the type {found}, and this version needs {needed}")]
    ColumnType {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The type that it has.
        found: String,
        /// The type that it must have.
        needed: &'static str,
    },
    /// A setting of a table is not as configured.
    #[error(
        "check schema: settings differ from the configuration; run `huiyin migrate`, which will execute: {0}"
    )]
    Settings(String),
}

impl StoreError {
    /// Whether the store is merely away: nobody can be reached, or nothing comes in time. It may work later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Statement { source, .. } => matches!(source, clickhouse::error::Error::Network(_)),
            Self::TimedOut { .. } => true,
            Self::NotMigrated(_)
            | Self::Drift { .. }
            | Self::Newer(_)
            | Self::MissingTable(_)
            | Self::Rebuilding
            | Self::MissingView { .. }
            | Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::Settings(_) => false,
        }
    }

    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Statement { .. } => "statement",
            Self::TimedOut { .. } => "timeout",
            Self::NotMigrated(_) => "not_migrated",
            Self::Drift { .. } => "drift",
            Self::Newer(_) => "newer",
            Self::MissingTable(_) => "missing_table",
            Self::Rebuilding => "rebuilding",
            Self::MissingView { .. } => "missing_view",
            Self::MissingColumn { .. } => "missing_column",
            Self::ColumnType { .. } => "column_type",
            Self::Settings(_) => "settings",
        }
    }
}
